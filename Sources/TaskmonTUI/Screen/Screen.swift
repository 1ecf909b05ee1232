/// One place of the grid.
package struct Cell: Sendable, Hashable {
  /// Empty in the second half of a wide character.
  package var text: String
  /// 2 for a wide character, 0 for its second half, else 1.
  package var width: Int
  package var style: Style

  package init(_ text: String = " ", width: Int = 1, style: Style = .plain) {
    self.text = text
    self.width = width
    self.style = style
  }
}

/// A grid of cells: what the terminal is to show.
///
/// Nothing can be put outside it, and no half of a wide character ever stands alone.
package struct Screen: Sendable, Equatable {
  package let columns: Int
  package let rows: Int
  package private(set) var cells: [Cell]

  package init(columns: Int, rows: Int) {
    self.columns = max(0, columns)
    self.rows = max(0, rows)
    cells = Array(repeating: Cell(), count: self.columns * self.rows)
  }

  /// The cell at a place; nil outside the grid.
  package subscript(row: Int, column: Int) -> Cell? {
    guard (0..<rows).contains(row), (0..<columns).contains(column) else { return nil }
    return cells[row * columns + column]
  }

  /// The rows as plain text, trailing spaces removed.
  package var text: [String] {
    (0..<rows).map { row in
      var line = cells[(row * columns)..<((row + 1) * columns)].map(\.text).joined()
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  /// Puts text at a place, clipped to `width` cells, and gives the column behind it.
  @discardableResult
  package mutating func put(
    _ text: some StringProtocol, row: Int, column: Int, width: Int = .max, style: Style = .plain
  ) -> Int {
    guard (0..<rows).contains(row), (0..<columns).contains(column) else { return column }
    var at = column
    for glyph in SafeText.clipped(text, to: min(width, columns - column)) {
      set(glyph, row: row, column: at, style: style)
      at += glyph.width
    }
    return at
  }

  /// Puts text at a place that may lie outside, clipped to `width` cells; only those within the
  /// window are seen.
  package mutating func put(
    _ text: some StringProtocol, row: Int, column: Int, width: Int, within window: Range<Int>,
    style: Style = .plain
  ) {
    guard (0..<rows).contains(row) else { return }
    let seen = window.clamped(to: 0..<columns)
    var at = column
    for glyph in SafeText.clipped(text, to: width) where at < seen.upperBound {
      if at >= seen.lowerBound, at + glyph.width <= seen.upperBound {
        set(glyph, row: row, column: at, style: style)
      }
      at += glyph.width
    }
  }

  /// Puts a line, clipped to `width` cells, and gives the column behind it.
  @discardableResult
  package mutating func put(
    _ line: StyledLine, row: Int, column: Int = 0, width: Int = .max
  ) -> Int {
    let end = min(columns, width == .max ? columns : column + width)
    var at = column
    for span in line.spans where at < end {
      at = put(span.text, row: row, column: at, width: end - at, style: span.style)
    }
    return at
  }

  /// Gives a whole row one background: the row's text keeps its meaning.
  package mutating func select(row: Int) {
    guard (0..<rows).contains(row) else { return }
    for index in (row * columns)..<((row + 1) * columns) { cells[index].style.isSelected = true }
  }

  /// Gives the blank cells of a row a role, so that a bar reaches the edge.
  package mutating func fill(row: Int, role: Role) {
    guard (0..<rows).contains(row) else { return }
    for index in (row * columns)..<((row + 1) * columns) where cells[index].text == " " {
      cells[index].style = Style(role)
    }
  }

  /// The same picture with ASCII only.
  package func inASCII() -> Screen {
    var screen = self
    for index in cells.indices where !cells[index].text.utf8.allSatisfy({ $0 < 0x80 }) {
      screen.cells[index].text = ASCIIFallback.text(for: cells[index].text)
      if cells[index].width == 2 {
        screen.cells[index].width = 1
        screen.cells[index + 1].text = " "
        screen.cells[index + 1].width = 1
      }
    }
    return screen
  }

  private mutating func set(_ glyph: Glyph, row: Int, column: Int, style: Style) {
    let index = row * columns + column
    guard column + glyph.width <= columns else { return }
    clearHalves(around: index, width: glyph.width, row: row)
    cells[index] = Cell(glyph.text, width: glyph.width, style: style)
    if glyph.width == 2 { cells[index + 1] = Cell("", width: 0, style: style) }
  }

  private mutating func clearHalves(around index: Int, width: Int, row: Int) {
    if cells[index].width == 0 { cells[index - 1] = Cell(style: cells[index - 1].style) }
    let next = index + width
    if next < (row + 1) * columns, cells[next].width == 0 {
      cells[next] = Cell(style: cells[next].style)
    }
  }
}
