import RedisClient
import Testing

@testable import TaskmonCollector

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
