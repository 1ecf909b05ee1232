/// Where the columns of a table stand in a window of some width.
package struct TableLayout: Sendable, Equatable {
  package struct Placed: Sendable, Equatable {
    /// Its place among the table's columns.
    package var index: Int
    /// Its first cell; left of the window where it is scrolled out.
    package var start: Int
    package var width: Int
    /// The cells of the window it may be seen in.
    package var window: Range<Int>
  }

  package var placed: [Placed]
  /// How many cells the window can be moved sideways; 0 where everything is in it.
  package var reach: Int

  /// Columns are dropped, the least important first, until the rest fits.
  ///
  /// A whole table drops and cuts none: it may be wider than the window, which is then moved over
  /// it by `shift` cells while its first column stays, if it is narrow.
  package init(
    _ table: Table, width: Int, margin: Int = 1, isWhole: Bool = false, shift: Int = 0
  ) {
    let needs = table.heads.indices.map { Self.need(table, column: $0, isWhole: isWhole) }
    var kept = Array(table.heads.indices)
    let gap = isWhole || width >= 100 ? 2 : 1
    func total() -> Int {
      kept.reduce(0) { $0 + needs[$1] } + max(0, kept.count - 1) * gap + margin
    }
    while !isWhole, total() > width,
      let drop = kept.filter({ table.heads[$0].priority > 0 })
        .max(by: { table.heads[$0].priority < table.heads[$1].priority })
    {
      kept.removeAll { $0 == drop }
    }
    let widths = Self.sharing(max(0, width - total()), among: kept, needs: needs, of: table)
    reach = isWhole ? max(0, total() - width) : 0
    placed = []
    var at = margin
    for index in kept {
      placed.append(
        Placed(index: index, start: at, width: widths[index], window: 0..<max(0, width)))
      at += widths[index] + gap
    }
    if reach > 0 { move(by: min(max(0, shift), reach), width: width, gap: gap) }
  }

  /// The column under a cell of the screen; nil between columns.
  package func column(at column: Int) -> Int? {
    placed.first { place in
      (place.start..<(place.start + place.width)).contains(column) && place.window.contains(column)
    }?.index
  }

  private mutating func move(by shift: Int, width: Int, gap: Int) {
    guard let first = placed.first else { return }
    let stays = first.width <= width / 3
    let edge = stays ? min(width, first.start + first.width + gap) : 0
    for index in placed.indices.dropFirst(stays ? 1 : 0) {
      placed[index].start -= shift
      placed[index].window = edge..<width
    }
  }

  /// Room to spare goes to columns that would cut their cells, the first first, though no more
  /// than half of it where others take any; these share the rest, or it is the first column's.
  private static func sharing(
    _ room: Int, among kept: [Int], needs: [Int], of table: Table
  ) -> [Int] {
    var widths = needs
    var takers = kept.filter { if case .fill = table.heads[$0].width { true } else { false } }
    var forCut = takers.isEmpty ? room : room / 2
    var spare = room
    for index in kept where forCut > 0 {
      guard case .fit = table.heads[index].width else { continue }
      let more = min(forCut, max(0, table.widest[index] - widths[index]))
      widths[index] += more
      forCut -= more
      spare -= more
    }
    if takers.isEmpty { takers = Array(kept.prefix(1)) }
    for (position, index) in takers.enumerated() {
      widths[index] += spare / takers.count + (position < spare % takers.count ? 1 : 0)
    }
    return widths
  }

  /// Wider than any sentence, and no more than a screen can draw.
  private static let widest = 2_000

  /// Cells a column wants: its header needs one more for the sort arrow.
  private static func need(_ table: Table, column: Int, isWhole: Bool) -> Int {
    let head = table.heads[column]
    let wanted = max(table.widest[column], SafeText.width(head.title) + 1)
    switch head.width {
    case .fixed(let width): return isWhole ? max(width, min(widest, table.widest[column])) : width
    case .fill(let least): return isWhole ? min(widest, max(least, wanted)) : least
    case .fit(let least, let most): return min(isWhole ? widest : most, max(least, wanted))
    }
  }
}
