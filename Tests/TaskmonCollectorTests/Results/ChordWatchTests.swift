import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct ChordWatchTests {
  private static func scan(
    _ server: RedisServer, budget: CollectionBudget = CollectionBudget(),
    cost: RedisCostCounter = RedisCostCounter()
  ) async throws -> ResultTally {
    let pass = try await ResultScanner(
      layout: layout, budget: budget, pace: ScanPace(time: SystemTime.source, share: 0.9),
      taskName: { _ in nil }
    ).pass(server.link(cost: cost)) { _ in true }
    return try #require(try pass?.get())
  }

  /// What Celery keeps of a chord; `parts` have ended.
  private static func chord(
    _ server: RedisServer, _ group: String, size: Int, parts: [String], added: Int? = nil,
    result: String = "0"
  ) throws {
    let key = "celery-taskset-meta-\(group)"
    try server.command("SETEX", "\(key).s", "86400", "\(size)")
    if let added { try server.command("SETEX", "\(key).t", "86400", "\(added)") }
    for (index, part) in parts.enumerated() {
      try server.command("ZADD", "\(key).j", "\(index)", #"[1, "\#(part)", "SUCCESS", \#(result)]"#)
      try server.command("SADD", "\(key).d", "\(part):\(index)")
    }
  }

  @Test func `a chord with parts outstanding is met, a finished one is not`() async throws {
    let server = try await RedisServer()
    try Self.chord(server, "waits", size: 3, parts: ["p1", "p2"])
    try Self.chord(server, "done", size: 1, parts: ["p3"])
    try Self.chord(server, "fresh", size: 2, parts: [])
    try Self.chord(server, "grew", size: 1, parts: ["p4"], added: 1)
    try server.command("SET", "celery-taskset-meta-odd.s", "many")
    try server.command("SETEX", "celery-taskset-meta-group", "60", #"{"result": []}"#)
    try server.command("SETEX", "celery-task-meta-p1", "60", #"{"status": "SUCCESS"}"#)
    let tally = try await Self.scan(server)
    let looks = tally.chords.sorted { $0.groupID < $1.groupID }
    #expect(looks.map(\.groupID) == ["fresh", "grew", "waits"])
    #expect(looks.map(\.size) == [2, 2, 3])
    #expect(looks.map(\.done) == [0, 1, 2])
    #expect(looks[1].partID == "p4")
    #expect(looks.allSatisfy { $0.timeToLive ?? .zero > Seconds(86_000) })
    // Neither the counters nor a saved group is a result.
    #expect(tally.facts(completedPasses: 1, at: at(0)).count == 1)
  }

  @Test func `results kept in a chord are not read`() async throws {
    let server = try await RedisServer()
    let large = "\"" + String(repeating: "x", count: 1_000_000) + "\""
    try Self.chord(server, "big", size: 3, parts: ["p1", "p2"], result: large)
    let cost = RedisCostCounter()
    let tally = try await Self.scan(server, cost: cost)
    #expect(tally.chords.map(\.done) == [2])
    #expect(cost.value.bytesIn < 10_000)
  }

  @Test func `no more are followed than the budget says`() async throws {
    let server = try await RedisServer()
    for index in 0..<20 { try Self.chord(server, "g\(index)", size: 2, parts: []) }
    var budget = CollectionBudget()
    budget.chords = 7
    #expect(try await Self.scan(server, budget: budget).chords.count == 7)
  }

  @Test func `since when it stands is remembered until a part ends`() {
    var watch = ChordWatch()
    let look = ChordLook(groupID: "g", size: 3, done: 1, partID: "p", timeToLive: Seconds(9))
    watch.absorb([look], at: at(0)) { $0 == "p" ? "a.part" : nil }
    watch.absorb([look], at: at(60)) { _ in nil }
    var facts = ChordFacts(
      groupID: "g", size: 3, done: 1, unchangedSince: at(0), task: "a.part",
      timeToLive: Seconds(9))
    #expect(watch.facts == [facts])
    var moved = look
    moved.done = 2
    watch.absorb([moved], at: at(120)) { _ in nil }
    facts.done = 2
    facts.unchangedSince = at(120)
    #expect(watch.facts == [facts])
    watch.absorb([], at: at(180)) { _ in nil }
    #expect(watch.facts == [])
  }

  @Test func `stored failures are counted by class, and the classes are bounded`() async throws {
    let server = try await RedisServer()
    func fail(_ id: String, _ name: String) throws {
      try server.command(
        "SETEX", "celery-task-meta-\(id)", "60",
        #"{"status": "FAILURE", "result": {"exc_type": "\#(name)", "exc_message": ["x"]}}"#)
    }
    try fail("1", "ValueError")
    try fail("2", "ValueError")
    try fail("3", "KeyError")
    try server.command("SETEX", "celery-task-meta-4", "60", #"{"status": "SUCCESS", "result": 1}"#)
    try fail("5", String(repeating: "x", count: 300))
    let tally = try await Self.scan(server)
    #expect(
      tally.facts(completedPasses: 1, at: at(0)).failures
        == ["ValueError": 2, "KeyError": 1, "?": 1])
    var budget = CollectionBudget()
    budget.failureClasses = 1
    let bounded = try await Self.scan(server, budget: budget).facts(completedPasses: 1, at: at(0))
    #expect(bounded.failures.values.reduce(0, +) == 4)
    #expect(bounded.failures.count <= 2)
    #expect(bounded.failures["other"] ?? 0 >= 2)
  }
}
