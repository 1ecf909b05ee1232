import CeleryProtocol
import RedisClient
import TaskmonModel
import Testing

@testable import TaskmonCollector

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
