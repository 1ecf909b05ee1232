import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// A million results and twenty thousand queues: what a poll and a step of a scan cost then.
@Suite struct LargeServerTests {
  static let results = 1_000_000
  static let queues = 20_000

  /// Every tenth queue holds three messages; three hundred are unacknowledged.
  private static let script = """
    for i = 1, tonumber(ARGV[1]) do
      local name = 'q' .. i
      redis.call('SADD', '_kombu.binding.' .. name, name .. '\\6\\22\\6\\22' .. name)
      if i % 10 == 0 then
        for j = 1, 3 do
          local id = name .. '-' .. j
          redis.call('LPUSH', name, '{"body":"e30=","headers":{"id":"' .. id ..
            '","task":"a.b"},"properties":{"delivery_tag":"' .. id .. '"}}')
        end
      end
    end
    for i = 1, 300 do
      redis.call('ZADD', 'unacked_index', 1795000000 + i, 'u' .. i)
      redis.call('HSET', 'unacked', 'u' .. i, '[{"headers":{"id":"u' .. i ..
        '","task":"a.b"},"properties":{"delivery_tag":"u' .. i .. '"}},"","q1"]')
    end
    """

  private static func fill(_ server: RedisServer) throws {
    // Each is a string of a hundred bytes that begins with its key's number.
    try server.command("DEBUG", "POPULATE", "\(results)", "celery-task-meta-x", "100")
    try server.command("EVAL", script, "0", "\(queues)")
  }

  private static let layout = KeyLayout(database: 0)

  /// What `body` costs.
  private static func spent<Answer>(
    _ cost: RedisCostCounter, _ body: () async throws -> Answer
  ) async throws -> (answer: Answer, commands: Int, bytesIn: Int, bytesOut: Int) {
    let before = cost.value
    let answer = try await body()
    let after = cost.value
    return (
      answer, after.total - before.total, after.bytesIn - before.bytesIn,
      after.bytesOut - before.bytesOut
    )
  }

  @Test func `a poll and a step of a scan cost what they always cost`() async throws {
    let server = try await RedisServer()
    try Self.fill(server)
    #expect(try server.command("DBSIZE").integer ?? 0 > Self.results + Self.queues)
    let budget = CollectionBudget()
    let cost = RedisCostCounter()
    let link = server.link(cost: cost)
    _ = try await link.read([.ping])

    // The bindings: a whole pass.
    let pace = ScanPace(time: SystemTime.source, share: 0.9)
    let bindings = try await Self.spent(cost) {
      try await BindingCollector(layout: Self.layout, budget: budget, pace: pace)
        .pass(link) { _ in }
    }
    let found = try #require(bindings.answer)
    #expect(found.queues.count == budget.queues)
    #expect(found.isCut)
    // A SCAN for each 500 keys, and no set read once there are too many queues.
    #expect(bindings.commands < (Self.results + Self.queues * 2) / budget.scanStep * 3 / 2 + 2500)
    // The names of the sets themselves are what comes back.
    #expect(bindings.bytesIn < 2 << 20)

    // Polls: each counts its share, and in turns all of them.
    let names = found.queues.sorted { $0.text < $1.text }
    var facts = CollectedFacts()
    var rota = QueueRota()
    for turn in 0..<10 {
      let asked = rota.next(of: names, counted: facts.counted, atMost: budget.queuesPerPoll)
      let poll = try await Self.spent(cost) {
        try await FastPoll(layout: Self.layout, budget: budget, time: SystemTime.source)
          .run(link, queues: asked, suspects: [:], turn: turn)
      }
      facts.take(
        poll.answer, known: names, asked: asked, at: at(Double(turn)), duration: .zero)
      guard turn > 0 else { continue }
      #expect(asked.count <= budget.queuesPerPoll)
      #expect(poll.commands <= budget.queuesPerPoll * 4 + budget.headsPerPoll * 3 + 40)
      #expect(poll.bytesIn < 256 << 10)
      #expect(poll.bytesOut < 256 << 10)
    }
    #expect(facts.lengths.value?.count == budget.queues)

    // What is held: a sample.
    let sample = try await Self.spent(cost) {
      try await UnackedSampleCollector(
        layout: Self.layout, budget: budget, isQueue: { _ in false }
      ).sample(link, after: UnackedSample()).get()
    }
    #expect(sample.answer.byQueue == .init(counts: ["q1": 300], isEstimate: true))
    #expect(sample.commands <= budget.unackedMessages * 3)
    #expect(sample.bytesIn < 128 << 10)

    try await Self.scanSome(link, cost, budget, pace)
  }

  /// Fifty steps of the results' scan: neither a step nor the memory of it grows with the keys.
  private static func scanSome(
    _ link: RedisLink, _ cost: RedisCostCounter, _ budget: CollectionBudget, _ pace: ScanPace
  ) async throws {
    let counts = Collected<Int>()
    let scan = try await spent(cost) {
      try await ResultScanner(
        layout: layout, budget: budget, pace: pace, taskName: { _ in nil }
      ).pass(link) { tally in
        let facts = tally.facts(completedPasses: 0, at: at(0))
        counts.add(facts.count)
        #expect(facts.largest.count <= budget.largestResults)
        #expect(facts.tasks.count <= 1)
        return counts.all.count < 50
      }
    }
    let seen = counts.all.last ?? 0
    #expect(seen > 50 * budget.scanStep / 2)
    #expect(scan.commands <= seen * 3 + 50)
    // Of a result no more is read than where its state stands.
    #expect(scan.bytesIn < seen * 300)
  }
}
