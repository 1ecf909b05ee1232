import CeleryProtocol
import RedisClient
import Testing

@testable import TaskmonCollector

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
