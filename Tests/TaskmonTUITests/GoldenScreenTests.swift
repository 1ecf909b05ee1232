import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

/// A screen to be compared with its picture.
struct GoldenCase: Sendable, CustomTestStringConvertible {
  var name: String
  var data: ConsoleData
  var view = ViewID.health
  var keys: [Key] = []
  /// What happens after the keys.
  var events: [ConsoleEvent] = []
  var sizes = [(80, 24), (140, 40)]

  var testDescription: String { name }
}

@Suite("Golden screens")
struct GoldenScreenTests {
  static let cases: [GoldenCase] = [
    GoldenCase(name: "healthy", data: SampleData.data(), sizes: [(60, 15), (80, 24), (140, 40)]),
    GoldenCase(
      name: "health", data: SampleData.data(SampleData.troubled),
      sizes: [(60, 15), (80, 24), (140, 40)]),
    GoldenCase(
      name: "queues", data: SampleData.data(), view: .queues,
      sizes: [(60, 15), (80, 24), (140, 40)]),
    GoldenCase(
      name: "workers", data: SampleData.data(), view: .workers,
      sizes: [(60, 15), (80, 24), (140, 40)]),
    GoldenCase(
      name: "tasks", data: SampleData.data(SampleData.troubled), view: .tasks,
      sizes: [(60, 15), (80, 24), (140, 40)]),
    GoldenCase(
      name: "running", data: SampleData.data(), view: .running,
      sizes: [(60, 15), (80, 24), (140, 40)]),
    GoldenCase(name: "task-page", data: SampleData.data(), view: .tasks, keys: [.down, .enter]),
    GoldenCase(name: "run-page", data: SampleData.data(), view: .running, keys: [.enter]),
    GoldenCase(
      name: "quiet-workers", data: SampleData.quietData, view: .tasks, keys: [.character("E")],
      sizes: [(80, 24)]),
    GoldenCase(
      name: "beat", data: SampleData.data(), view: .beat, sizes: [(60, 15), (80, 24), (140, 40)]),
    GoldenCase(
      name: "results", data: SampleData.data(), view: .results,
      sizes: [(60, 15), (80, 24), (140, 40)]),
    GoldenCase(
      name: "broker", data: SampleData.data(), view: .broker,
      sizes: [(60, 15), (80, 24), (140, 60)]),
    GoldenCase(name: "results-task-page", data: SampleData.data(), view: .results, keys: [.enter]),
    GoldenCase(
      name: "result-page", data: SampleData.data(), view: .results,
      keys: [.down, .down, .down, .down, .enter],
      sizes: [(80, 24)]),
    GoldenCase(
      name: "failures-page", data: SampleData.data(), view: .results,
      keys: [.down, .down, .enter], sizes: [(80, 24)]),
    GoldenCase(
      name: "chord-page", data: SampleData.data(), view: .results, keys: [.end, .enter],
      sizes: [(80, 24)]),
    GoldenCase(
      name: "own-cost-page", data: SampleData.data(), view: .broker,
      keys: Array("/commands_sent").map { .character($0 == "_" ? " " : $0) } + [.enter, .enter],
      sizes: [(80, 24)]),
    GoldenCase(
      name: "sort-menu", data: SampleData.data(), view: .workers,
      keys: [.character("s"), .down, .down], sizes: [(60, 15), (80, 24)]),
    GoldenCase(
      name: "wide-queues", data: SampleData.data(), view: .queues,
      keys: [.character("l"), .character("l")], sizes: [(80, 24)]),
    GoldenCase(
      name: "failed-collectors", data: SampleData.failingData, view: .queues,
      sizes: [(80, 24), (140, 40)]),
    GoldenCase(
      name: "relative-beat", data: SampleData.data(), view: .beat,
      keys: [.character("t"), .character("t")], sizes: [(80, 24)]),
    GoldenCase(
      name: "finding-page", data: SampleData.data(SampleData.troubled), keys: [.down, .enter]),
    GoldenCase(
      name: "unknown-rule-page", data: SampleData.data(SampleData.troubled),
      keys: [.end, .enter], sizes: [(80, 24)]),
    GoldenCase(name: "queue-page", data: SampleData.data(), view: .queues, keys: [.enter]),
    GoldenCase(name: "worker-page", data: SampleData.data(), view: .workers, keys: [.enter]),
    GoldenCase(
      name: "worker-page-answered", data: SampleData.data(), view: .workers, keys: [.enter],
      events: [.answered(SampleData.holdings)], sizes: [(80, 60), (140, 80)]),
    GoldenCase(
      name: "audit", data: SampleData.data(), view: .audit, sizes: [(60, 15), (80, 24), (140, 40)]),
    GoldenCase(name: "audit-page", data: SampleData.data(), view: .audit, keys: [.enter]),
    GoldenCase(name: "entry-page", data: SampleData.data(), view: .beat, keys: [.enter]),
    GoldenCase(name: "help", data: SampleData.data(), keys: [.character("?")]),
    GoldenCase(name: "stale", data: SampleData.staleData, sizes: [(80, 24), (140, 40)]),
    GoldenCase(name: "unreadable", data: SampleData.unreadableData, view: .queues),
    GoldenCase(name: "connecting", data: SampleData.emptyData, sizes: [(80, 24)]),
    GoldenCase(name: "too-small", data: SampleData.data(), sizes: [(59, 14), (60, 14)]),
    GoldenCase(name: "hostile-names", data: SampleData.hostileData, view: .queues),
    GoldenCase(
      name: "hostile-queue-page", data: SampleData.hostileData, view: .queues, keys: [.enter],
      sizes: [(80, 24)]),
    GoldenCase(
      name: "paused", data: SampleData.data(SampleData.troubled), keys: [.character("p")],
      sizes: [(80, 24)]),
    GoldenCase(
      name: "filtering", data: SampleData.data(SampleData.troubled),
      keys: [.character("/"), .character("b"), .character("e")], sizes: [(80, 24)]),
  ]

  @Test("The screen looks as its picture", arguments: cases)
  func looksAsPictured(_ golden: GoldenCase) throws {
    for (columns, rows) in golden.sizes {
      var console = Console.showing(
        golden.data, columns: columns, rows: rows, view: golden.view, keys: golden.keys)
      for event in golden.events { _ = console.handle(event) }
      try expectGolden(console.lines, "\(golden.name)-\(columns)x\(rows)")
    }
  }

  @Test("In ASCII every view keeps its cells in place", arguments: ViewID.allCases)
  func asciiKeepsPlaces(_ view: ViewID) throws {
    let screen = Console.showing(SampleData.data(SampleData.troubled), view: view).render()
    let ascii = screen.inASCII()
    #expect(ascii.text.joined().utf8.allSatisfy { $0 < 0x80 })
    try expectGolden(ascii.text, "ascii-\(view.name)-80x24")
  }

  @Test(
    "Plain text of one view tells that view alone, in ASCII where asked", arguments: ViewID.allCases
  )
  func plainView(_ view: ViewID) {
    let text = PlainText.render(
      SampleData.data(SampleData.troubled), view: view, width: 80, ascii: true)
    #expect(text.utf8.allSatisfy { $0 == 0x0A || (0x20..<0x7F).contains($0) })
    for other in ViewID.allCases {
      #expect(text.contains("\n\(other.title.uppercased())\n") == (other == view))
    }
  }

  @Test("Plain text tells everything without an escape")
  func plainText() throws {
    let text = PlainText.render(SampleData.data(SampleData.troubled))
    #expect(!text.utf8.contains(0x1B))
    try expectGolden(
      text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init), "plain")
  }
}

extension SampleData {
  static let emptyData = ConsoleData(
    history: SnapshotHistory(),
    report: HealthReport(takenAt: now, observed: .zero), broker: broker)

  /// Redis went away twelve seconds ago; what was known stays.
  static let staleData: ConsoleData = {
    var stale = data(troubled)
    var away = snapshot(at: now)
    away.polledAt = ago(12)
    away.link = .down(
      LinkFailure(
        kind: .refused,
        sentence: "redis.internal:6379 refused the connection: is Redis running there?",
        since: ago(12), attempts: 4))
    stale.history.absorb(away)
    return stale
  }()

  /// Redis answers, and nothing of what matters could be read.
  static let unreadableData: ConsoleData = {
    var snapshot = Snapshot(
      takenAt: now, polledAt: now, observedSince: ago(2), broker: broker,
      link: .up(since: ago(2)))
    snapshot.queues = .unavailable("no permission to run LLEN (NOPERM)")
    var history = SnapshotHistory()
    history.absorb(snapshot)
    return ConsoleData(
      history: history,
      report: HealthReport(takenAt: now, observed: Seconds(2), unknown: unknownRules),
      broker: broker, notices: ["--read-only: workers are not asked"])
  }()

  /// One queue's key is of another type, one message is unreadable, two reads are forbidden.
  static let failingData: ConsoleData = {
    data(healthy) { moment in
      var snapshot = snapshot(at: moment)
      snapshot.queues = snapshot.queues.map { queues in
        var queues = queues
        queues[0].head = .unavailable("larger than 64 KiB (1.2 MiB)")
        queues[0].name = "a-queue-with-a-name-that-is-longer-than-forty-cells-are"
        return queues
      }
      snapshot.collectors = [
        CollectorStatus(
          name: "queue-lengths", ranAt: moment, duration: .milliseconds(2),
          failure: "queue orders: the key holds another type (WRONGTYPE)"),
        CollectorStatus(
          name: "redbeat", ranAt: moment, duration: .zero, failure: "no permission (NOPERM)"),
        CollectorStatus(
          name: "server", ranAt: moment, duration: .zero, failure: "no permission (NOPERM)"),
      ]
      return snapshot
    }
  }()

  /// Names that would like to steer the terminal, and wide ones.
  static let hostileData: ConsoleData = {
    let names = [
      "evil\u{1B}[31m\u{1B}]0;owned\u{7}", "日本語のキュー", "rocket🚀queue", "cafe\u{301}",
      "rtl\u{202E}txt.exe", "zero\u{200B}width", "family 👨‍👩‍👧", "c1\u{9B}31m", "tab\there", "",
    ]
    return data(healthy) { moment in
      var snapshot = snapshot(at: moment)
      snapshot.queues = .value(
        names.map { name in
          QueueFacts(
            name: name, priorities: [PriorityLength(step: 0, ready: 3)],
            head: .value(message(tag: "t", task: "task.\(name)")))
        })
      return snapshot
    }
  }()
}
