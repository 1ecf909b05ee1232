/// Where the columns of a table stand in a window of some width.
package struct TableLayout: Sendable, Equatable {
  package struct Placed: Sendable, Equatable {
    /// Its place among the table's columns.
    package var index: Int
    package var start: Int
    package var width: Int
  }

  package var placed: [Placed]

  /// Columns are dropped, the least important first, until the rest fits.
  package init(_ table: Table, width: Int, margin: Int = 1) {
    let needs = table.heads.indices.map { Self.need(table, column: $0) }
    var kept = Array(table.heads.indices)
    func gap() -> Int { width >= 100 ? 2 : 1 }
    func total() -> Int {
      kept.reduce(0) { $0 + needs[$1] } + max(0, kept.count - 1) * gap() + margin
    }
    while total() > width,
      let drop = kept.filter({ table.heads[$0].priority > 0 })
        .max(by: { table.heads[$0].priority < table.heads[$1].priority })
    {
      kept.removeAll { $0 == drop }
    }
    placed = Self.place(
      kept, table.heads, needs: needs, spare: max(0, width - total()), gap: gap(), margin: margin)
  }

  /// The column under a cell of the screen; nil between columns.
  package func column(at column: Int) -> Int? {
    placed.first { ($0.start..<($0.start + $0.width)).contains(column) }?.index
  }

  private static func place(
    _ kept: [Int], _ heads: [ColumnHead], needs: [Int], spare: Int, gap: Int, margin: Int
  ) -> [Placed] {
    let fills = kept.filter { if case .fill = heads[$0].width { true } else { false } }
    var placed: [Placed] = []
    var at = margin
    for index in kept {
      var width = needs[index]
      if let position = fills.firstIndex(of: index) {
        width += spare / fills.count + (position < spare % fills.count ? 1 : 0)
      }
      placed.append(Placed(index: index, start: at, width: width))
      at += width + gap
    }
    return placed
  }

  /// Cells a column wants: its header needs one more for the sort arrow.
  private static func need(_ table: Table, column: Int) -> Int {
    switch table.heads[column].width {
    case .fixed(let width), .fill(let width):
      return width
    case .fit(let least, let most):
      let widest =
        table.rows.map { row in
          column < row.cells.count ? SafeText.width(row.cells[column].text) : 0
        }.max() ?? 0
      let title = SafeText.width(table.heads[column].title) + 1
      return min(most, max(least, max(widest, title)))
    }
  }
}
