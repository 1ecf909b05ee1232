import CeleryProtocol
import Foundation
import RedisClient
import Synchronization
import TaskmonDemo
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// A shop at work among a million results and twenty thousand queues, watched for a minute.
@Suite struct LargeShopLiveTests {
  private static let results = 1_000_000
  private static let queues = 20_000

  /// Makes what `ARGV[1]` to `ARGV[2]` count; every tenth queue holds three messages.
  private static let resultScript = """
    for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
      redis.call('SET', 'celery-task-meta-' .. i,
        '{"status": "SUCCESS", "result": null, "traceback": null, "task_id": "' .. i .. '"}',
        'EX', 86000)
    end
    """
  private static let queueScript = """
    for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
      local name = 'tenant-' .. i
      redis.call('SADD', '_kombu.binding.' .. name, name .. '\\6\\22\\6\\22' .. name)
      if i % 10 == 0 then
        for j = 1, 3 do
          redis.call('LPUSH', name, '{"body":"e30=","headers":{"id":"' .. name .. j ..
            '","task":"a.b"},"properties":{"delivery_tag":"' .. name .. j .. '"}}')
        end
      end
    end
    """

  private static func fill(_ socket: String) throws {
    let client = try WireClient(socket: socket)
    for (script, count) in [(resultScript, results), (queueScript, queues)] {
      for begin in stride(from: 1, through: count, by: 20_000) {
        try client.command("EVAL", script, "0", "\(begin)", "\(min(count, begin + 19_999))")
      }
    }
  }

  /// What was seen at one moment, from the first poll on.
  private struct Look {
    var polls = 0
    var lastPoll: Timestamp?
    var cost = OwnCost()
    var at: Timestamp?
  }

  /// Counts every poll, also those between two looks.
  private final class Diary: Sendable {
    private let look = Mutex(Look())

    var now: Look { look.withLock { $0 } }

    func note(_ snapshot: Snapshot) {
      look.withLock { look in
        look.cost = snapshot.cost
        look.at = snapshot.takenAt
        guard let polledAt = snapshot.polledAt, polledAt != look.lastPoll else { return }
        look.lastPoll = polledAt
        look.polls += 1
      }
    }
  }

  @Test func `a whole minute beside a shop at work costs what it may`() async throws {
    let options = DemoOptions(
      scenario: try #require(ScenarioRegistry.named("healthy")), seed: 5)
    let session = DemoSession(options: options, time: SystemTime.source)
    let environment = ProcessInfo.processInfo.environment
    let url = try await session.start(
      searchPath: environment["PATH"], temporary: environment["TMPDIR"])
    let outcome: Result<Void, any Error>
    do {
      try Self.fill(String(url.dropFirst("redis+socket://".count).prefix { $0 != "?" }))
      let life = Task { try await session.run() }
      defer { life.cancel() }
      outcome = .success(try await Self.watch(url))
    } catch {
      outcome = .failure(error)
    }
    await session.stop()
    try outcome.get()
  }

  private static func watch(_ url: String) async throws {
    let diary = Diary()
    let configuration = MonitorConfiguration(broker: try RedisURL(url))
    try await ObservedMonitor.observe(
      configuration,
      invariant: { snapshot in
        diary.note(snapshot)
        return nil
      },
      { monitor in
        try await eventually(within: 90, "the shop among all the others") {
          monitor.latest?.workers.value?.count == 4 && shopQueues(monitor.latest).count == 4
        }
        let before = diary.now
        try await eventually(within: 120, "a minute") {
          (diary.now.at ?? at(0)) - (before.at ?? at(0)) >= Seconds(60)
        }
        judge(before, diary.now)
        try judge(try #require(monitor.latest))
      })
  }

  private static func shopQueues(_ snapshot: Snapshot?) -> [String] {
    let workers: [WorkerFacts] = snapshot?.workers.value ?? []
    let names: Set<String> = Set(workers.flatMap { $0.queues.value ?? [] })
    let queues: [QueueFacts] = snapshot?.queues.value ?? []
    return queues.map(\.name).filter { names.contains($0) }
  }

  /// A poll's share of all that was asked in the minute, the scans' included.
  private static func judge(_ before: Look, _ after: Look) {
    let polls = max(1, after.polls - before.polls)
    #expect(polls >= 10)
    let sent = after.cost.commands.reduce(into: [String: Int]()) { sent, command in
      sent[command.key] = (command.value - (before.cost.commands[command.key] ?? 0)) / polls
    }
    func perPoll(_ names: String...) -> Int { names.reduce(0) { $0 + (sent[$1] ?? 0) } }
    func bytes(_ count: KeyPath<OwnCost, ByteCount>) -> Int {
      Int(after.cost[keyPath: count].value - before.cost[keyPath: count].value) / polls
    }
    let received = bytes(\.bytesReceived)
    let written = bytes(\.bytesSent)
    // 500 queues of four lists each, and those just found; then the ends of what holds messages.
    #expect(perPoll("LLEN") <= 2300)
    #expect(perPoll("MEMORY") <= 110)
    #expect(perPoll("LRANGE") <= 320)
    #expect(perPoll("INFO") <= 3)
    // What the scans look at: a step is 500 keys, each with three reads.
    #expect(perPoll("STRLEN", "PTTL", "GETRANGE") <= 15_000)
    #expect(perPoll("SCAN", "SSCAN") <= 100)
    #expect(perPoll("LLEN", "STRLEN", "HLEN", "ZCARD", "SSCAN", "EXISTS") <= 7500)
    #expect(sent.values.reduce(0, +) <= 18_000)
    #expect(received < 2_000_000)
    #expect(written < 2_000_000)
    #expect((after.cost.roundTrips - before.cost.roundTrips) / polls <= 150)
  }

  private static func judge(_ snapshot: Snapshot) throws {
    #expect((5...2000).contains(snapshot.queues.value?.count ?? 0))
    #expect(shopQueues(snapshot).count == 4)
    #expect(snapshot.events.received > 0)
    #expect(snapshot.events.gaps == 0)
    #expect(snapshot.cost.redisTime.map { $0 > .zero } == true)
    let results = try #require(snapshot.results.value)
    #expect(results.count > 0)
    #expect(results.withoutExpiry == 0)
    #expect(results.largest.count <= 50)
    let failed = snapshot.collectors.filter { $0.failure != nil }.map(\.name)
    // That there are more queues than are followed is said; nothing else went wrong.
    #expect(failed.allSatisfy { $0 == BindingCollector.name })
  }
}
