/// Neighbouring cells of one row and one style, as they are handed to the terminal.
package struct CellRun: Sendable, Equatable {
  package var row: Int
  package var column: Int
  package var text: String
  package var width: Int
  package var style: Style

  package init(row: Int, column: Int, text: String, width: Int, style: Style) {
    self.row = row
    self.column = column
    self.text = text
    self.width = width
    self.style = style
  }
}

extension Screen {
  /// What must be put on a terminal that shows `previous`; everything where that is nil or of
  /// another size, nothing where nothing changed.
  package func runs(since previous: Screen?) -> [CellRun] {
    let old = previous.flatMap { $0.columns == columns && $0.rows == rows ? $0.cells : nil }
    var runs: [CellRun] = []
    var open: CellRun?
    for index in cells.indices {
      let cell = cells[index]
      let column = index % columns
      if column == 0 || cell.width == 0 || old?[index] == cell {
        if let run = open { runs.append(run) }
        open = nil
        if cell.width == 0 || old?[index] == cell { continue }
      }
      Self.extend(&open, with: cell, row: index / columns, column: column, into: &runs)
    }
    if let run = open { runs.append(run) }
    return runs
  }

  /// A character whose width terminals may dispute ends its run, so that the next is placed anew.
  private static func extend(
    _ open: inout CellRun?, with cell: Cell, row: Int, column: Int, into runs: inout [CellRun]
  ) {
    if var run = open, run.style == cell.style {
      run.text += cell.text
      run.width += cell.width
      open = run
    } else {
      if let run = open { runs.append(run) }
      open = CellRun(
        row: row, column: column, text: cell.text, width: cell.width, style: cell.style)
    }
    guard cell.width == 2 || cell.text.unicodeScalars.count > 1, let run = open else { return }
    runs.append(run)
    open = nil
  }
}
