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

  package init() {}

  /// The rows in the order and choice asked for.
  package func visible(_ table: Table) -> [TableRow] {
    let chosen = table.rows.filter(matches)
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

  /// Every word must occur in the row; a word behind `!` must not.
  private func matches(_ row: TableRow) -> Bool {
    let text = row.cells.map(\.text).joined(separator: " ").lowercased()
    return filter.lowercased().split(separator: " ").allSatisfy { word in
      guard word.hasPrefix("!") else { return text.contains(word) }
      return word.count == 1 || !text.contains(word.dropFirst())
    }
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

  /// Sorts by the next column, after the last again in the view's own order.
  package mutating func sortByNext(of heads: [ColumnHead]) {
    let next = sortColumn.map { $0 + 1 } ?? 0
    sortColumn = next < heads.count ? next : nil
    isInverted = false
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
