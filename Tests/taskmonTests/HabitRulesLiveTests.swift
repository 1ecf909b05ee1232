import Foundation
import TaskmonTestSupport
import Testing

/// Runs one too many, first attempts that give up, misused event loops and tasks as a message bus:
/// each is named, and what looks like it beside it is not.
@Suite("Habits that hurt on real Celery", .tags(.live))
struct HabitRulesLiveTests {
  static let wanted: Set = [
    "critical async-in-task habits.fetch",
    "info message-bus news",
    "warning async-in-task habits.later",
    "warning duplicate-execution habits.pack",
    "warning duplicate-execution habits.remind",
    "warning failure-without-retry habits.charge",
    "warning message-bus habits.on_order",
  ]
  /// What is held for longer than Redis waits is told besides.
  static let besides: Set = [
    "warning visibility-timeout-too-short habits.pack",
    "warning visibility-timeout-too-short habits.remind",
  ]
  static let rules: Set = [
    "async-in-task", "duplicate-execution", "failure-without-retry", "message-bus",
  ]

  @Test("each is named, and nothing that looks like it", .timeLimit(.minutes(6)))
  func habits() async throws {
    let redis = try await RedisServer(tcp: true, arguments: ["--appendonly", "yes"])
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url)
    _ = try await fleet.worker(
      "habits", node: "main@yard", as: "main", queues: "celery,news", pool: ["-c", "6"])
    for service in ["billing", "stock", "notes"] {
      _ = try await fleet.worker(
        "habits", node: "\(service)@yard", as: service, queues: "\(service),news",
        pool: ["-P", "solo"])
    }
    let serving = try await Serving(["--broker", url], taskmon: try Taskmon())
    let vigil = Vigil(serving)
    // Nothing is known while nothing was heard for long enough.
    try await eventually(within: 90, "four workers that told their queues") {
      let alive = try await serving.samples(with: fleet)
        .count { $0.name == "celery_worker_alive" && $0.value == 1 }
      return try alive == 4 && serving.health().headlines.contains("info message-bus news")
    }
    let before = try serving.health().unknown.map(\.rule)
    #expect(Self.rules.subtracting(["message-bus"]).isSubset(of: before))

    _ = try await fleet.output(of: "habits.py")
    let done = ContinuousClock.now
    for rule in Self.rules { try await vigil.finds(rule, since: done) }
    try await eventually(within: 60, "all of them") {
      own(try vigil.document()) == Self.wanted
    }
    // What looks like them has had as much time to be told.
    try await pass(seconds: 5)
    let document = try vigil.document()
    #expect(own(document) == Self.wanted, "\(document)")
    let others = Set(vigil.phases.joined()).subtracting(Self.besides.union(Self.wanted))
    #expect(others == [], "\(vigil.details)")
    expectEvidence(document)
  }

  private func own(_ document: HealthReading) -> Set<String> {
    Set(document.findings.filter { Self.rules.contains($0.rule) }.map(\.headline))
  }

  /// What a person would go and look at is in the evidence.
  private func expectEvidence(_ document: HealthReading) {
    func evidence(_ headline: String) -> [String: JSON] {
      document.findings.first { $0.headline == headline }?.evidence ?? [:]
    }
    let packed = evidence("warning duplicate-execution habits.pack")
    #expect(packed["firstWorkers"] == .list([.text("main@yard")]))
    #expect(packed["visibilityTimeoutSeconds"]?.number == 8)
    #expect(packed["lastTaskID"]?.text?.count == 36)
    let charged = evidence("warning failure-without-retry habits.charge")
    #expect(charged["failed"]?.number == 5)
    #expect(charged["exceptions"] == .list([.text("ConnectionRefusedError 5")]))
    #expect(charged["autoretry"] == .flag(false))
    let fetched = evidence("critical async-in-task habits.fetch")
    #expect(fetched["faults"]?.leaves.first?.hasPrefix("event loop is closed ") == true)
    #expect(fetched["failed"].isAtLeast(6))
    let told = evidence("warning message-bus habits.on_order")
    #expect(told["queues"] == .list(["billing", "notes", "stock"].map { .text($0) }))
    #expect(told["fanouts"]?.number == 12)
    #expect(told["seenSingle"].isAtLeast(1) && told["seenInGroups"]?.number == 0)
    #expect(evidence("info message-bus news")["listeners"]?.number == 4)
  }
}
