/// Draws a table: a header row, then as many rows as fit.
package enum TablePainter {
  /// Draws into the rows from `top` to before `bottom`; `rows` are those chosen, in their order.
  package static func draw(
    _ table: Table, _ rows: [TableRow], _ layout: TableLayout, state: TableState,
    on screen: inout Screen, top: Int, bottom: Int
  ) {
    header(table, layout, state, on: &screen, row: top)
    let cursor = state.index(in: rows)
    for (offset, row) in rows.dropFirst(state.scroll).prefix(max(0, bottom - top - 1)).enumerated()
    {
      draw(row, table, layout, on: &screen, row: top + 1 + offset)
      if state.scroll + offset == cursor {
        screen.put("▌", row: top + 1 + offset, column: 0, style: Style(.title))
        screen.select(row: top + 1 + offset)
      }
    }
    if rows.isEmpty && !table.rows.isEmpty && top + 1 < bottom {
      screen.put("no row matches the filter", row: top + 1, column: 1, style: Style(.dim))
    }
  }

  private static func header(
    _ table: Table, _ layout: TableLayout, _ state: TableState, on screen: inout Screen, row: Int
  ) {
    for column in layout.placed {
      let head = table.heads[column.index]
      let isSorted = state.sortColumn == column.index
      let title = head.title + (isSorted ? state.arrow : "")
      put(
        TableCell(title), column, head.alignment, on: &screen, row: row,
        style: Style(.columnHeader, bold: isSorted))
    }
    screen.fill(row: row, role: .columnHeader)
  }

  private static func draw(
    _ row: TableRow, _ table: Table, _ layout: TableLayout, on screen: inout Screen, row at: Int
  ) {
    for column in layout.placed where column.index < row.cells.count {
      let cell = row.cells[column.index]
      put(
        cell, column, table.heads[column.index].alignment, on: &screen, row: at,
        style: Style(cell.role))
    }
  }

  private static func put(
    _ cell: TableCell, _ column: TableLayout.Placed, _ alignment: Alignment,
    on screen: inout Screen, row: Int, style: Style
  ) {
    let width = min(SafeText.width(cell.text), column.width)
    let start = alignment == .right ? column.start + column.width - width : column.start
    screen.put(
      cell.text, row: row, column: start, width: column.width, within: column.window, style: style)
  }

  /// The table as lines of text as long as it takes: nothing is dropped or cut.
  package static func wholeLines(_ table: Table) -> [String] {
    let layout = TableLayout(table, width: 0, isWhole: true)
    return lines(table, width: layout.reach, isWhole: true)
  }

  /// The table as lines of text, every row, nothing dropped but what the width forces.
  package static func lines(_ table: Table, width: Int, isWhole: Bool = false) -> [String] {
    var screen = Screen(columns: width, rows: table.rows.count + 1)
    let layout = TableLayout(table, width: width, isWhole: isWhole)
    header(table, layout, TableState(), on: &screen, row: 0)
    for (index, row) in table.rows.enumerated() {
      draw(row, table, layout, on: &screen, row: index + 1)
    }
    return screen.text
  }
}
