import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct RedBeatCollectorTests {
  private let reading = RedBeatCollector.reading(layout: layout, limit: 500)
  private static let token = "2283c824e64d11f1a0ce02fc00000001"

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
    #expect(facts.lock?.holderNode == "02fc00000001")
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
