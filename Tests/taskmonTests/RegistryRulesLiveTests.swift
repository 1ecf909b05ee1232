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
    let host = try await fleet.output(of: "host.py").trimmingCharacters(in: .whitespacesAndNewlines)
    let wanted: Set = [
      "critical eager-execution \(host)", "critical eager-execution eager@office",
      "critical unregistered-task careless.fetsh", "info fragile-task careless.fetch",
      "warning no-time-limit desk@office", "warning worker-without-tasks empty@office",
    ]
    let rules = Set(wanted.compactMap { $0.split(separator: " ").dropFirst().first })
    try await eventually(within: 120, "all six") {
      wanted.isSubset(of: try serving.health().headlines)
    }
    let found = try serving.health().headlines.filter { line in
      rules.contains(line.split(separator: " ").dropFirst().first ?? "")
    }
    #expect(Set(found) == wanted)

    // The queue keeps its message, and the binding that brought it goes.
    #expect(try serving.health().finding("binding-missing") == nil)
    try redis.command("DEL", "_kombu.binding.topics")
    try await eventually(within: 120, "the missing binding") {
      try serving.health().headlines.contains("warning binding-missing orders")
    }
  }
}
