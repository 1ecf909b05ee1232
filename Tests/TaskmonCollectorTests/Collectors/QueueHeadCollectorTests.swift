import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct QueueHeadCollectorTests {
  private static func element(_ label: String) throws -> [UInt8] {
    try #require(try Capture.elements().first { $0.label == label }).bytes
  }

  private static let target = QueueHeadCollector.Target(
    queue: "celery", step: 3, length: 4, depth: 2)

  @Test func `a list's memory is divided by its length`() throws {
    let reading = QueueHeadCollector.sizes([Self.target, Self.target], layout: layout)
    #expect(
      reading.commands
        == Array(repeating: .memoryUsage(layout.messages(of: "celery", step: 3)), count: 2))
    #expect(try reading.value([.integer(4096), .null]) == [ByteCount(1024), nil])
  }

  @Test func `without the right to sizes no message is read`() {
    let result = QueueHeadCollector.sizes([Self.target], layout: layout)
      .result([.failure("NOPERM no")])
    #expect(result.failure?.description.hasPrefix("MEMORY USAGE: Redis does not permit") == true)
  }

  @Test func `the oldest element is the head and the tags count from it`() throws {
    let newer = try Self.element("plain delay")
    let head = try Self.element("countdown+expires")
    let tags = try [head, newer].map { try TaskMessage(decoding: $0).deliveryTag }
    let ends = QueueHeadCollector.ends(
      of: "celery", tail: .array([.bytes(newer), .bytes(head)]), front: .array([.bytes(newer)]))
    #expect(ends.head == .value(MessageFacts(try TaskMessage(decoding: head))))
    #expect(ends.newest == .value(MessageFacts(try TaskMessage(decoding: newer))))
    #expect(ends.tailTags == tags.compactMap(\.self))
    #expect(ends.tailTags.count == 2)
  }

  @Test func `garbage at the head is told, and those behind it keep their tags`() throws {
    let good = try Self.element("plain delay")
    let ends = QueueHeadCollector.ends(
      of: "celery", tail: .array([.bytes(good), .text("garbage \u{0}")]),
      front: .array([.bytes(good)]))
    #expect(ends.head?.reason?.hasPrefix("not a Celery message: ") == true)
    #expect(ends.newest?.value != nil)
    #expect(ends.tailTags.count == 1)
  }

  @Test(arguments: [RedisReply.array([]), .null, .wrongType])
  func `a list emptied meanwhile has no ends`(_ reply: RedisReply) {
    #expect(
      QueueHeadCollector.ends(of: "q", tail: reply, front: reply)
        == .init(queue: "q", head: nil, newest: nil, tailTags: []))
  }

  @Test func `every captured element is read or refused with a reason`() throws {
    let facts = try Capture.elements().map { QueueHeadCollector.message($0.bytes) }
    #expect(facts.count == 37)
    #expect(facts.compactMap(\.value).count == 37)
    #expect(facts.compactMap(\.value).allSatisfy { !$0.deliveryTag.isEmpty && $0.size > .zero })
  }

  @Test func `a head that a rule waits for is lost when no tag names it`() {
    let ends = QueueHeadCollector.Ends(queue: "q", head: nil, newest: nil, tailTags: ["a", "b"])
    #expect([nil, "a", "b", "c"].map { ends.hasLost($0) } == [false, false, false, true])
  }
}
