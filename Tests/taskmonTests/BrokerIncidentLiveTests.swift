import Foundation
import TaskmonTestSupport
import Testing

/// What befalls a real Redis under a real Celery: before, during and after, `serve` says the one
/// thing that is so, and nothing else at warning or above.
@Suite("What befalls Redis is told, and nothing else", .tags(.live))
struct BrokerIncidentLiveTests {
  private static let flushed = "critical broker-flushed broker"

  @Test(
    "FLUSHALL: what was lost is told; workers and queues are not blamed", .timeLimit(.minutes(8)))
  func flushAll() async throws {
    let redis = try await RedisServer(tcp: true, arguments: ["--appendonly", "yes"])
    let harbour = try await Harbour(
      broker: redis.tcpURL(), queues: "celery,reminders", reminders: 5)
    try await harbour.isSeen(unacked: 5)
    try redis.command("FLUSHALL")
    let finding = try await harbour.vigil.finds("broker-flushed", since: .now)
    #expect(finding.evidence["cause"] == .text("command"))
    #expect(finding.evidence["unackedBefore"] == .number(5))
    #expect(finding.evidence["resultsBefore"].isAtLeast(20))
    #expect(finding.evidence["keysBefore"].isAtLeast(20))
    #expect(finding.message.contains("FLUSHALL"), "\(finding.message)")
    // A queue without consumers and a lost worker would be told by then.
    try await pass(seconds: 75)
    try harbour.expectAlarms([[Self.flushed]])
    #expect(harbour.worker.exitStatus == nil)
  }

  @Test("a restart that comes back empty: away, then the loss", .timeLimit(.minutes(8)))
  func emptyRestart() async throws {
    let redis = try await RedisServer(tcp: true)
    let harbour = try await Harbour(broker: redis.tcpURL())
    try await harbour.isSeen()
    let before = try redis.command("INFO", "server").text ?? ""
    let killed = try await harbour.inQuiet { try await redis.kill9() }
    try await harbour.vigil.finds("broker-unreachable", since: killed)
    try await redis.restart()
    let finding = try await harbour.finds(Self.flushed)
    #expect(finding.evidence["cause"] == .text("empty restart"))
    #expect(finding.evidence["resultsBefore"].isAtLeast(20))
    let runID = finding.evidence["runID"]?.text ?? "none"
    #expect(runID.count == 40 && !before.contains(runID))
    try await harbour.isBack(harbour.worker)
    // Silence proves a worker's loss from a minute after the reconnection.
    try await pass(seconds: 100)
    try harbour.expectAlarms([[Harbour.unreachable], [Self.flushed]])
    #expect(harbour.worker.exitStatus == nil)
  }

  /// A worker of Celery 5.7.0 that holds messages dies of the lost connection, and that is told;
  /// with a Celery that mends it, nothing is.
  @Test(
    "a restart with all its data: away, then nothing but a worker that did not survive it",
    .timeLimit(.minutes(8)))
  func restartWithData() async throws {
    let redis = try await RedisServer(tcp: true, arguments: ["--appendonly", "yes"])
    let broker = try redis.tcpURL()
    let harbour = try await Harbour(broker: broker, reminders: 5)
    let keeper = try await harbour.fleet.worker(
      "incidents", node: "w2@harbour", as: "w2", queues: "reminders",
      pool: ["-P", "threads", "-c", "1"])
    let beat = try await harbour.fleet.beat("incidents", as: "beat")
    try await harbour.isSeen(workers: 2, unacked: 5)
    // Of a silent worker whose pool nobody told it is not known whether it is at work.
    try await eventually(within: 60, "its pool is told") {
      try harbour.serving.get("/metrics").body.split(separator: "\n").contains {
        $0.hasPrefix("celery_worker_info{worker=\"w2@harbour\"") && $0.contains("pool=\"threads\"")
      }
    }
    try await harbour.inQuiet([beat]) { try await redis.kill9() }
    let away = try await harbour.finds(Harbour.unreachable)
    #expect(away.evidence["failed"]?.text?.isEmpty == false)
    try await redis.restart()
    try await harbour.isBack(harbour.worker)
    try await pass(seconds: 60)
    let isLost = keeper.exitStatus != nil
    let lost = "warning lost-worker w2@harbour"
    if isLost {
      let finding = try await harbour.finds(lost)
      #expect(finding.evidence["pid"]?.number == keeper.processID.map(Double.init))
    }
    try await pass(seconds: isLost ? 20 : 60)
    try harbour.expectAlarms([[Harbour.unreachable]] + (isLost ? [[lost]] : []))
    #expect(harbour.worker.exitStatus == nil)
  }

  @Test(
    "allkeys-lru: a warning from the start, critical once keys are evicted", .timeLimit(.minutes(8))
  )
  func evictsAnything() async throws {
    let redis = try await RedisServer(
      tcp: true, arguments: ["--maxmemory", "16mb", "--maxmemory-policy", "allkeys-lru"])
    let harbour = try await Harbour(broker: redis.tcpURL())
    try await harbour.isSeen()
    let mild = try await harbour.vigil.finds("broker-evicts", since: .now)
    #expect(mild.evidence["evictedRecently"] == .number(0))
    try redis.fill(untilEvicted: 50)
    let severe = try await harbour.finds("critical broker-evicts broker")
    #expect(severe.evidence["policy"] == .text("allkeys-lru"))
    #expect(severe.evidence["evictedRecently"].isAtLeast(1))
    try await pass(seconds: 60)
    try harbour.expectAlarms([["warning broker-evicts broker"], ["critical broker-evicts broker"]])
    #expect(harbour.worker.exitStatus == nil)
  }

  @Test(
    "volatile-lru: an info from the start, a warning once results are evicted",
    .timeLimit(.minutes(8)))
  func evictsResults() async throws {
    let redis = try await RedisServer(
      tcp: true, arguments: ["--maxmemory", "16mb", "--maxmemory-policy", "volatile-lru"])
    let harbour = try await Harbour(broker: redis.tcpURL())
    try await harbour.isSeen()
    _ = try await harbour.finds("info broker-evicts broker")
    try redis.fill(untilEvicted: 50)
    let finding = try await harbour.finds("warning broker-evicts broker")
    #expect(finding.evidence["policy"] == .text("volatile-lru"))
    #expect(finding.evidence["evictedRecently"].isAtLeast(1))
    #expect(finding.message.contains("results"), "\(finding.message)")
    try await pass(seconds: 60)
    try harbour.expectAlarms([["warning broker-evicts broker"]])
    #expect(harbour.worker.exitStatus == nil)
  }

  @Test(
    "volatile-lru in a database of queues: results go first, then writes are refused",
    .timeLimit(.minutes(8)))
  func evictsAndRefuses() async throws {
    let redis = try await RedisServer(
      tcp: true, arguments: ["--maxmemory", "16mb", "--maxmemory-policy", "volatile-lru"])
    let harbour = try await Harbour(broker: redis.tcpURL())
    try await harbour.isSeen()
    // What a worker at work makes of a refused write is not the question here.
    try harbour.trade.kill9()
    let element = Array(String(repeating: "x", count: 16_000).utf8)
    let push = [Array("RPUSH".utf8), Array("ours".utf8), element]
    try await eventually(within: 60, "Redis refuses a write") {
      try redis.pipeline(Array(repeating: push, count: 50)).contains { reply in
        if case .error(let text) = reply { text.hasPrefix("OOM") } else { false }
      }
    }
    let refused = "critical broker-memory-high broker"
    let finding = try await harbour.finds(refused)
    #expect(finding.evidence["policy"] == .text("volatile-lru"))
    #expect(finding.evidence["refusedWrites"].isAtLeast(1))
    try await pass(seconds: 45)
    #expect(harbour.vigil.phases.last == [refused, "warning broker-evicts broker"])
    let others = Set(harbour.vigil.phases.joined())
      .subtracting([refused, "warning broker-evicts broker"])
    #expect(others.isEmpty, "\(harbour.vigil.details)")
    #expect(harbour.worker.exitStatus == nil)
  }

  @Test(
    "noeviction and full: told in time, no worker is hurt, and it ends", .timeLimit(.minutes(8)))
  func full() async throws {
    let redis = try await RedisServer(
      tcp: true, arguments: ["--maxmemory", "32mb", "--maxmemory-policy", "noeviction"])
    let harbour = try await Harbour(broker: redis.tcpURL())
    try await harbour.isSeen()
    try redis.fill(to: 0.86)
    try await harbour.vigil.finds("broker-memory-high", since: .now)
    try redis.fill(to: 0.97)
    let finding = try await harbour.finds("critical broker-memory-high broker")
    #expect(finding.evidence["limit"] == .text("maxmemory"))
    #expect(finding.evidence["limitBytes"] == .number(32 * 1024 * 1024))
    #expect(finding.evidence["share"].isAtLeast(0.95))
    #expect(finding.evidence["policy"] == .text("noeviction"))
    // Longer than a round of questions: a worker whose answer Redis refuses would die.
    try await pass(seconds: 60)
    try harbour.expectAlarms([
      ["warning broker-memory-high broker"], ["critical broker-memory-high broker"],
    ])
    #expect(harbour.worker.exitStatus == nil)
    try redis.command("CONFIG", "SET", "maxmemory", "256mb")
    try await eventually(within: 60, "the end of it") {
      try harbour.vigil.document().healthy.contains("broker-memory-high")
    }
  }
}

extension Harbour {
  /// Exactly these were told at warning or above, in this order, and the last of them is still so.
  func expectAlarms(_ expected: [[String]]) throws {
    #expect(vigil.phases == expected, "\(vigil.details)")
    let now = try vigil.document().findings.filter { $0.severity != "info" }
    let isAway = expected.last == [Self.unreachable]
    #expect(now.map(\.headline) == (isAway ? [] : expected.last ?? []), "\(now)")
  }
}
