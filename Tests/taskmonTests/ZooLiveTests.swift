import Foundation
import TaskmonTestSupport
import Testing

/// Small programs that each make one mistake, beside the nearest ones that make none.
@Suite("A zoo of mistakes on real Celery", .tags(.live))
struct ZooLiveTests {
  @Test("every practice that hurts is told, and none that only looks so", .timeLimit(.minutes(8)))
  func practices() async throws {
    async let innocent = Practice(habits: "good", queues: 195, redis: ["--appendonly", "yes"])
    async let guilty = Practice(habits: "bad", queues: 205)
    let (good, bad) = try await (innocent, guilty)
    let document = try await finds(
      "zoo/practices.py", bad.vigil, since: bad.visible, besides: ["info fragile-task"])
    #expect(document.finding("queue-explosion")?.evidence["withCommonPrefix"] == .number(205))
    #expect(document.finding("leaked-reply-queues")?.evidence["lists"].isAtLeast(25) == true)
    #expect(
      document.finding("oversized-message")?.evidence["largestBytes"].isAtLeast(200_000) == true)
    #expect(
      document.finding("split-registry")?.evidence["notKnownBy"] == .list([.text("other@zoo")]))
    let chord = document.finding("stuck-chord")?.evidence
    #expect(chord?["partsDone"] == .number(2) && chord?["parts"] == .number(3))
    #expect(good.vigil.phases == [], "\(good.vigil.details)")
    let told = try good.vigil.document()
    let rules = Set(Zoo.cases(of: "zoo/practices.py").map(\.rule))
    #expect(rules.subtracting(told.healthy) == [], "\(told)")
  }

  @Test("every trouble is told, and nothing beside it", .timeLimit(.minutes(8)))
  func troubles() async throws {
    let troubles = try await Troubles()
    let document = try await finds(
      "zoo/troubles.py", troubles.vigil, since: ["": troubles.visible],
      besides: ["info fragile-task"])
    let late = document.finding("queue-stale")?.evidence
    #expect(late?["ageKnownFrom"] == .text("task-sent event"))
    #expect(document.finding("stalled-worker")?.evidence["ready"] == .number(3))
    let hoard = document.finding("prefetch-hoarding")?.evidence
    #expect(hoard?["held"] == .number(3) && hoard?["idleWorker"] == .text("spare@zoo"))
    let ahead = document.finding("clock-skew")?.evidence["behindSeconds"]?.number ?? 0
    #expect(ahead < -50 && ahead > -70, "\(ahead)")
  }

  /// Waits for all of a program and for nothing else worse than info.
  private func finds(
    _ program: String, _ vigil: Vigil, since visible: [String: ContinuousClock.Instant],
    besides: Set<String>
  ) async throws -> HealthReading {
    let cases = Zoo.cases(of: program)
    let wanted = Set(cases.map(\.found))
    let document = try await eventuallyValue(within: 250, "\(wanted.sorted())") {
      let document = try vigil.document()
      let others = Set(document.headlines).subtracting(wanted).filter { headline in
        !besides.contains { headline.hasPrefix($0) }
      }
      guard others.isEmpty else { throw SupportError("\(others): \(document.findings)") }
      try await pass(seconds: 0.5)
      return wanted.isSubset(of: document.headlines) ? document : nil
    }
    let alarms = Set(vigil.phases.joined())
    #expect(alarms.subtracting(wanted) == [], "\(vigil.details)")
    for zooCase in cases {
      guard let since = visible[zooCase.rule] ?? visible[""] else { continue }
      try await vigil.finds(zooCase.rule, since: since)
    }
    return document
  }
}

/// One team with its habits, on a Redis of its own.
private struct Practice {
  let redis: RedisServer
  let fleet: CeleryFleet
  let vigil: Vigil
  /// When each cause could be seen, by rule; the others under "".
  let visible: [String: ContinuousClock.Instant]

  private static let settings = [
    "idle-fleet.quiet=20s", "leaked-reply-queues.lists=20", "split-registry.window=10s",
    "stuck-chord.unchanged=10s",
  ]

  init(habits: String, queues: Int, redis arguments: [String] = []) async throws {
    redis = try await RedisServer(tcp: true, arguments: ["--maxclients", "200"] + arguments)
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url, variables: ["HABITS": habits])
    let users = (1...queues).map { "user-\($0)" }.joined(separator: ",")
    async let main = Self.worker("main", of: fleet, "celery", ["-P", "threads", "-c", "2"])
    async let depot = Self.worker(
      "depot", of: fleet, "uploads", ["-P", "threads", "-c", "1", "--prefetch-multiplier", "1"])
    async let pictures = Self.worker(
      "pictures", of: fleet, "thumbnails", ["-P", "threads", "-c", "1"])
    async let crowd = Self.worker("crowd", of: fleet, users, ["-P", "solo"])
    _ = try await (main, depot, pictures, crowd)
    _ = try await fleet.output(of: "zoo/practices.py", ["ask"], timeout: 120)
    _ = try await Self.worker(
      "other", of: fleet, "thumbnails", ["-P", "solo"], app: "practices:other")
    // For two minutes it might be one half of a deploy.
    let settled = ContinuousClock.now + .seconds(120)
    let serving = try await Serving(
      ["--broker", url] + Self.settings.flatMap { ["--set", $0] }, taskmon: try Taskmon())
    vigil = Vigil(serving)
    let rest = try await fleet.program("zoo/practices.py", ["do"], as: "rest")
    try await rest.says("DONE")
    visible = ["": .now, "split-registry": max(.now, settled)]
    self.fleet = fleet
  }

  private static func worker(
    _ name: String, of fleet: CeleryFleet, _ queues: String, _ pool: [String],
    app: String = "practices"
  ) async throws -> FleetMember {
    try await fleet.worker(app, node: "\(name)@zoo", as: name, queues: queues, pool: pool)
  }
}

/// Workers and queues in trouble, with those that only look so.
private struct Troubles {
  let redis: RedisServer
  let fleets: [CeleryFleet]
  let vigil: Vigil
  /// When the last of the causes could be seen.
  let visible: ContinuousClock.Instant

  private static let settings = [
    "prefetch-hoarding.duration=20s", "queue-backlog.ready=50", "queue-backlog.warning=20s",
    "queue-backlog.window=30s", "queue-stale[late].warning=20s", "queue-stale[planned].warning=20s",
    "stalled-worker.unmoved=15s",
  ]
  /// That it still consumes what it takes nothing from a worker must have said.
  private static let pace = ["--inspect-interval", "5s"]

  init() async throws {
    redis = try await RedisServer(tcp: true, arguments: ["--appendonly", "yes"])
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url)
    let port = try freePort()
    let between = try await fleet.program(
      "zoo/halfopen.py", ["\(port)", "\(redis.port ?? 0)"], as: "between")
    try await between.says("LISTENS")
    // Of kombu before 5.7, which does not drop a dead connection.
    let old = try await CeleryFleet(broker: "redis://127.0.0.1:\(port)/0", celery: .old)
    let ahead = try await Self.fleet(url, clock: 60)
    let near = try await Self.fleet(url, clock: 8)
    fleets = [fleet, old, ahead, near]
    async let hoarder = Self.worker("hoarder", "long", of: fleet)
    async let modest = Self.worker(
      "modest", "thin", of: fleet, ["2", "--prefetch-multiplier", "1"])
    async let slow = Self.worker(
      "slow", "late,planned", of: fleet, ["1", "--prefetch-multiplier", "1"])
    async let flooded = Self.worker("flooded", "flood", of: fleet)
    async let brisk = Self.worker("brisk", "bulk", of: fleet)
    async let limited = Self.worker("limited", "limited", of: fleet)
    async let deaf = Self.worker("deaf", "deaf", of: old)
    async let clocks = [
      Self.worker("ahead", "clocks", of: ahead), Self.worker("near", "clocks", of: near),
    ]
    _ = try await (hoarder, modest, slow, flooded, brisk, limited, deaf, clocks)
    let arguments = ["--broker", url] + Self.pace + Self.settings.flatMap { ["--set", $0] }
    let serving = try await Serving(arguments, taskmon: try Taskmon())
    vigil = Vigil(serving)
    // What is published before it listens nobody has told it.
    try await Self.isKnown("deaf", serving)
    _ = try await fleet.output(of: "zoo/troubles.py", ["hold"])
    _ = try await Self.worker("spare", "long,thin", of: fleet)
    _ = try await fleet.program("zoo/troubles.py", ["flow", "300"], as: "flow")
    between.processID.map { _ = kill($0, SIGUSR1) }
    _ = try await fleet.output(of: "zoo/troubles.py", ["wait"])
    visible = .now
  }

  /// Python's own clock is moved before anything else reads it.
  private static func fleet(_ url: String, clock: Int) async throws -> CeleryFleet {
    let path = "\(PythonEnvironment.programs)/zoo/clock:\(PythonEnvironment.path)"
    return try await CeleryFleet(
      broker: url, variables: ["CLOCK_SHIFT": "\(clock)", "PYTHONPATH": path])
  }

  private static func worker(
    _ name: String, _ queues: String, of fleet: CeleryFleet, _ slots: [String] = ["1"]
  ) async throws -> FleetMember {
    try await fleet.worker(
      "troubles", node: "\(name)@zoo", as: name, queues: queues,
      pool: ["-P", "threads", "-c"] + slots)
  }

  /// Its queue and its slots were told, before it hears nothing any more.
  private static func isKnown(_ queue: String, _ serving: Serving) async throws {
    try await eventually(within: 90, "who consumes \(queue)") {
      try await pass(seconds: 0.5)
      return try serving.get("/metrics").body.contains(
        "\ncelery_active_worker_count{queue_name=\"\(queue)\"} 1\n")
    }
  }
}
