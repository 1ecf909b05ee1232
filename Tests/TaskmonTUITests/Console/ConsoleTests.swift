import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

/// Keys, and what is then to be seen.
struct KeyCase: Sendable, CustomTestStringConvertible {
  var name: String
  var view = ViewID.health
  var keys: [Key]
  /// Part of some line of the screen.
  var shows: String
  var effects: [Effect] = []

  var testDescription: String { name }
}

@Suite("Console")
struct ConsoleTests {
  static let cases: [KeyCase] = [
    KeyCase(name: "2 opens queues", keys: [.character("2")], shows: "CONSUMERS"),
    KeyCase(name: "6 opens beat", keys: [.character("6")], shows: "SCHEDULE"),
    KeyCase(name: "Tab goes on", keys: [.tab, .tab], shows: "POOL"),
    KeyCase(name: "Tab goes round", view: .broker, keys: [.tab], shows: "SEVERITY"),
    KeyCase(name: "Shift-Tab goes back", keys: [.shiftTab], shows: "MEANS"),
    KeyCase(name: "8 opens the audit", keys: [.character("8")], shows: "VERDICT"),
    KeyCase(name: "Enter explains", keys: [.enter], shows: "Evidence"),
    KeyCase(name: "Esc leaves a page", keys: [.enter, .escape], shows: "SEVERITY"),
    KeyCase(name: "q leaves a page", keys: [.enter, .character("q")], shows: "SEVERITY"),
    KeyCase(name: "q on top quits", keys: [.character("q")], shows: "SEVERITY", effects: [.quit]),
    KeyCase(
      name: "Ctrl-C quits a page", keys: [.enter, .control("c")], shows: "Evidence",
      effects: [.quit]),
    KeyCase(
      name: "Ctrl-C quits a filter", keys: [.character("/"), .control("c")], shows: "filter:",
      effects: [.quit]),
    KeyCase(
      name: "q is a letter of a filter", keys: [.character("/"), .character("q")],
      shows: "filter: q"),
    KeyCase(name: "? opens help", keys: [.character("?")], shows: "a page down"),
    KeyCase(name: "F1 opens help", keys: [.function(1)], shows: "a page down"),
    KeyCase(
      name: "help closes on its page", keys: [.enter, .character("?"), .escape], shows: "Evidence"),
    KeyCase(name: "a digit leaves help", keys: [.character("?"), .character("2")], shows: "READY"),
    KeyCase(name: "p pauses", keys: [.character("p")], shows: "PAUSED"),
    KeyCase(name: "t shows UTC", keys: [.character("t")], shows: "14:03:22Z"),
    KeyCase(
      name: "t again shows distances", view: .beat, keys: [.character("t"), .character("t")],
      shows: "28s ago"),
    KeyCase(
      name: "t goes round", view: .beat, keys: Array(repeating: .character("t"), count: 3),
      shows: "14:02:54  14:03:24"),
    KeyCase(name: "9 opens the broker", keys: [.character("9")], shows: "eviction policy"),
    KeyCase(
      name: "Enter on a finding's page leads to its subject",
      keys: [.end, .up, .up, .up, .enter, .enter],
      shows: "▌celery@w3"),
    KeyCase(
      name: "y copies the row's name", view: .workers, keys: [.character("y")],
      shows: "celery@w1 sent to the terminal's clipboard", effects: [.copy("celery@w1")]),
    KeyCase(
      name: "y copies on a page", view: .results, keys: [.end, .enter, .character("y")],
      shows: "chord", effects: [.copy("b4b1d1c6-5a6d-4f6e-9a55-52f3a8f0a001")]),
    KeyCase(
      name: "y refuses what a shell could take as more", view: .results,
      keys: Array(repeating: .down, count: 5) + [.character("y")], shows: "not copied"),
    KeyCase(
      name: "l has nowhere to go in a window that shows all", view: .beat,
      keys: [.character("l")], shows: "SCHEDULE", effects: [.bell]),
    KeyCase(
      name: "n without a filter says so", keys: [.character("n")], shows: "nothing is looked for",
      effects: [.bell]),
    KeyCase(name: "a menu is left by Esc", keys: [.character("s"), .escape], shows: "SEVERITY"),
    KeyCase(name: "q leaves a menu", keys: [.character("s"), .character("q")], shows: "SEVERITY"),
    KeyCase(
      name: "Ctrl-L repaints", keys: [.control("l")], shows: "SEVERITY", effects: [.repaint]),
    KeyCase(
      name: "+ polls more often", keys: [.character("+")], shows: "0.5s",
      effects: [.refresh(every: Seconds(0.5))]),
    KeyCase(
      name: "- polls less often", keys: [.character("-")], shows: "2s",
      effects: [.refresh(every: Seconds(2))]),
    KeyCase(
      name: "the fastest rate stays", keys: Array(repeating: .character("+"), count: 3),
      shows: "0.2s", effects: [.bell]),
  ]

  @Test("Keys do what the key table says", arguments: cases)
  func keys(_ scenario: KeyCase) {
    var console = Console.showing(
      SampleData.data(SampleData.troubled), columns: 140, rows: 40, view: scenario.view)
    var effects: [Effect] = []
    for key in scenario.keys { effects = console.handle(.key(key)) }
    #expect(effects == scenario.effects)
    #expect(console.lines.contains { $0.contains(scenario.shows) }, "\(console.lines)")
  }

  @Test(
    "The cursor moves and stays inside",
    arguments: [
      ([Key.down], "stuck-task"), ([.character("j"), .character("j")], "oversized-result"),
      ([.up], "multiple-beats"), ([.end], "split-registry"),
      ([.character("G"), .down], "split-registry"),
      ([.end, .home], "multiple-beats"), ([.pageDown], "split-registry"),
      ([.end, .pageUp], "multiple-beats"),
      ([.end, .up], "result-without-expiry"),
    ])
  func moves(keys: [Key], rule: String) {
    let console = Console.showing(SampleData.data(SampleData.troubled), keys: keys)
    #expect(console.selectedLine?.contains(rule) == true)
  }

  @Test("The cursor stays on its subject when rows come and go above it")
  func followsTheSubject() {
    var console = Console.showing(SampleData.data(SampleData.troubled), keys: [.down, .down])
    #expect(console.selectedLine?.contains("oversized-result") == true)
    var report = SampleData.troubled
    report.findings.removeFirst()
    _ = console.handle(.update(SampleData.data(report)))
    #expect(console.selectedLine?.contains("oversized-result") == true)
    report.findings = []
    _ = console.handle(.update(SampleData.data(report)))
    #expect(console.selectedLine?.contains("result-without-expiry") == true)
  }

  @Test("Left on top, the cursor stays with the worst")
  func staysOnTop() {
    var report = SampleData.troubled
    report.findings = [SampleData.oversizedResult]
    var console = Console.showing(SampleData.data(report))
    report.findings = [SampleData.stuckTask, SampleData.oversizedResult]
    _ = console.handle(.update(SampleData.data(report)))
    #expect(console.selectedLine?.contains("stuck-task") == true)
  }

  @Test("A page whose subject has gone says so, and Esc leads back")
  func goneSubject() {
    var console = Console.showing(SampleData.data(SampleData.troubled), keys: [.enter])
    _ = console.handle(.update(SampleData.data()))
    #expect(console.lines.contains { $0.contains("No longer there") })
    _ = console.handle(.key(.escape))
    #expect(console.lines.contains { $0.contains("Nothing found") })
  }

  @Test("While paused the screen is held, and then shows the newest")
  func pauses() {
    var console = Console.showing(SampleData.data(SampleData.troubled), keys: [.character("p")])
    _ = console.handle(.update(SampleData.data()))
    #expect(console.lines.contains { $0.contains("multiple-beats") })
    _ = console.handle(.tick(SampleData.now + Seconds(12)))
    #expect(console.lines.first?.contains("PAUSED 12s") == true)
    _ = console.handle(.key(.character("p")))
    #expect(console.lines.first?.contains("PAUSED") == false)
    #expect(console.lines.contains { $0.contains("Nothing found") })
  }

  @Test("Facts that nobody renews grow stale with the clock")
  func growsStale() {
    var console = Console.showing(SampleData.data())
    _ = console.handle(.tick(SampleData.now + Seconds(4)))
    #expect(console.lines.first?.contains("STALE") == false)
    _ = console.handle(.tick(SampleData.now + Seconds(30)))
    #expect(console.lines.first?.contains("STALE 30s") == true)
  }

  @Test("A replayed snapshot does not grow stale")
  func replayKeepsItsTime() {
    var console = Console(
      data: SampleData.data(), options: ConsoleOptions(followsClock: false), pages: { _ in nil })
    _ = console.handle(.tick(SampleData.now + Seconds(86_400)))
    #expect(console.lines.first?.contains("STALE") == false)
    #expect(console.lines.first?.contains("14:03:22") == true)
  }

  @Test(
    "A filter keeps rows with every word and without the excluded",
    arguments: [
      ("be", ["multiple-beats", "lost-worker"]), ("CRIT", ["multiple-beats", "stuck-task"]),
      ("critical !beats", ["stuck-task"]), ("!", ["multiple-beats"]), ("nothing-like-it", []),
      ("w3 hard", ["stuck-task"]), ("subject:w3", ["lost-worker"]),
      ("sev:crit !rule:beats", ["stuck-task"]), ("subject:", ["multiple-beats"]),
      ("nofield:x", []),
    ])
  func filters(text: String, rules: [String]) {
    var console = Console.showing(SampleData.data(SampleData.troubled), columns: 140)
    _ = console.handle(.key(.character("/")))
    console.type(text)
    let lines = console.lines
    for rule in rules { #expect(lines.contains { $0.contains(rule) }) }
    if rules.isEmpty { #expect(lines.contains { $0.contains("no row matches") }) }
    if !rules.contains("multiple-beats") {
      #expect(!lines.contains { $0.contains("multiple-beats") })
    }
    _ = console.handle(.key(.enter))
    #expect(console.lines.last?.contains(text == "!" ? "filter !" : "filter \(text)") == true)
    _ = console.handle(.key(.escape))
    #expect(console.lines.contains { $0.contains("multiple-beats") })
  }

  @Test("s offers the columns, I inverts, and the header says so")
  func sorts() {
    var console = Console.showing(SampleData.data(), view: .queues)
    for key in [Key.character("s"), .down, .enter] { _ = console.handle(.key(key)) }
    #expect(console.lines[4].contains("QUEUE▲"))
    #expect(console.selectedLine?.contains("billing") == true)
    for key in [Key.character("s"), .down, .enter] { _ = console.handle(.key(key)) }
    #expect(console.lines[4].contains("READY▲"))
    _ = console.handle(.key(.character("I")))
    #expect(console.lines[4].contains("READY▼"))
    #expect(console.selectedLine?.contains("celery") == true)
  }

  @Test("However sorted, unknown rules stay below the findings")
  func groupsStay() {
    let console = Console.showing(
      SampleData.data(SampleData.troubled),
      keys: [.character("s"), .down, .down, .enter, .character("I")])
    let lines = console.lines
    let unknown = lines.firstIndex { $0.contains("split-registry") }
    let finding = lines.firstIndex { $0.contains("lost-worker") }
    #expect(unknown != nil && finding != nil)
    if let unknown, let finding { #expect(finding < unknown) }
  }

  @Test("Clicks select, open, sort and change the view; the wheel moves")
  func mouse() {
    var console = Console.showing(SampleData.data(SampleData.troubled), columns: 140, rows: 40)
    let row = console.lines.firstIndex { $0.contains("oversized-result") } ?? 0
    _ = console.handle(.click(row: row, column: 20))
    #expect(console.selectedLine?.contains("oversized-result") == true)
    _ = console.handle(.wheel(lines: -1))
    #expect(console.selectedLine?.contains("stuck-task") == true)
    _ = console.handle(.click(row: row - 1, column: 20))
    #expect(console.lines.contains { $0.contains("Evidence") })
    let tabs = console.lines.firstIndex { $0.contains("2 Queues") } ?? 0
    _ = console.handle(.click(row: tabs, column: 14))
    #expect(console.lines.contains { $0.contains("CONSUMERS") })
    let header = console.lines.firstIndex { $0.contains("CONSUMERS") } ?? 0
    _ = console.handle(.click(row: header, column: 1))
    #expect(console.lines[header].contains("QUEUE▲"))
    _ = console.handle(.click(row: header, column: 1))
    #expect(console.lines[header].contains("QUEUE▼"))
  }

  @Test("A page scrolls to its end and no further")
  func pageScrolls() {
    var console = Console.showing(
      SampleData.data(SampleData.troubled), keys: [.down, .enter, .character("G")])
    #expect(console.lines.contains { $0.contains("task_soft_time_limit") })
    let atEnd = console.lines
    _ = console.handle(.key(.pageDown))
    #expect(console.lines == atEnd)
    _ = console.handle(.key(.character("g")))
    #expect(console.lines.contains { $0.contains("CRITICAL  billing.sync") })
  }

  @Test("Where nothing changed nothing is drawn, and a second changes the clock alone")
  func drawsOnlyChanges() {
    var console = Console.showing(SampleData.data(SampleData.troubled))
    let first = console.render()
    _ = console.handle(.update(SampleData.data(SampleData.troubled)))
    _ = console.handle(.tick(SampleData.now + Seconds(0.5)))
    #expect(console.render().runs(since: first) == [])
    _ = console.handle(.tick(SampleData.now + Seconds(1)))
    let runs = console.render().runs(since: first)
    #expect(runs.map(\.text) == ["3"])
  }

  @Test("While the first connection is made the screen says to where")
  func connecting() {
    var data = SampleData.emptyData
    data.history.absorb(
      Snapshot(
        takenAt: SampleData.now, observedSince: SampleData.now, broker: SampleData.broker,
        link: .connecting))
    let lines = Console.showing(data).lines
    #expect(lines.contains(" connecting to redis://redis.internal:6379/0 …"))
    #expect(PlainText.render(data).contains("connecting to redis://redis.internal:6379/0"))
  }

  @Test("No size and no event makes it stumble")
  func anySize() {
    let keys: [Key] = [.enter, .character("?"), .end, .pageDown, .tab, .character("/"), .escape]
    for (columns, rows) in [(0, 0), (1, 1), (60, 15), (61, 200), (400, 15), (-5, 3)] {
      var console = Console.showing(SampleData.hostileData, columns: columns, rows: rows)
      for key in keys {
        _ = console.handle(.key(key))
        _ = console.handle(.click(row: rows / 2, column: columns / 2))
        let screen = console.render()
        #expect(screen.cells.count == max(0, columns) * max(0, rows))
      }
    }
  }

  @Test("Before the first snapshot every key is safe")
  func beforeTheFirst() {
    for key in KeyMap.bindings.flatMap(\.keys) {
      let console = Console.showing(SampleData.emptyData, keys: [key, .enter, .end])
      #expect(console.lines.first?.contains("taskmon") == true)
    }
  }
}

@Suite("Key table")
struct KeyMapTests {
  @Test("No key means two things in one place", arguments: KeyScope.allCases)
  func unambiguous(_ scope: KeyScope) {
    let keys = KeyMap.bindings.filter { $0.scopes.contains(scope) }.flatMap(\.keys)
    #expect(Set(keys).count == keys.count)
  }

  @Test("Help names every key and every column of every view")
  func helpIsWhole() {
    let text = HelpPage.lines(200).map(\.text).joined(separator: "\n")
    for binding in KeyMap.bindings {
      #expect(text.contains(binding.help))
      for key in binding.keys { #expect(text.contains(key.label)) }
    }
    for head in ViewRegistry.all.flatMap({ $0.heads }) { #expect(text.contains(head.title)) }
  }

  @Test("Every view has its digit, and a digit without a view does nothing")
  func digits() {
    for digit in 1...9 {
      let action = KeyMap.action(for: .character(Character("\(digit)")), in: .table)
      #expect(action == ViewID(rawValue: digit).map { .open($0) })
    }
    #expect(ViewRegistry.all.map { $0.id } == ViewID.allCases)
  }

  @Test("The footer promises only keys that act there", arguments: KeyScope.allCases)
  func footer(_ scope: KeyScope) {
    let text = KeyHints.footer(scope, .health, width: 200).text
    let hinted = KeyMap.bindings.filter { $0.footer != nil }
    for binding in hinted where !binding.scopes.contains(scope) {
      #expect(!text.contains(" \(binding.keys[0].label) \(binding.footer ?? "")"))
    }
  }

  @Test("A footer drops whole hints where it is narrow")
  func narrowFooter() {
    let text = KeyHints.footer(.table, .health, width: 30).text
    #expect(text == " Enter explain  / filter  ? help " || text.count <= 30)
    #expect(!text.contains("…"))
  }
}
