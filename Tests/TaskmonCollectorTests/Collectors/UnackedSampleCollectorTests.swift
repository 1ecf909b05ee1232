import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct UnackedSampleCollectorTests {
  private struct Bench {
    let server: RedisServer
    let cost = RedisCostCounter()
    let link: RedisLink
    var budget = CollectionBudget()

    init() async throws {
      server = try await RedisServer()
      link = server.link(cost: cost)
      _ = try await link.read([.ping])
    }

    /// What a worker writes when it takes a message.
    func hold(
      _ tag: String, at moment: Double, from key: String = "celery", exchange: String = "",
      body: String = "e30="
    ) throws {
      let value =
        #"[{"body":"\#(body)","headers":{"task":"a.b","id":"\#(tag)"},"#
        + #""properties":{"delivery_tag":"\#(tag)"}},"\#(exchange)","\#(key)"]"#
      try server.command("HSET", "unacked", tag, value)
      try server.command("ZADD", "unacked_index", "\(1_795_000_000 + moment)", tag)
    }

    func sample(
      after last: UnackedSample = UnackedSample()
    ) async throws -> (sample: UnackedSample, commands: [String: Int], bytes: Int) {
      let before = cost.value
      let found = try await UnackedSampleCollector(
        layout: layout, budget: budget, isQueue: { ["celery", "mail"].contains($0) }
      ).sample(link, after: last).get()
      let after = cost.value
      let commands = after.commands.map { ($0.key, $0.value - (before.commands[$0.key] ?? 0)) }
      return (
        found, Dictionary(commands.filter { $0.1 > 0 }, uniquingKeysWith: { $1 }),
        after.bytesIn - before.bytesIn
      )
    }
  }

  @Test func `each held message is known with its queue, the oldest first`() async throws {
    let bench = try await Bench()
    try bench.hold("second", at: 2, from: "mail")
    try bench.hold("first", at: 1)
    try bench.hold("third", at: 3, from: "mail", exchange: "mail")
    let sample = try await bench.sample().sample
    #expect(sample.isWhole)
    #expect(
      sample.entries.map { $0.message.message.value?.taskID } == ["first", "second", "third"])
    #expect(sample.entries.map(\.message.deliveredAt) == [at(1), at(2), at(3)])
    #expect(
      sample.byQueue
        == UnackedSample.Shares(counts: ["celery": 1, "mail": 2], isEstimate: false))
  }

  @Test func `nothing is read twice, except what was handed out again`() async throws {
    let bench = try await Bench()
    for tag in 1...5 { try bench.hold("\(tag)", at: Double(tag)) }
    let first = try await bench.sample()
    #expect(first.commands["HGET"] == 5)
    let second = try await bench.sample(after: first.sample)
    #expect(second.commands == ["HLEN": 1, "ZRANGE": 1])
    #expect(second.sample == first.sample)
    try bench.hold("1", at: 9)
    let third = try await bench.sample(after: second.sample)
    #expect(third.commands["HGET"] == 1)
    #expect(third.sample.entries.last?.message.deliveredAt == at(9))
  }

  @Test func `a message whose source has no name makes the shares an estimate`() async throws {
    let bench = try await Bench()
    try bench.hold("1", at: 1)
    try bench.hold("2", at: 2, from: "topic.key", exchange: "topics")
    let sample = try await bench.sample().sample
    #expect(sample.isWhole)
    #expect(sample.byQueue == UnackedSample.Shares(counts: ["celery": 1], isEstimate: true))
  }

  @Test func `a giant is measured and not read`() async throws {
    let bench = try await Bench()
    try bench.hold("big", at: 1, body: String(repeating: "A", count: 2_000_000))
    let found = try await bench.sample()
    #expect(found.bytes < 1000)
    let entry = try #require(found.sample.entries.first)
    #expect(entry.message.size > .mebibytes(1))
    #expect(entry.message.message.reason == "1.9 MiB are not read (limit 64.0 KiB)")
    #expect(found.sample.byQueue.isEstimate)
    #expect(try await bench.sample(after: found.sample).commands["HSTRLEN"] == nil)
  }

  @Test func `no poll reads more than its bytes, and what waits comes in turn`() async throws {
    var bench = try await Bench()
    bench.budget.unackedBytes = .kibibytes(10)
    for tag in 1...10 {
      try bench.hold("\(tag)", at: Double(tag), body: String(repeating: "A", count: 3000))
    }
    var sample = UnackedSample()
    var polls = 0
    repeat {
      let found = try await bench.sample(after: sample)
      #expect(found.bytes < 12 << 10)
      #expect(found.sample.entries.count == 10)
      sample = found.sample
      polls += 1
    } while sample.entries.contains { $0.isPending } && polls < 10
    #expect(polls == 4)
    #expect(sample.byQueue.counts == ["celery": 10])
  }

  @Test(arguments: [(199, true), (200, true), (201, false)])
  func `up to two hundred are counted, more are estimated`(
    count: Int, isWhole: Bool
  ) async throws {
    let bench = try await Bench()
    for tag in 0..<count { try bench.hold("\(tag)", at: Double(tag)) }
    let found = try await bench.sample()
    #expect(found.sample.isWhole == isWhole)
    #expect(
      found.sample.byQueue
        == UnackedSample.Shares(counts: ["celery": count], isEstimate: !isWhole))
    #expect(found.commands["HGET"] ?? 0 <= 200)
  }

  @Test func `an estimate is not misled by the oldest`() async throws {
    let bench = try await Bench()
    // The first hundred wait for their eta; what follows is of another queue.
    for tag in 0..<100 { try bench.hold("\(tag)", at: Double(tag)) }
    for tag in 100..<1000 { try bench.hold("\(tag)", at: Double(tag), from: "mail") }
    let sample = try await bench.sample().sample
    #expect(
      sample.byQueue
        == UnackedSample.Shares(counts: ["celery": 100, "mail": 900], isEstimate: true))
  }

  @Test func `an index entry without its message, or the reverse, is no trap`() async throws {
    let bench = try await Bench()
    try bench.hold("1", at: 1)
    try bench.server.command("ZADD", "unacked_index", "1795000000", "orphan")
    #expect(try await bench.sample().sample.entries.count == 1)
    try bench.server.command("HSET", "unacked", "unindexed", "garbage", "also", "[]")
    let sample = try await bench.sample().sample
    #expect(!sample.isWhole)
  }

  @Test func `garbage is a message nobody can read`() async throws {
    let bench = try await Bench()
    for (index, value) in ["[", "{}", "[{}]", "\u{0}", #"[{"headers":1},1,2]"#].enumerated() {
      try bench.server.command("HSET", "unacked", "\(index)", value)
      try bench.server.command("ZADD", "unacked_index", "\(index)", "\(index)")
    }
    let sample = try await bench.sample().sample
    #expect(sample.entries.count == 5)
    #expect(sample.byQueue.isEstimate)
  }
}
