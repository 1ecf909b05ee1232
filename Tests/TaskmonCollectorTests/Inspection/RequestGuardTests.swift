import RedisClient
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct RequestGuardTests {
  private static let budget = CollectionBudget()

  struct Case: Sendable, CustomTestStringConvertible {
    var memory = "used_memory:1000\r\nmaxmemory:0\r\ntotal_system_memory:5000"
    var replication = "role:master"
    var persistence = "loading:0\r\nrdb_last_bgsave_status:ok\r\naof_last_write_status:ok"
    var silent: String?
    var free: ByteCount?
    var testDescription: String { "\(memory) \(replication) \(persistence)" }
  }

  @Test(arguments: [
    Case(free: ByteCount(4000)),
    Case(memory: "used_memory:9000\r\nmaxmemory:0\r\ntotal_system_memory:5000", free: .zero),
    Case(memory: "used_memory:1000\r\nmaxmemory:0", free: ByteCount(Int64.max)),
    Case(
      memory: "used_memory:940\r\nmaxmemory:1000\r\nmaxmemory_policy:noeviction",
      free: ByteCount(60)),
    Case(
      memory: "used_memory:950\r\nmaxmemory:1000\r\nmaxmemory_policy:noeviction",
      silent: "Redis is at 95 % of maxmemory: an answer that does not fit kills its worker"),
    Case(
      memory: "used_memory:1200\r\nmaxmemory:1000\r\nmaxmemory_policy:volatile-lru",
      silent: "Redis is at 120 % of maxmemory: an answer that does not fit kills its worker"),
    Case(
      memory: "used_memory:1000\r\nmaxmemory:1000\r\nmaxmemory_policy:allkeys-lru",
      silent: "Redis is at 100 % of maxmemory: answers would push out other keys, queues among them"
    ),
    Case(
      memory: "maxmemory:1000",
      silent: "INFO tells no used_memory, so it is not known whether answers would fit"),
    Case(
      replication: "role:slave",
      silent: "Redis is a slave here and refuses writes: workers could not answer"),
    Case(persistence: "loading:1", silent: "Redis is loading its data"),
    Case(
      persistence: "loading:0\r\nrdb_last_bgsave_status:err",
      silent: "Redis' last save failed and it may refuse writes: workers could not answer"),
    Case(
      persistence: "loading:0\r\naof_last_write_status:err",
      silent: "Redis cannot write its append-only file and refuses writes"),
  ])
  func `a request is only sent where its answer fits`(_ given: Case) throws {
    let verdict = try RequestGuard.reading(budget: Self.budget).value([
      .text(given.memory), .text(given.replication), .text(given.persistence),
    ])
    #expect(verdict == given.silent.map { .silent($0) } ?? .free(given.free ?? .zero))
  }

  @Test(arguments: 0..<3)
  func `what cannot be read forbids the request`(_ position: Int) {
    var replies: [RedisReply] = [
      .text("used_memory:1"), .text("role:master"), .text("loading:0"),
    ]
    replies[position] = .failure("NOPERM no")
    #expect(RequestGuard.reading(budget: Self.budget).result(replies).failure != nil)
  }
}

@Suite struct RequestBatchesTests {
  private static let sizes = ["a": 10, "b": 20, "c": 30, "d": 500]

  @Test(arguments: [
    (100, 8, [["a", "b", "c"]]), (30, 8, [["a", "b"], ["c"]]), (100, 2, [["a", "b"], ["c"]]),
    (5, 8, [["a"], ["b"], ["c"]]),
  ])
  func `a batch is bounded by bytes and by number`(
    _ limit: Int, _ count: Int, _ batches: [[String]]
  ) {
    #expect(
      RequestBatches.split(
        ["a", "b", "c"], expected: { Self.sizes[$0] ?? 0 }, limit: limit, count: count) == batches)
  }

  @Test func `nobody to ask is no batch`() {
    #expect(RequestBatches.split([], expected: { _ in 1 }, limit: 1, count: 1).isEmpty)
  }

  @Test func `whose answer alone would not fit is not asked`() {
    let (fitting, tooLarge) = RequestBatches.sieve(
      ["d", "a", "c"], expected: { Self.sizes[$0] ?? 0 }, limit: 30)
    #expect(fitting == ["a", "c"])
    #expect(tooLarge == ["d"])
  }

  @Test(arguments: [
    (ByteCount.mebibytes(100), 1_048_576), (.mebibytes(1_000_000), 16 << 20), (.zero, 0),
  ])
  func `a round takes at most one percent of what is free and sixteen mebibytes`(
    _ free: ByteCount, _ limit: Int
  ) {
    #expect(RequestBatches.limit(free: free, budget: CollectionBudget()) == limit)
  }

  @Test func `unbounded memory does not overflow`() {
    #expect(
      RequestBatches.limit(free: ByteCount(Int64.max), budget: CollectionBudget()) == 16 << 20)
  }
}
