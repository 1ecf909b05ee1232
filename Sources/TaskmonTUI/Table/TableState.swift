/// Where somebody is in a table: cursor, scroll, order and filter.
package struct TableState: Sendable, Equatable {
  /// The row under the cursor; nil stays on the first row, whatever that is.
  package var selected: String?
  /// The first visible row.
  package var scroll = 0
  /// The column sorted by; nil is the view's own order.
  package var sortColumn: Int?
  package var isInverted = false
  package var filter = ""
  /// The last filter that asked for something: what the next match is a match of.
  package var sought = ""
  /// Every column at its full width, however narrow the window.
  package var isWide = false
  /// Cells the window stands right of the table's left edge.
  package var shift = 0

  package init() {}

  /// Behind the title of the column sorted by.
  var arrow: String { isInverted ? "▼" : "▲" }

  /// The rows in the order and choice asked for.
  package func visible(_ table: Table) -> [TableRow] {
    let filter = TableFilter(filter, table.heads)
    let chosen = filter.isEmpty ? table.rows : table.rows.filter(filter.matches)
    guard sortColumn != nil || isInverted else { return chosen }
    let ordered = chosen.enumerated().sorted { left, right in
      if left.element.group != right.element.group {
        return left.element.group < right.element.group
      }
      let (first, second) = isInverted ? (right, left) : (left, right)
      guard let sortColumn, sortColumn < first.element.cells.count,
        sortColumn < second.element.cells.count
      else { return first.offset < second.offset }
      let keys = (first.element.cells[sortColumn].sort, second.element.cells[sortColumn].sort)
      return keys.0 == keys.1 ? left.offset < right.offset : keys.0 < keys.1
    }
    return ordered.map(\.element)
  }

  /// Where the columns stand in a window of some width.
  package func layout(_ table: Table, width: Int) -> TableLayout {
    TableLayout(table, width: width, isWhole: isWide || shift > 0, shift: shift)
  }

  /// Goes sideways by so many cells; false where the edge is reached.
  package mutating func shift(by cells: Int, _ table: Table, width: Int) -> Bool {
    let reach = TableLayout(table, width: width, isWhole: true).reach
    let before = shift
    shift = min(max(0, shift + cells), reach)
    return shift != before
  }

  package func index(in rows: [TableRow]) -> Int {
    selected.flatMap { id in rows.firstIndex { $0.id == id } } ?? 0
  }

  /// Puts the cursor on a row by number, as near as there is one.
  package mutating func select(_ index: Int, in rows: [TableRow]) {
    let bounded = min(max(0, index), rows.count - 1)
    selected = bounded > 0 ? rows[bounded].id : nil
  }

  /// Brings the cursor into a window of so many rows.
  package mutating func settle(_ rows: [TableRow], height: Int) {
    let at = index(in: rows)
    if let selected, rows.indices.contains(at), rows[at].id != selected { self.selected = nil }
    scroll = min(scroll, max(0, rows.count - height))
    if at < scroll { scroll = at }
    if at >= scroll + height { scroll = at - max(1, height) + 1 }
    scroll = max(0, scroll)
  }

  /// Sorts by a column, and the other way round when asked again.
  package mutating func sort(by column: Int) {
    if sortColumn == column {
      isInverted.toggle()
    } else {
      (sortColumn, isInverted) = (column, false)
    }
  }
}
