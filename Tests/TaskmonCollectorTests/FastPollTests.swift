import CeleryProtocol
import Foundation
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct FastPollTests {
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

    /// One poll, with the round trips and bytes it took.
    func poll(
      _ queues: [QueueName], suspects: [QueueName: String] = [:], turn: Int = 0
    ) async throws -> (facts: FastFacts, trips: Int, bytes: Int) {
      let before = cost.value
      let facts = try await FastPoll(layout: layout, budget: budget, time: SystemTime.source)
        .run(link, queues: queues, suspects: suspects, turn: turn)
      let after = cost.value
      return (facts, after.roundTrips - before.roundTrips, after.bytesIn - before.bytesIn)
    }

    func push(_ tag: String, to queue: String, end: String = "LPUSH", body: String = "e30=") throws
    {
      let element =
        #"{"body":"\#(body)","headers":{"task":"a.b","id":"\#(tag)"},"#
        + #""properties":{"delivery_tag":"\#(tag)"}}"#
      try server.command(end, queue, element)
    }
  }

  @Test func `empty queues cost one round trip`() async throws {
    let bench = try await Bench()
    let poll = try await bench.poll(["celery", "mail"])
    #expect(poll.trips == 1)
    #expect(try poll.facts.lengths.get().queues.map(\.mostUrgent) == [nil, nil])
    #expect(try poll.facts.unacked.get() == UnackedFacts(count: 0))
    #expect(try poll.facts.markers.get() == [])
  }

  @Test func `messages cost two more, and their ends are read`() async throws {
    let bench = try await Bench()
    try bench.push("first", to: "celery")
    try bench.push("second", to: "celery")
    let poll = try await bench.poll(["celery", "mail"])
    #expect(poll.trips == 3)
    let ends = try #require(try poll.facts.heads.get().first)
    #expect(ends.head?.value?.deliveryTag == "first")
    #expect(ends.newest?.value?.deliveryTag == "second")
    #expect(ends.tailTags == ["first"])
  }

  @Test func `a message of five megabytes is not read`() async throws {
    let bench = try await Bench()
    try bench.push("big", to: "celery", body: String(repeating: "A", count: 5_000_000))
    let poll = try await bench.poll(["celery"])
    #expect(poll.bytes < 64 << 10)
    #expect(poll.trips == 2)
    let ends = try #require(try poll.facts.heads.get().first)
    #expect(ends.head?.reason?.hasSuffix("MiB are not read (limit 64.0 KiB)") == true)
    #expect(try poll.facts.lengths.get().queues.first?.mostUrgent == 0)
  }

  @Test func `only where a suspect has gone more of the list is read`() async throws {
    let bench = try await Bench()
    for tag in ["a", "b", "c"] { try bench.push(tag, to: "celery") }
    let still = try await bench.poll(["celery"], suspects: ["celery": "a"])
    #expect(still.trips == 3)
    // A restored message goes to the front of the line.
    try bench.push("restored", to: "celery", end: "RPUSH")
    let moved = try await bench.poll(["celery"], suspects: ["celery": "a"])
    #expect(moved.trips == 4)
    #expect(try moved.facts.heads.get().map(\.tailTags) == [["restored", "a", "b", "c"]])
  }

  @Test func `a key of another type costs only its own queue`() async throws {
    let bench = try await Bench()
    try bench.server.command("SET", "odd", "x")
    try bench.server.command("SET", "unacked", "x")
    try bench.push("a", to: "celery")
    let poll = try await bench.poll(["odd", "celery"])
    #expect(try poll.facts.lengths.get().queues.map(\.queue) == ["celery"])
    #expect(try poll.facts.lengths.get().problems.count == 1)
    #expect(poll.facts.unacked.failure != nil)
    #expect(try poll.facts.heads.get().count == 1)
  }

  @Test func `queues take turns where they are too many, and all of them come`() async throws {
    var bench = try await Bench()
    bench.budget.headsPerPoll = 3
    let names = (0..<10).map { "q\($0)" }
    for name in names { try bench.push(name, to: name) }
    var seen: Set<String> = []
    for turn in 0..<10 {
      let heads = try await bench.poll(names.map { QueueName($0) }, turn: turn).facts.heads.get()
      #expect(heads.count == 3)
      seen.formUnion(heads.map(\.queue.text))
    }
    #expect(seen == Set(names))
  }

  @Test func `no poll reads more than its bytes, and all lists come in turn`() async throws {
    var bench = try await Bench()
    bench.budget.pollBytes = .kibibytes(100)
    let names = (0..<10).map { "q\($0)" }
    for name in names {
      try bench.push(name, to: name, body: String(repeating: "A", count: 20_000))
    }
    var seen: Set<String> = []
    for turn in 0..<20 {
      let poll = try await bench.poll(names.map { QueueName($0) }, turn: turn)
      #expect(poll.bytes < 150 << 10)
      seen.formUnion(try poll.facts.heads.get().map(\.queue.text))
    }
    #expect(seen == Set(names))
  }

  @Test func `two thousand queues are bounded round trips`() async throws {
    let bench = try await Bench()
    let poll = try await bench.poll((0..<2000).map { QueueName("q\($0)") })
    #expect(try poll.facts.lengths.get().queues.count == 2000)
    #expect(poll.trips <= 17)
    #expect(poll.bytes < 128 << 10)
  }
}
