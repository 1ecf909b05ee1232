import Foundation
import TaskmonTestSupport
import Testing

/// Failures, a storm of retries, expired messages, killed processes, a worker without events and
/// one killed with -9: each is named, and what looks like it beside it is not.
@Suite("What goes wrong with tasks on real Celery", .tags(.live))
struct RuleLiveTests {
  static let wanted = [
    "critical high-failure-rate accidents.fail",
    "critical lost-worker doomed@works",
    "critical orphaned-task accidents.hold",
    "info events-disabled mute@works",
    "warning retry-storm accidents.knock",
    "warning tasks-expiring accidents.refresh",
    "warning worker-child-killed main@works",
  ]
  private static let rules = [
    "high-failure-rate", "events-disabled", "retry-storm", "tasks-expiring", "worker-child-killed",
  ]
  /// Ten minutes are too long for a test.
  static let windows = [
    "high-failure-rate.window=20s", "retry-storm.window=20s", "tasks-expiring.window=20s",
    "tasks-expiring.newcomer=0s",
  ]

  @Test("every accident is named, and nothing that looks like one", .timeLimit(.minutes(6)))
  func accidents() async throws {
    let redis = try await RedisServer(tcp: true, arguments: ["--appendonly", "yes"])
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url)
    _ = try await fleet.worker(
      "accidents", node: "main@works", as: "main", queues: "celery", pool: ["-c", "4"])
    let doomed = try await fleet.worker(
      "accidents", node: "doomed@works", as: "doomed", queues: "doomed")
    _ = try await fleet.worker(
      "accidents", node: "mute@works", as: "mute", queues: "mute", sendsTaskEvents: false)
    let taskmon = try Taskmon()
    let settings = Self.windows.flatMap { ["--set", $0] }
    let serving = try await Serving(["--broker", url] + settings, taskmon: taskmon)
    let vigil = Vigil(serving)
    try await eventually(within: 60, "three workers heard") {
      try await serving.samples(with: fleet)
        .count { $0.name == "celery_worker_alive" && $0.value == 1 } == 3
    }
    // A worker's silence says nothing in the first minute of a connection.
    try await eventually(within: 90, "a minute of listening") {
      try vigil.document().observedSeconds > 60
    }

    let id = try await fleet.output(of: "accidents.py")
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let done = ContinuousClock.now
    // The start of its task must have been heard, or nobody could know of it.
    try await eventually(within: 60, "the events of the doomed task") {
      try await serving.samples(with: fleet).contains {
        $0.name == "celery_task_started_total" && $0.labels["name"] == "accidents.hold"
          && $0.value == 1
      }
    }
    try doomed.kill9()
    let killed = ContinuousClock.now
    let document = try await eventuallyValue(within: 150, "\(Self.wanted)") {
      let document = try vigil.document()
      return document.headlines == Self.wanted ? document : nil
    }
    for rule in Self.rules { try await vigil.finds(rule, since: done) }
    for rule in ["lost-worker", "orphaned-task"] { try await vigil.finds(rule, since: killed) }
    #expect(Set(vigil.phases.joined()).subtracting(Self.wanted) == [], "\(vigil.details)")
    try expectEvidence(document, of: doomed, task: id)
  }

  @Test("the demo's killed worker is found with what it held", .timeLimit(.minutes(6)))
  func demo() async throws {
    let taskmon = try Taskmon()
    let check = ["check", "--observe", "130s", "--format", "json", "--state", "none"]
    let result = try await taskmon.run(
      ["demo", "orphaned-task", "--", Taskmon.path] + check, timeout: 240)
    let document = try HealthReading(result.outputText)
    #expect(result.end == .exit(2))
    let rules = Set(document.findings.map(\.rule))
    #expect(rules == ["lost-worker", "orphaned-task"], "\(document)")
    #expect(document.headlines.contains("critical orphaned-task imports.load"))
  }

  /// What a person would go and look at is in the evidence.
  private func expectEvidence(
    _ document: HealthReading, of doomed: FleetMember, task id: String
  ) throws {
    func evidence(_ rule: String) -> [String: JSON] { document.finding(rule)?.evidence ?? [:] }
    let failures = evidence("high-failure-rate")
    #expect(failures["failed"]?.number == 20 && failures["completed"]?.number == 30)
    #expect(failures["exceptions"] == .list([.text("ValueError 20")]))
    let storm = evidence("retry-storm")
    #expect((storm["retried"]?.number ?? 0) >= 100 && storm["succeeded"]?.number == 0)
    #expect(storm["exception"]?.text == "ConnectionError")
    let expiry = evidence("tasks-expiring")
    // On a machine that is slow, more of them expire before they are taken.
    #expect((expiry["expired"]?.number ?? 0) >= 30)
    let killed = evidence("worker-child-killed")
    #expect(killed["killed"]?.number == 3)
    #expect(killed["tasks"] == .list([.text("accidents.die 3")]))
    #expect((evidence("events-disabled")["runsUnseen"]?.number ?? 0) >= 3)
    let orphan = evidence("orphaned-task")
    #expect(orphan["goneTaskIDs"] == .list([.text(id)]))
    #expect(orphan["workers"] == .list([.text("doomed@works")]))
    #expect(evidence("lost-worker")["pid"]?.number == doomed.processID.map(Double.init))
  }
}
