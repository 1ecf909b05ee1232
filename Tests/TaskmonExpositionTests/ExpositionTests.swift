import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite("A page of metrics")
struct ExpositionTests {
  struct Page: Sendable, CustomTestStringConvertible {
    var name: String
    var input: ExpositionInput
    /// What promtool may remark on.
    var remarks: [String] = []
    var testDescription: String { name }
  }

  static let pages = [
    Page(
      name: "shop", input: Shop.full,
      remarks: [
        "celery_active_consumer_count", "celery_active_process_count",
        "celery_active_worker_count",
      ].map { $0 + " non-histogram and non-summary metrics should not have \"_count\" suffix" }),
    Page(name: "away", input: away),
    Page(name: "first", input: Shop.input()),
  ]

  /// The shop of a moment ago, and Redis gone since.
  static var away: ExpositionInput {
    var input = Shop.full
    guard var snapshot = input.history.latest else { return input }
    snapshot.takenAt = Shop.now + Seconds(30)
    snapshot.link = .down(
      LinkFailure(kind: .refused, sentence: "refused", since: Shop.now, attempts: 3))
    input.history.absorb(snapshot)
    return input
  }

  @Test("is written as it always was", arguments: pages, ExpositionFormat.allCases)
  func golden(page: Page, format: ExpositionFormat) throws {
    let current = Shop.text(page.input, as: format)
    let suffix = format == .text ? "prom" : "openmetrics"
    #expect(try Golden.text("metrics/\(page.name).\(suffix)", current: current) == current)
  }

  @Test("gives promtool nothing to remark on but the compatible _count gauges", arguments: pages)
  func promtool(page: Page) async throws {
    let outcome = try await Subprocess.run(
      "promtool", ["check", "metrics"], input: Array(Shop.text(page.input).utf8))
    let said = outcome.outputText + outcome.errorText
    #expect(said.split(separator: "\n").map(String.init).sorted() == page.remarks)
    #expect(outcome.end == .exit(page.remarks.isEmpty ? 0 : 3))
  }

  @Test("tells nothing of the broker while Redis is away, and keeps findings and itself")
  func awayKeepsFindings() {
    let names = Exposition(Self.away).families.map(\.name)
    #expect(names.filter { $0.hasPrefix("celery_") } == [])
    #expect(names.contains("taskmon_finding"))
    #expect(
      Shop.lines("taskmon_up", in: Self.away) == [
        #"taskmon_up{broker="redis://localhost:6379/0"} 0"#
      ])
    #expect(
      Shop.lines("taskmon_snapshot_age_seconds", in: Self.away).first?.hasSuffix(" 30.25") == true)
  }

  @Test("has every family once, with help, and counters alone end in _total")
  func declarations() {
    let families = FamilyRegistry.families(of: Shop.input())
    #expect(Set(families.map(\.name)).count == families.count)
    #expect(families.filter { ($0.kind == .counter) != $0.name.hasSuffix("_total") } == [])
    #expect(families.filter { $0.help.isEmpty || $0.help.contains("\n") } == [])
  }

  @Test("is bounded, and counts what it leaves out from page to page")
  func bounded() {
    var snapshot = Shop.snapshot()
    snapshot.queues = .value(
      (0..<25).map { QueueFacts(name: "q\($0)", priorities: [PriorityLength(step: 0, ready: 1)]) })
    let limits = ExpositionLimits(seriesPerFamily: 20)
    let first = Shop.input(snapshot, limits: limits)
    let left = ["celery_queue_length": 5, "celery_queue_priority_length": 5]
    #expect(Shop.lines("celery_queue_length", in: first).count == 20)
    #expect(Exposition(first).dropped == left)
    let second = Shop.input(snapshot, limits: limits, droppedBefore: left)
    #expect(
      Shop.lines("taskmon_series_dropped_total", in: second) == [
        #"taskmon_series_dropped_total{family="celery_queue_length"} 10"#,
        #"taskmon_series_dropped_total{family="celery_queue_priority_length"} 10"#,
      ])
  }

  @Test("never says one series twice, though cut names may become alike")
  func duplicates() {
    var snapshot = Shop.snapshot()
    let long = String(repeating: "x", count: 600)
    snapshot.queues = .value(
      ["a", "b"].map {
        QueueFacts(name: long + $0, priorities: [PriorityLength(step: 0, ready: 1)])
      })
    let lines = Shop.lines("celery_queue_length", in: Shop.input(snapshot))
    #expect(
      lines == [#"celery_queue_length{queue_name="\#(String(repeating: "x", count: 509))…"} 1"#])
  }

  @Test(
    "writes any name so that it reads back",
    arguments: [
      ("plain", "plain"), ("a\"b", #"a\"b"#), ("a\\b", #"a\\b"#), ("a\nb", #"a\nb"#),
      ("a\u{0}b", "a\u{FFFD}b"), ("", ""), ("日本 e\u{301}", "日本 e\u{301}"), ("}\r{", "}\r{"),
    ])
  func names(name: String, written: String) {
    let line = "celery_queue_length{queue_name=\"\(written)\"} 1"
    var snapshot = Shop.snapshot()
    snapshot.queues = .value(
      [QueueFacts(name: name, priorities: [PriorityLength(step: 0, ready: 1)])])
    for format in ExpositionFormat.allCases {
      let lines = Shop.text(Shop.input(snapshot), as: format).utf8.split(
        separator: UInt8(ascii: "\n"))
      #expect(lines.contains { $0.elementsEqual(line.utf8) })
    }
  }

  @Test(
    "writes numbers in full and as short as they go",
    arguments: [
      (0, "0"), (-0.0, "0"), (12, "12"), (0.1, "0.1"), (1.0 / 3, "0.3333333333333333"),
      (1_767_323_045.678, "1767323045.678"), (9_007_199_254_740_991, "9007199254740991"),
      (1e300, "1e+300"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ] as [(Double, String)])
  func numbers(value: Double, written: String) {
    var snapshot = Shop.snapshot()
    snapshot.events.lag = Seconds(value)
    let lines = Shop.lines("taskmon_event_lag_seconds", in: Shop.input(snapshot))
    #expect(lines == ["taskmon_event_lag_seconds \(written)"])
  }

  @Test("names a counter's family without its suffix in OpenMetrics, and says where it ends")
  func openMetrics() {
    let text = Shop.text(Shop.full, as: .openMetrics)
    #expect(text.contains("# TYPE taskmon_event_gaps counter\ntaskmon_event_gaps_total 2\n"))
    #expect(text.hasSuffix("\n# EOF\n"))
    #expect(text.contains(#"le="255.0""#))
    #expect(!Shop.text(Shop.full).contains("# EOF"))
  }
}
