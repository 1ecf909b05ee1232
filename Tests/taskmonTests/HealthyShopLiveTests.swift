import Foundation
import TaskmonTestSupport
import Testing

/// A false alarm is a bug as bad as a miss.
@Suite("A healthy shop on real Celery", .tags(.live))
struct HealthyShopLiveTests {
  /// Silence is worth nothing from a rule that could not judge: these can, after two minutes.
  static let mustJudge: Set = [
    "beat-down", "beat-late", "beat-runs-work", "beat-without-lock", "broker-unreachable",
    "lost-worker", "multiple-beats", "no-celery-here", "oversized-result",
    "queue-without-consumers",
    "stuck-task",
  ]

  @Test(
    "two minutes with a rolling restart give no warning and no critical", .timeLimit(.minutes(8)))
  func noFalseAlarm() async throws {
    let redis = try await RedisServer(tcp: true, arguments: ["--appendonly", "yes"])
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url)
    let old = [try await worker("w1", of: fleet), try await worker("w2", of: fleet)]
    let beat = try await fleet.beat("shop", as: "beat", redBeat: true)
    _ = try await fleet.program("shop.py", ["240"], as: "producer")
    let taskmon = try Taskmon()
    let serving = try await Serving(["--broker", url], taskmon: taskmon)

    try await eventually(within: 60, "a first judgement") {
      try serving.get("/-/ready").status == 200
    }
    let watch = Watch()
    try await watch.look(at: serving, for: 40)
    // A new deploy: one worker under its old name, one under a new name, then the beat.
    async let deploy: Void = {
      try await old[0].stop()
      _ = try await worker("w1", as: "w1-new", of: fleet)
      _ = try await worker("w3", of: fleet)
      try await old[1].stop()
      try await beat.stop()
      _ = try await fleet.beat("shop", as: "beat-new", redBeat: true)
    }()
    try await watch.look(at: serving, for: 60)
    try await deploy
    try await watch.look(at: serving, for: 20)

    let last = try serving.health()
    #expect(last.status == "healthy", "\(last)")
    #expect(Self.mustJudge.subtracting(last.healthy).isEmpty, "\(last.unknown)")
    let run = try await taskmon.check(["--broker", url, "--observe", "15s"])
    #expect(run.status == 0, "\(run.document)")
    let counted = try await serving.samples(with: fleet)
    let alive = counted.filter { $0.name == "celery_worker_alive" && $0.value == 1 }
    #expect(Set(alive.compactMap { $0.labels["worker"] }) == ["w1@shop", "w3@shop"])
  }

  private func worker(_ node: String, as name: String? = nil, of fleet: CeleryFleet) async throws
    -> FleetMember
  {
    try await fleet.worker(
      "shop", node: "\(node)@shop", as: name ?? node, queues: "celery,mail")
  }

  /// Reads the document every 2 s and holds every finding worse than info against the shop.
  private struct Watch {
    func look(at serving: Serving, for seconds: Double) async throws {
      let end = ContinuousClock.now + .seconds(seconds)
      while ContinuousClock.now < end {
        let document = try serving.health()
        let alarms = document.findings.filter { $0.severity != "info" }
        #expect(alarms.isEmpty, "\(alarms)")
        guard alarms.isEmpty else { throw SupportError("a false alarm: \(document.headlines)") }
        try await pass(seconds: 2)
      }
    }
  }
}
