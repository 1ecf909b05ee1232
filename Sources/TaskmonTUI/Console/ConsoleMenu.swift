import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// A list to choose from, over the table.
struct ConsoleMenu: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    case sort, save
    /// Which of these workers are to send task events.
    case events([WorkerID])
    /// For how long this finding is not to be told.
    case silence(Finding)
  }

  var kind: Kind
  var cursor = 0

  var title: String {
    switch kind {
    case .sort: "sort by"
    case .save: "save as"
    case .events: "ask to send task events, until the worker ends"
    case .silence(let finding): "silence \(finding.rule) \(finding.subject)"
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
    case .events(let workers):
      let all = workers.count == 1 ? "the one" : "all \(workers.count)"
      return [
        PageFact("nobody", "leave them as they are"), PageFact(all, "every worker named below"),
      ] + workers.map { PageFact($0.name, whatItSends($0)) }
    case .silence(let finding):
      return SilenceChoice.all(of: finding).map { PageFact($0.word, $0.help) }
    }
  }

  private func whatItSends(_ id: WorkerID) -> String {
    let pid = id.pid.map { "pid \($0), " } ?? ""
    let worker = data.snapshot?.workers.value?.first { $0.id == id }
    return pid + (worker?.sendsTaskEvents.reason ?? "sends none")
  }

  /// Names the workers first; nobody is asked where nobody may be.
  mutating func askForEvents() -> [Effect] {
    guard let context, followsClock else { return refuse("there is nobody to ask") }
    let snapshot = context.snapshot
    if let reason = snapshot.inspection.suspended {
      return refuse("workers are not asked: \(reason)")
    }
    guard case .value = snapshot.workers else { return refuse("no worker is known yet") }
    let quiet = Fleet.quiet(context).map(\.id)
    guard !quiet.isEmpty else { return refuse("every worker that is up sends task events") }
    openMenu(.events(quiet))
    return []
  }

  mutating func openMenu(_ kind: ConsoleMenu.Kind) {
    guard table != nil else { return }
    let sorted = state.sortColumn.map { $0 + 1 } ?? 0
    menu = ConsoleMenu(kind: kind, cursor: kind == .sort ? sorted : 0)
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
    case .events(let workers):
      return choose(among: workers, line: chosen.cursor)
    case .silence(let finding):
      return choose(SilenceChoice.all(of: finding), line: chosen.cursor, for: finding)
    }
  }

  /// The first line is nobody, the second all, then each alone.
  private mutating func choose(among workers: [WorkerID], line: Int) -> [Effect] {
    guard line > 0 else { return [] }
    let chosen =
      line == 1 ? workers : workers.indices.contains(line - 2) ? [workers[line - 2]] : []
    guard !chosen.isEmpty else { return [] }
    let who = chosen.count == 1 ? chosen[0].name : "\(chosen.count) workers"
    message = ConsoleMessage("asking \(who) to send task events …")
    return [.enableEvents(chosen)]
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
