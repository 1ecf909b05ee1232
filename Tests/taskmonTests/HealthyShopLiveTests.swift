import Foundation
import TaskmonTestSupport
import Testing

/// A false alarm is a bug as bad as a miss.
@Suite("A healthy shop on real Celery", .tags(.live))
struct HealthyShopLiveTests {
  /// Silence is worth nothing from a rule that could not judge: these can, after three minutes.
  static let mustJudge: Set = [
    "beat-down", "beat-late", "beat-runs-work", "beat-without-lock", "binding-missing",
    "broker-evicts", "broker-flushed", "broker-memory-high", "broker-not-persistent",
    "broker-unreachable", "clock-skew", "connections-near-limit", "eager-execution",
    "events-disabled", "idle-fleet", "leaked-reply-queues", "lost-worker", "multiple-beats",
    "no-celery-here", "no-time-limit", "orphaned-task", "oversized-message", "oversized-result",
    "prefetch-hoarding", "queue-backlog", "queue-explosion", "queue-stale",
    "queue-without-consumers", "results-without-expiry", "stalled-worker", "stuck-chord",
    "stuck-task", "unregistered-task", "visibility-timeout-too-short", "worker-without-tasks",
  ]

  /// Rules with a window, which is set down here; so can they.
  static let windowed: Set = [
    "async-in-task", "duplicate-execution", "failure-without-retry", "high-failure-rate",
    "message-bus", "queue-backlog", "retry-storm", "split-registry", "tasks-expiring",
    "worker-child-killed",
  ]

  @Test(
    "three minutes at load, with a deploy, a scale-down and scalings from zero, raise no alarm",
    .timeLimit(.minutes(10)))
  func noFalseAlarm() async throws {
    let redis = try await RedisServer(tcp: true, arguments: ["--appendonly", "yes"])
    let market = try await Market(redis: redis)
    let vigil = Vigil(market.serving)
    _ = try await market.fleet.program("zoo/market.py", ["letters", "20000"], as: "letters")
    async let changes: Void = market.changes()
    let began = ContinuousClock.now
    var judged: Set<String> = []
    while ContinuousClock.now < began + .seconds(180) {
      let document = try vigil.document()
      judged.formUnion(document.healthy)
      let alarms = document.findings.filter { $0.severity != "info" }
      #expect(alarms.isEmpty, "\(document.takenAt)")
      guard alarms.isEmpty else { throw SupportError("a false alarm: \(alarms)") }
      try await pass(seconds: 1)
    }
    try await changes
    #expect(vigil.phases == [], "\(vigil.details)")
    #expect(Self.mustJudge.union(Self.windowed).subtracting(judged) == [])
    // What could judge at first and cannot any more would be silent, too.
    let last = try await eventuallyValue(within: 60, "all rules judge at once") {
      let document = try vigil.document()
      return Self.mustJudge.union(Self.windowed).isSubset(of: document.healthy) ? document : nil
    }
    #expect(last.status == "healthy", "\(last)")
    #expect(vigil.phases == [], "\(vigil.details)")
    try await expectTraffic(market)
  }

  /// The shop did all of it, or its silence would prove nothing.
  private func expectTraffic(_ market: Market) async throws {
    let samples = try await market.serving.samples(with: market.fleet)
    func count(_ name: String, _ task: String) -> Double {
      samples.filter { $0.name == name && $0.labels["name"] == task }.map(\.value).reduce(0, +)
    }
    for task in Self.tasks {
      #expect(count("celery_task_succeeded_total", task) > 0, "\(task)")
    }
    #expect(count("celery_task_retried_total", "shop.charge_card") > 0)
    #expect(count("celery_task_retried_total", "shop.wait_for_parcel") > 0)
    #expect(count("celery_task_sent_total", "market.write_letter") >= 20_000)
    let alive = samples.filter { $0.name == "celery_worker_alive" && $0.value == 1 }
    let here = Set(alive.compactMap { $0.labels["worker"] })
    let expected: Set = ["w1@market", "w4@market", "letters@market", "exports@market"]
    #expect(here.isSuperset(of: expected) && !here.contains("w2@market"), "\(here)")
    let failed = samples.filter { $0.name == "celery_task_failed_total" && $0.value > 0 }
    #expect(failed.isEmpty, "\(failed)")
  }

  private static let tasks = [
    "market.call_supplier", "market.close_day", "market.export", "market.pick", "market.report",
    "market.ship", "market.wrap_gift", "market.write_letter", "shop.charge_card",
    "shop.count_stock", "shop.greet", "shop.print_label", "shop.refresh_prices", "shop.remind",
    "shop.rotate_banner", "shop.send_mail", "shop.wait_for_parcel",
  ]
}

/// The shop with all its departments, and what is done to it.
private struct Market {
  let fleet: CeleryFleet
  let serving: Serving
  private let beat: FleetMember
  /// All but the last stay until the deploy.
  private let old: [FleetMember]

  /// Ten minutes are too long for a test: these judge by one.
  private static let windows = HealthyShopLiveTests.windowed.map { "\($0).window=1m" }

  init(redis: RedisServer) async throws {
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url)
    async let one = Self.worker("w1", of: fleet)
    async let two = Self.worker("w2", of: fleet)
    async let three = Self.worker("w3", of: fleet)
    async let reports = Self.worker("reports", of: fleet, queues: "reports", ["-P", "solo"])
    async let letters = Self.worker("letters", of: fleet, queues: "letters")
    old = try await [one, two, three]
    _ = try await (reports, letters)
    beat = try await fleet.beat("market", as: "beat", redBeat: true)
    _ = try await fleet.program("zoo/market.py", ["trade", "400"], as: "trade")
    serving = try await Serving(
      ["--broker", url] + Self.windows.flatMap { ["--set", $0] }, taskmon: try Taskmon())
    self.fleet = fleet
  }

  private static func worker(
    _ node: String, as name: String? = nil, app: String = "market", of fleet: CeleryFleet,
    queues: String = "celery,mail", _ pool: [String] = ["-c", "2"]
  ) async throws -> FleetMember {
    try await fleet.worker(
      app, node: "\(node)@market", as: name ?? node, queues: queues, pool: pool)
  }

  func changes() async throws {
    try await pass(seconds: 20)
    try await old[2].stop()
    try await pass(seconds: 15)
    try await deploy()
    try await pass(seconds: 25)
    try await scaleFromZero("first")
    try await pass(seconds: 15)
    try await scaleFromZero("second")
  }

  /// One worker under its old name, one under a new name, then the beat; publishers come last.
  private func deploy() async throws {
    try await old[0].stop()
    _ = try await Self.worker("w1", as: "w1-next", app: "market_next", of: fleet)
    _ = try await Self.worker("w4", app: "market_next", of: fleet)
    try await old[1].stop()
    try await beat.stop()
    _ = try await fleet.beat("market_next", as: "beat-next", redBeat: true)
    _ = try await fleet.program("zoo/market_next.py", ["400"], as: "next")
  }

  /// Messages come, then somebody to work on them, who leaves again the first time.
  private func scaleFromZero(_ turn: String) async throws {
    _ = try await fleet.output(of: "zoo/market.py", ["exports", "20"])
    try await pass(seconds: 10)
    let exports = try await Self.worker(
      "exports", as: "exports-\(turn)", app: "market_next", of: fleet, queues: "exports",
      ["-c", "1"])
    try await pass(seconds: 15)
    if turn == "first" { try await exports.stop() }
  }
}
