import Foundation
import TaskmonTestSupport
import Testing

/// A thousand tasks whose every event is known beforehand, on all pools of an old and a new Celery.
@Suite("A mix of real tasks", .tags(.live))
struct MixedTasksLiveTests {
  static let pools = ["prefork", "threads", "gevent", "solo"]

  @Test(
    "every counter is what the tasks did, and what Celery's own listener counts",
    .timeLimit(.minutes(8)), arguments: PythonEnvironment.allCases)
  func counters(celery: PythonEnvironment) async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url, celery: celery)
    let taskmon = try Taskmon()
    let serving = try await Serving(["--broker", url], taskmon: taskmon)
    // By its user its connection is told from that of the other.
    _ = try redis.command("ACL", "SETUSER", "onlooker", "on", "nopass", "~*", "&*", "+@all")
    let place = url.replacing("redis://", with: "redis://onlooker:any@")
    async let table = ShownTasks(of: taskmon, broker: place, observe: "60s")
    let dump = try await fleet.eventDump("mixed", as: "dump")
    // Nobody has published an event yet: these three hear all of them.
    try await eventually(within: 90, "three listeners") {
      try await pass(seconds: 0.1)
      return try redis.listeners == ["dump", "serve", "show"]
    }
    let workers = try await start(in: fleet)
    try await eventually(within: 90, "the workers' queues are known") {
      try await pass(seconds: 0.5)
      let page = try serving.get("/metrics").body
      return Self.pools.allSatisfy {
        page.contains("\ncelery_active_worker_count{queue_name=\"\($0)\"} 1\n")
      }
    }

    let printed = try await fleet.output(of: "mixed_truth.py", Self.pools, timeout: 200)
    let truth = try JSONDecoder().decode(MixedTruth.self, from: Data(printed.utf8))
    #expect(truth.version == celery.rawValue)
    #expect(truth.tasks == 500)
    #expect(truth.muddled == (celery == .old ? ["threads"] : []))
    #expect(truth.unmet == [], "what Celery itself did otherwise")
    #expect(truth.unknown == [], "nobody published these")
    for worker in workers { try await worker.stop() }

    let listed = try await DumpedEvents(of: dump, workers: workers.count, fleet)
    try await eventually(within: 60, "taskmon has heard as much as the dump") {
      try await pass(seconds: 0.5)
      let page = try serving.get("/metrics").body
      return page.contains("\ntaskmon_events_received_total \(listed.events.count)\n")
    }
    let samples = try await serving.samples(with: fleet)
    expectSame(truth.samples, samples.filter { truth.judges($0) })
    expectNear(truth.runtimes, samples)
    #expect(truth.events == listed.taskEvents, "what the dump has is not what happened")
    let shown = try await table
    #expect(shown.differences(from: listed) == [], "\(shown)")
  }

  private func start(in fleet: CeleryFleet) async throws -> [FleetMember] {
    try await withThrowingTaskGroup(of: FleetMember.self) { group in
      for pool in Self.pools {
        group.addTask {
          try await fleet.worker(
            "mixed", node: "w@\(pool)", as: pool, queues: pool, pool: ["-P", pool, "-c", "2"])
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  /// Both ways, and each difference by itself: whole pages of samples compare badly by eye.
  private func expectSame(_ expected: Set<Sample>, _ found: [Sample]) {
    #expect(Set(found).count == found.count, "a sample is there twice")
    let missing = expected.subtracting(found).map(\.line).sorted()
    let excess = Set(found).subtracting(expected).map(\.line).sorted()
    #expect(missing == [], "the truth, and not on /metrics")
    #expect(excess == [], "on /metrics, and not the truth")
  }

  /// Sums of the same numbers in another order differ in their last digits.
  private func expectNear(_ expected: [[String: String]: Double], _ found: [Sample]) {
    let sums = found.filter { $0.name == "celery_task_runtime_sum" }
    #expect(Set(sums.map(\.labels)) == Set(expected.keys))
    for sum in sums {
      let truth = expected[sum.labels] ?? .nan
      #expect(abs(sum.value - truth) < 1e-6, "\(sum), and the tasks took \(truth)")
    }
  }
}

extension Sample {
  fileprivate var line: String {
    "\(name)\(labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) \(value)"
  }
}

extension RedisServer {
  /// Who listens to patterns of channels.
  fileprivate var listeners: Set<String> {
    get throws {
      let clients = try command("CLIENT", "LIST").text ?? ""
      let listening = clients.split(separator: "\n").filter { !$0.contains(" psub=0 ") }
      return Set(
        listening.map { client in
          if client.contains(" user=onlooker ") { return "show" }
          return client.contains(" name=taskmon ") ? "serve" : "dump"
        })
    }
  }
}
