import Foundation
import TaskmonTestSupport
import Testing

/// Two beats of one schedule, a task hung past its limit, a result of 5 MB, a queue that nobody
/// consumes, a worker killed with -9: each observer says exactly these five.
@Suite("Five mistakes on real Celery", .tags(.live))
struct AntipatternsLiveTests {
  static let five = [
    "critical multiple-beats refresh-prices",
    "critical oversized-result antipatterns.export_orders",
    "critical stuck-task antipatterns.sync_ledger",
    "warning lost-worker mailer@office",
    "warning queue-without-consumers archive",
  ]

  /// All but the one that is made while they are told.
  private static let early = [
    "multiple-beats", "oversized-result", "queue-without-consumers", "stuck-task",
  ]

  @Test("check, cron, scrape and screen name the five and nothing else", .timeLimit(.minutes(8)))
  func exactlyTheFive() async throws {
    let office = try await Office()
    let broker = ["--broker", office.url, "--set", "queue-without-consumers.warning=30s"]
    let taskmon = try Taskmon()
    let began = ContinuousClock.now

    async let long = taskmon.check(broker + ["--observe", "100s"], timeout: 240)
    let serving = try await Serving(broker, taskmon: taskmon)
    let seen = ContinuousClock.now
    let vigil = Vigil(serving)
    let terminal = try await Tmux(columns: 140, rows: 40, environment: taskmon.environment)
    try await terminal.enter("\(Taskmon.path) top \(broker.joined(separator: " "))")
    let state = taskmon.home.path("cron.json")
    let cron = broker + ["--observe", "10s"]
    let first = try await taskmon.check(cron, state: state)
    #expect(Set(first.document.headlines).isSubset(of: Self.five))

    // All observers have heard it by now.
    try office.mailer.kill9()
    for rule in Self.early { try await vigil.finds(rule, since: seen) }

    try await Task.sleep(until: began + .seconds(62))
    let second = try await taskmon.check(cron, state: state)
    #expect(Set(second.document.headlines).isSubset(of: Self.five))
    try await expectFive(try await long, of: office)
    try await Task.sleep(until: began + .seconds(124))
    try await expectFive(try await taskmon.check(cron, state: state), of: office)
    try await expectOnScreen(terminal)
    try await expectServed(serving, office)
    #expect(try await serving.stop() == .exit(0))
  }

  private func expectFive(_ run: CheckRun, of office: Office) async throws {
    #expect(run.document.headlines == Self.five, "\(run.document)")
    #expect(run.document.status == "critical")
    #expect(run.status == 2)
    expectEvidence(run.document, of: office)
  }

  /// What a person would go and look at is in the evidence.
  private func expectEvidence(_ document: HealthReading, of office: Office) {
    func words(_ rule: String) -> String {
      let finding = document.finding(rule)
      return ([finding?.message ?? ""] + JSON.object(finding?.evidence ?? [:]).leaves)
        .joined(separator: " ")
    }
    let beats = document.finding("multiple-beats")?.evidence ?? [:]
    let due = beats["dueMoments"]?.number ?? 0
    #expect(due >= 5 && (beats["messages"]?.number ?? 0) >= 1.8 * due, "\(beats)")
    #expect(beats["task"]?.text == "antipatterns.refresh_prices")
    let stuck = document.finding("stuck-task")
    #expect(stuck?.evidence["worker"]?.text == "main@office", "\(words("stuck-task"))")
    #expect(stuck?.evidence["hardLimitSeconds"]?.number == 5)
    #expect((stuck?.evidence["runningSeconds"]?.number ?? 0) > 15)
    #expect(stuck?.evidence["taskID"]?.text?.count == 36)
    let numbers = JSON.object(document.finding("oversized-result")?.evidence ?? [:]).leaves
      .compactMap { Int($0) }
    #expect(numbers.contains { $0 >= 5_000_000 && $0 < 5_001_000 }, "\(numbers)")
    #expect(words("queue-without-consumers").contains("5"))
    #expect(words("lost-worker").contains("\(office.mailer.processID ?? 0)"))
  }

  private func expectOnScreen(_ terminal: Tmux) async throws {
    let screen = try await terminal.shows("the five findings", within: 60) {
      headlines(on: $0) == Self.five
    }
    #expect(screen.contains("3 CRITICAL") && screen.contains("2 WARNING"), "\(screen)")
    try await terminal.press("q")
    try await terminal.shows("the prompt") { $0.contains("READY>") }
  }

  private func expectServed(_ serving: Serving, _ office: Office) async throws {
    let document = try serving.health()
    #expect(document.headlines == Self.five)
    let samples = try await serving.samples(with: office.fleet)
    let findings = samples.filter { $0.name == "taskmon_finding" && $0.value == 1 }.map {
      "\($0.labels["severity"] ?? "") \($0.labels["rule"] ?? "") \($0.labels["subject"] ?? "")"
    }
    #expect(findings.sorted() == Self.five)
    func value(_ name: String, _ labels: [String: String]) -> Double? {
      samples.first { $0.name == name && $0.labels == labels }?.value
    }
    #expect(value("celery_queue_length", ["queue_name": "archive"]) == 5)
    #expect(value("celery_worker_alive", ["worker": "mailer@office"]) == 0)
    #expect(value("celery_worker_alive", ["worker": "main@office"]) == 1)
    #expect(
      (value("celery_result_largest_bytes", ["name": "antipatterns.export_orders"]) ?? 0)
        > 5_000_000)
  }
}

/// The fleet of the mistakes, each of them made.
private struct Office {
  let redis: RedisServer
  let fleet: CeleryFleet
  let mailer: FleetMember
  let one: FleetMember
  let two: FleetMember
  let url: String

  init() async throws {
    redis = try await RedisServer(tcp: true, arguments: ["--appendonly", "yes"])
    url = try redis.tcpURL()
    fleet = try await CeleryFleet(broker: url)
    _ = try await fleet.worker(
      "antipatterns", node: "main@office", as: "main", queues: "celery,ledger",
      pool: ["-P", "threads", "-c", "2"])
    mailer = try await fleet.worker(
      "antipatterns", node: "mailer@office", as: "mailer", queues: "mail")
    _ = try await fleet.output(of: "antipatterns.py")
    one = try await fleet.beat("antipatterns", as: "one")
    two = try await fleet.beat("antipatterns", as: "two")
  }
}
