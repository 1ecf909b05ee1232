import Foundation
import TaskmonTestSupport
import Testing

/// Workers that know too little, or run what they should send; real ones.
@Suite("Registrations and settings on real Celery", .tags(.live))
struct RegistryRulesLiveTests {
  @Test("each careless set-up is named, and nothing else of these", .timeLimit(.minutes(6)))
  func careless() async throws {
    let redis = try await RedisServer(tcp: true, arguments: ["--appendonly", "yes"])
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url)
    _ = try await fleet.worker(
      "careless", node: "desk@office", as: "desk", queues: "celery")
    _ = try await fleet.worker(
      "careless:empty", node: "empty@office", as: "empty", queues: "imports")
    _ = try await fleet.worker(
      "careless:eager", node: "eager@office", as: "eager", queues: "eager")
    _ = try await fleet.output(of: "careless.py", ["fetch", "misname", "compute", "order"])
    let taskmon = try Taskmon()
    let serving = try await Serving(["--broker", url], taskmon: taskmon)
    let began = ContinuousClock.now
    let vigil = Vigil(serving)
    let host = try await fleet.output(of: "host.py").trimmingCharacters(in: .whitespacesAndNewlines)
    let wanted: Set = [
      "critical eager-execution \(host)", "critical eager-execution eager@office",
      "critical unregistered-task careless.fetsh", "info fragile-task careless.fetch",
      "warning no-time-limit desk@office", "warning worker-without-tasks empty@office",
    ]
    let document = try await eventuallyValue(within: 120, "all six") {
      let document = try vigil.document()
      return wanted.isSubset(of: document.headlines) ? document : nil
    }
    #expect(Set(document.headlines) == wanted, "\(document.findings)")
    for rule in Self.rules { try await vigil.finds(rule, since: began) }

    // The queue keeps its message, and the binding that brought it goes.
    #expect(try vigil.document().finding("binding-missing") == nil)
    try redis.command("DEL", "_kombu.binding.topics")
    try await vigil.finds("binding-missing", since: .now)
    let missing = try Zoo.of("binding-missing").found
    #expect(Set(vigil.phases.joined()).subtracting(wanted.union([missing])) == [])
  }

  private static let rules = [
    "eager-execution", "unregistered-task", "fragile-task", "no-time-limit",
    "worker-without-tasks",
  ]
}
