import CeleryProtocol
import Foundation
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct RedBeatCollectorTests {
  private let reading = RedBeatCollector.reading(layout: layout, limit: 500)
  fileprivate static let token = "2283c824e64d11f1a0ce02fc00000001"

  @Test func `the captured lock and schedule are read`() throws {
    let state = try reading.value([
      .text(Self.token), .integer(24510), .integer(2),
      .array([
        .text("redbeat:every-2s"), .text("1795335453"), .text("redbeat:cron-min"),
        .text("1795335478"),
      ]),
    ])
    let facts = try #require(state.facts)
    #expect(facts.lock?.token == Self.token)
    #expect(facts.lock?.timeToLive == Seconds(24.51))
    #expect(facts.lock?.holderSince.map { $0.secondsSince1970.rounded() } == 1_795_335_439)
    #expect(facts.entryCount == 2)
    #expect(facts.nextDue == Timestamp(secondsSince1970: 1_795_335_453))
    #expect(
      state.due == [
        layout.redBeatEntry("every-2s"): Timestamp(secondsSince1970: 1_795_335_453),
        layout.redBeatEntry("cron-min"): Timestamp(secondsSince1970: 1_795_335_478),
      ])
  }

  @Test func `a database without RedBeat has none, which is known`() throws {
    let state = try reading.value([.text(""), .integer(-2), .integer(0), .array([])])
    #expect(state == .init(facts: nil, due: [:]))
  }

  @Test func `an entry scored -1 is never due`() throws {
    let state = try reading.value([
      .text(""), .integer(-2), .integer(1), .array([.text("redbeat:off"), .text("-1")]),
    ])
    #expect(state.facts == RedBeatFacts(lock: nil, entryCount: 1, nextDue: nil))
    #expect(state.due == [layout.redBeatEntry("off"): nil])
  }

  @Test(arguments: [(Int64(-1), true, nil), (-2, false, nil), (0, true, 0), (1500, true, 1.5)])
  func `a lock without expiry is held, one that expired meanwhile is not`(
    _ milliseconds: Int64, _ isHeld: Bool, _ seconds: Double?
  ) throws {
    let state = try reading.value([
      .text("t"), .integer(milliseconds), .integer(1), .array([.text("redbeat:x"), .text("5")]),
    ])
    #expect((state.facts?.lock != nil) == isHeld)
    #expect(state.facts?.lock?.timeToLive == seconds.map { Seconds($0) })
  }

  @Test(arguments: 0..<4)
  func `a key of another type is a sentence`(_ position: Int) {
    var replies: [RedisReply] = [.text("t"), .integer(5), .integer(1), .array([])]
    replies[position] = .wrongType
    #expect(
      reading.result(replies).failure?.description
        .hasSuffix("the key holds another type than Celery puts there") == true)
  }

  @Test func `a score without its member is ignored`() throws {
    let state = try reading.value([
      .text(""), .integer(-2), .integer(1), .array([.text("redbeat:x")]),
    ])
    #expect(state.due.isEmpty)
  }
}

@Suite struct RedBeatEntryCollectorTests {
  private static let key = layout.redBeatEntry("every-2s")

  private struct Hash: Decodable {
    let definition: String
    let meta: String
  }

  private static func captured() throws -> Hash {
    let bytes = try Fixture.bytes("celery/redbeat_keys.json")
    let object = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
    let entry = try #require(object?["redbeat:every-2s"])
    return try JSONDecoder().decode(
      Hash.self, from: try JSONSerialization.data(withJSONObject: entry))
  }

  @Test(arguments: [
    (Int64(4096), Int64(0), true), (4095, 1, true), (4095, 2, false), (0, 10, false),
  ])
  func `only entries within the limit are read`(_ definition: Int64, _ meta: Int64, _ isRead: Bool)
    throws
  {
    let reading = RedBeatEntryCollector.sizes([Self.key], limit: .kibibytes(4))
    #expect(
      try reading.value([.integer(definition), .integer(meta)]) == (isRead ? [Self.key] : []))
  }

  @Test func `an error for one entry leaves the others`() throws {
    let other = layout.redBeatEntry("other")
    let reading = RedBeatEntryCollector.sizes([Self.key, other], limit: .kibibytes(4))
    #expect(
      try reading.value([.wrongType, .wrongType, .integer(9), .integer(9)]) == [other])
  }

  @Test func `the captured entry is read with its due moment`() throws {
    let hash = try Self.captured()
    let entries = try RedBeatEntryCollector.entries([Self.key], due: [Self.key: at(9)])
      .value([.text(hash.definition), .text(hash.meta)])
    let entry = try #require(entries.first)
    #expect(entries.count == 1)
    #expect(entry.name == "every-2s")
    #expect(entry.task == "labapp.tiny")
    #expect(entry.argumentsText == "1")
    #expect(entry.schedule == .every(Seconds(2)))
    #expect(entry.source == .redBeat)
    #expect(entry.dueAt == at(9))
    #expect(entry.runCount == 6)
    #expect(entry.lastRun != nil)
  }

  @Test func `a lock under a name of its own is found by its token`() async throws {
    let server = try await RedisServer()
    let search = RedBeatLockSearch(
      layout: layout, budget: CollectionBudget(),
      pace: ScanPace(time: SystemTime.source, share: 0.9))
    try server.command("HSET", "redbeat:tick", "definition", "{}")
    try server.command("ZADD", "redbeat::schedule", "1", "redbeat:tick")
    try server.command("SET", "redbeat:note", "no token")
    try server.command("SET", "other:lock", RedBeatCollectorTests.token)
    #expect(try await search.pass(server.link()) == [])
    try server.command("SET", "redbeat:my-lock", RedBeatCollectorTests.token)
    #expect(try await search.pass(server.link()) == [RedisKey("redbeat:my-lock")])
    let elsewhere = RedBeatCollector.reading(
      layout: layout, lock: RedisKey("redbeat:my-lock"), limit: 5)
    let state = try elsewhere.value(try await server.link().read(elsewhere.commands))
    #expect(state.facts?.lock?.token == RedBeatCollectorTests.token)
  }

  @Test func `an entry that cannot be decoded is left out`() throws {
    let entries = try RedBeatEntryCollector.entries([Self.key, Self.key], due: [:])
      .value([.text("garbage"), .null, .null, .null])
    #expect(entries.isEmpty)
  }
}
