import CeleryProtocol
import RedisClient
import TaskmonModel
import Testing

@testable import TaskmonCollector

@Suite struct QueueLengthCollectorTests {
  private static func counted(
    _ queue: QueueName, _ ready: [Int]
  ) -> QueueLengthCollector.Counted {
    QueueLengthCollector.Counted(
      queue: queue,
      priorities: zip([0, 3, 6, 9], ready).map { PriorityLength(step: $0, ready: $1) })
  }

  @Test func `each step of each queue is asked for and counted`() throws {
    let reading = QueueLengthCollector.reading(["celery", "mail"], layout: layout)
    #expect(
      reading.commands
        == ["celery", "mail"].flatMap { queue in
          [0, 3, 6, 9].map { .listLength(layout.messages(of: queue, step: $0)) }
        })
    let lengths = try reading.value([1, 0, 2, 0, 0, 0, 0, 0].map { .integer($0) })
    #expect(
      lengths
        == .init(
          queues: [Self.counted("celery", [1, 0, 2, 0]), Self.counted("mail", [0, 0, 0, 0])],
          problems: []))
  }

  @Test func `a key of another type costs only its own queue`() throws {
    let reading = QueueLengthCollector.reading(["celery", "odd", "mail"], layout: layout)
    let replies: [RedisReply] =
      [.integer(1), .integer(0), .integer(0), .integer(0)]
      + [.wrongType, .integer(0), .integer(0), .integer(0)]
      + [.integer(4), .integer(0), .integer(0), .integer(0)]
    let lengths = try reading.value(replies)
    #expect(lengths.queues.map(\.queue) == ["celery", "mail"])
    #expect(
      lengths.problems == ["queue odd: the key holds another type than Celery puts there"])
  }

  @Test(arguments: [
    ([0, 0, 0, 0], nil), ([0, 0, 5, 0], 6), ([1, 0, 5, 9], 0), ([0, 0, 0, 1], 9),
  ])
  func `the next message comes from the most urgent step that holds one`(
    _ ready: [Int], _ step: Int?
  ) {
    #expect(Self.counted("q", ready).mostUrgent == step)
  }

  @Test func `no queue asked is no queue counted and no failure`() throws {
    let lengths = try QueueLengthCollector.reading([], layout: layout).value([])
    #expect(lengths == .init(queues: [], problems: []))
  }
}
