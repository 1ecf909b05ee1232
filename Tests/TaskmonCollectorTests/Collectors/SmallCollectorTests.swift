import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct UnackedCollectorTests {
  private let reading = UnackedCollector.reading(layout: layout)

  @Test func `the lowest score is the oldest delivery`() throws {
    let facts = try reading.value([.integer(7), .array([.text("tag"), .text("1795000005.25")])])
    #expect(facts == UnackedFacts(count: 7, oldestDelivery: at(5.25)))
  }

  @Test func `nothing unacked is zero, which is known`() throws {
    #expect(
      try reading.value([.integer(0), .array([])]) == UnackedFacts(count: 0, oldestDelivery: nil))
  }

  @Test(arguments: ["nan", "inf", "-1", "", "x"])
  func `a score that is no moment is none`(_ score: String) throws {
    let facts = try reading.value([.integer(1), .array([.text("tag"), .text(score)])])
    #expect(facts.oldestDelivery == nil)
  }

  @Test func `a key of another type is a sentence`() {
    #expect(
      reading.result([.wrongType, .array([])]).failure?.description
        == "unacked messages: the key holds another type than Celery puts there")
  }
}

@Suite struct PresenceCollectorTests {
  @Test func `the markers that exist are named as read, with the prefix`() throws {
    let prefixed = KeyLayout(database: 0, globalPrefix: "px:")
    let reading = PresenceCollector.reading(layout: prefixed)
    let replies = reading.commands.indices.map { RedisReply.integer($0 == 5 ? 1 : 0) }
    #expect(try reading.value(replies) == ["px:unacked"])
  }

  @Test func `one refusal makes presence unknown`() {
    let reading = PresenceCollector.reading(layout: layout)
    let replies = reading.commands.map { _ in RedisReply.failure("NOPERM no") }
    #expect(reading.result(replies).failure != nil)
  }
}

@Suite struct ReplyCursorTests {
  private let presence = PresenceCollector.reading(layout: layout)

  @Test func `each reading gets its own replies and a failure costs only its own`() throws {
    let unacked = UnackedCollector.reading(layout: layout)
    var cursor = ReplyCursor(
      presence.commands.map { _ in .failure("NOPERM no") } + [.integer(3), .array([])])
    #expect(cursor.take(presence).failure != nil)
    #expect(try cursor.take(unacked).get().count == 3)
  }

  @Test func `too few replies are a failure and not a trap`() {
    var cursor = ReplyCursor([.integer(1)])
    #expect(
      cursor.take(presence).failure?.description
        == "Redis sent fewer replies than it was asked for")
  }

  @Test func `a position that is not there is a null reply`() {
    let replies: [RedisReply] = [.integer(1), .integer(2), .integer(3)]
    #expect(replies[1...].reply(0) == .integer(2))
    #expect(replies[1...].reply(2) == .null)
  }
}

@Suite struct ScanStepTests {
  @Test(arguments: [
    RedisReply.null, .array([]), .array([.text("0")]), .array([.text("0"), .integer(1)]),
    .failure("NOPERM no"), .integer(0),
  ])
  func `anything but a cursor and a list is no step`(_ reply: RedisReply) {
    #expect(ScanStep(reply) == nil)
  }

  @Test func `cursor and elements are taken as they are`() throws {
    let step = try #require(ScanStep(.array([.text("17"), .array([.text("a"), .null])])))
    #expect(step.cursor == Array("17".utf8))
    #expect(step.keys == [RedisKey("a")])
  }
}

@Suite struct ScanPaceTests {
  @Test func `a scan rests in proportion to what its step took`() async {
    let rests = Collected<Seconds>()
    let clock = ManualTime()
    let time = TimeSource(
      now: clock.source.now, uptime: clock.source.uptime, sleep: { rests.add($0) })
    let pace = ScanPace(time: time, share: 0.05)
    for length in [Seconds(0.001), Seconds(0.02), Seconds(3)] {
      let begun = pace.begin()
      clock.advance(by: length)
      #expect(await pace.rest(since: begun))
    }
    #expect(rests.all.map { ($0.value * 1000).rounded() } == [19, 380, 1000])
  }

  @Test func `a cancelled scan does not go on`() async {
    let time = TimeSource(
      now: { at(0) }, uptime: { .zero }, sleep: { _ in throw CancellationError() })
    #expect(await ScanPace(time: time, share: 0.05).rest(since: .zero) == false)
  }
}
