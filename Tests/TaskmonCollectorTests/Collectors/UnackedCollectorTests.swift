import CeleryProtocol
import RedisClient
import TaskmonModel
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
