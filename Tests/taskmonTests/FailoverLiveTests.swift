import Foundation
import TaskmonTestSupport
import Testing

/// A master that dies, or steps down on request, and a replica that takes its place: `serve` and
/// `top` find it by themselves, and find nothing wrong there.
@Suite("A failover is survived by whoever looks on", .tags(.live))
struct FailoverLiveTests {
  /// The header of `top` and the exposition tell the two servers apart by their maxmemory.
  private static let limits = (old: 400, new: 500)

  @Test(
    "the master dies: both recover with the replica's keys, and nothing is told but the gap",
    .timeLimit(.minutes(8)), arguments: [300, 1000])
  func death(_ downAfter: Int) async throws {
    let group = try await Self.group(downAfter)
    let harbour = try await Harbour(broker: group.url)
    let beat = try await harbour.fleet.beat("incidents", as: "beat")
    let terminal = try await Self.console(on: group)
    try await harbour.isSeen()
    let died = try await harbour.inQuiet([beat]) { try await group.first.kill9() }
    let times = try await recovery(of: harbour, and: terminal)
    print("master dead, down after \(downAfter) ms: \(times.text(since: died))")
    try await expectQuiet(harbour, terminal)
    // It comes back empty, and is made a replica of the one that took its place. Silence proves a
    // worker's loss from a minute after the reconnection.
    try await group.first.restart()
    try await Self.isReplica(group.first)
    try await expectQuiet(harbour, terminal, for: 35)
  }

  @Test(
    "the master steps down on request: both are with the new one, and nothing is told but a gap",
    .timeLimit(.minutes(8)))
  func request() async throws {
    let group = try await Self.group(1000)
    let harbour = try await Harbour(broker: group.url)
    let terminal = try await Self.console(on: group)
    try await harbour.isSeen()
    let asked = try await harbour.inQuiet {
      try group.sentinel.command("SENTINEL", "FAILOVER", "shop")
      try await Self.isReplica(group.first)
    }
    let times = try await recovery(of: harbour, and: terminal)
    print("failover on request: \(times.text(since: asked))")
    // Silence proves a worker's loss from a minute after the reconnection.
    try await expectQuiet(harbour, terminal, for: 100)
  }

  private static func isReplica(_ old: RedisServer) async throws {
    try await eventually(within: 60, "the old master is a replica") {
      // Sentinel closes its connections when it makes a server a replica.
      (try? old.command("ROLE").array?.first?.text) == "slave"
    }
  }

  private static func group(_ downAfter: Int) async throws -> SentinelGroup {
    try await SentinelGroup(
      downAfter: downAfter,
      arguments: (["--maxmemory", "\(limits.old)mb"], ["--maxmemory", "\(limits.new)mb"]))
  }

  private static func console(on group: SentinelGroup) async throws -> Tmux {
    let terminal = try await Tmux(columns: 140, rows: 40, environment: try Taskmon().environment)
    try await terminal.enter("\(Taskmon.path) top --broker '\(group.url)'")
    try await terminal.shows("the old master's limit", within: 60) {
      $0.contains("/\(limits.old)M")
    }
    return terminal
  }

  private struct Times {
    let serve: ContinuousClock.Instant
    let top: ContinuousClock.Instant
    let worker: ContinuousClock.Instant

    func text(since begin: ContinuousClock.Instant) -> String {
      func span(_ end: ContinuousClock.Instant) -> String {
        let (seconds, fraction) = (end - begin).components
        return String(format: "%.1f s", Double(seconds) + Double(fraction) / 1e18)
      }
      return "serve \(span(serve)), top \(span(top)), Celery's worker \(span(worker))"
    }
  }

  /// When each of them had read the new master.
  private func recovery(of harbour: Harbour, and terminal: Tmux) async throws -> Times {
    async let serve = moment {
      let bytes = Double(Self.limits.new * 1024 * 1024)
      try await eventually(within: 120, "serve is with the new master") {
        let page = Page(try harbour.serving.get("/metrics").body)
        return page.sum("celery_broker_memory_max_bytes") == bytes && page.sum("taskmon_up") == 1
      }
    }
    async let top = moment {
      try await terminal.shows("the new master's limit", within: 120) {
        $0.contains("/\(Self.limits.new)M") && !$0.contains("STALE")
      }
    }
    async let worker = moment { try await harbour.isBack(harbour.worker) }
    return try await Times(serve: serve, top: top, worker: worker)
  }

  private func moment<Value>(_ work: () async throws -> Value) async throws
    -> ContinuousClock.Instant
  {
    _ = try await work()
    return .now
  }

  /// Whatever was told while no master was there is over, and stays so.
  private func expectQuiet(
    _ harbour: Harbour, _ terminal: Tmux, for seconds: Double = 60
  ) async throws {
    try await pass(seconds: seconds)
    #expect(
      harbour.vigil.phases.allSatisfy { $0 == [Harbour.unreachable] }, "\(harbour.vigil.details)")
    let document = try harbour.vigil.document()
    #expect(document.findings.allSatisfy { $0.severity == "info" }, "\(document.headlines)")
    let judged = Set(document.healthy).isSuperset(of: [
      "broker-flushed", "broker-unreachable", "lost-worker", "queue-without-consumers",
    ])
    #expect(judged, "\(document.unknown)")
    let screen = try await terminal.screen()
    #expect(!screen.contains("STALE") && screen.contains("/\(Self.limits.new)M"), "\(screen)")
    let header = screen.split(separator: "\n").prefix(2).joined()
    #expect(!header.contains("CRITICAL") && !header.contains("WARNING"), "\(screen)")
    #expect(harbour.worker.exitStatus == nil)
  }
}
