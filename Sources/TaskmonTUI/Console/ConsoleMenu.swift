import TaskmonUnits

/// A list to choose from, over the table.
struct ConsoleMenu: Sendable, Equatable {
  enum Kind: Sendable {
    case sort, save
  }

  var kind: Kind
  var cursor = 0

  var title: String {
    switch kind {
    case .sort: "sort by"
    case .save: "save as"
    }
  }
}

/// Menus: what they offer, what choosing does, and where they stand.
extension Console {
  /// The lines of a menu, each a word and what it means.
  func choices(_ menu: ConsoleMenu, _ table: Table) -> [PageFact] {
    switch menu.kind {
    case .sort:
      let columns = table.heads.enumerated().map { index, head in
        PageFact(head.title + (state.sortColumn == index ? state.arrow : ""), head.help)
      }
      return [PageFact("as it comes", "the view's own order")] + columns
    case .save:
      return ViewFile.Format.allCases.map { format in
        switch format {
        case .csv: PageFact("CSV", "for a spreadsheet; nothing in it is taken for a formula")
        case .json: PageFact("JSON", "for a program")
        }
      }
    }
  }

  mutating func openMenu(_ kind: ConsoleMenu.Kind) {
    guard table != nil else { return }
    menu = ConsoleMenu(kind: kind, cursor: kind == .sort ? state.sortColumn.map { $0 + 1 } ?? 0 : 0)
  }

  /// Keeps the cursor on a line there is.
  mutating func moveMenu(by lines: Int) {
    guard let menu, let table else { return }
    let last = choices(menu, table).count - 1
    self.menu?.cursor = min(max(0, menu.cursor + lines), max(0, last))
  }

  mutating func choose() -> [Effect] {
    guard let chosen = menu, let table, let snapshot = data.snapshot else { return [] }
    menu = nil
    switch chosen.kind {
    case .sort:
      if chosen.cursor == 0 {
        (state.sortColumn, state.isInverted) = (nil, false)
      } else {
        state.sort(by: chosen.cursor - 1)
      }
      return []
    case .save:
      let formats = ViewFile.Format.allCases
      guard formats.indices.contains(chosen.cursor) else { return [] }
      return [
        .save(ViewFile(view, table, visible, of: snapshot, as: formats[chosen.cursor]))
      ]
    }
  }

  /// The first row of the menu's box, and the choices that fit into it.
  func menuPlace(_ menu: ConsoleMenu, _ table: Table) -> (top: Int, shown: Range<Int>) {
    let top = tabRow + 1
    let room = max(1, footerRow - top - 1)
    let count = choices(menu, table).count
    let first = min(max(0, menu.cursor - room + 1), max(0, count - room))
    return (top, first..<min(count, first + room))
  }

  mutating func clickMenu(row: Int) -> [Effect] {
    guard let menu, let table else { return [] }
    let place = menuPlace(menu, table)
    let index = place.shown.lowerBound + row - place.top - 1
    guard row > place.top, place.shown.contains(index) else {
      self.menu = nil
      return []
    }
    self.menu?.cursor = index
    return choose()
  }

  func drawMenu(_ menu: ConsoleMenu, _ table: Table, on screen: inout Screen) {
    let facts = choices(menu, table)
    let (top, shown) = menuPlace(menu, table)
    let names = facts.map { SafeText.width($0.name) }.max() ?? 0
    let texts = facts.map { SafeText.width($0.value) }.max() ?? 0
    let width = min(columns - 2, names + texts + 6)
    func put(_ text: String, row: Int, style: Style) {
      let blank = String(repeating: " ", count: width)
      screen.put(blank, row: row, column: 0, style: style)
      screen.put(text, row: row, column: 0, width: width, style: style)
    }
    put(" \(menu.title)", row: top, style: Style(.columnHeader, bold: true))
    for (offset, index) in shown.enumerated() {
      let isChosen = index == menu.cursor
      let fact = facts[index]
      let padding = String(repeating: " ", count: names - SafeText.width(fact.name))
      put(
        "\(isChosen ? "▌" : " ") \(fact.name)\(padding)  \(fact.value)", row: top + 1 + offset,
        style: Style(isChosen ? .activeTab : .tab))
    }
  }
}
