import CeleryProtocol
import TaskmonModel
import Testing

@testable import TaskmonCollector

@Suite struct QueueRotaTests {
  private static func names(_ range: Range<Int>) -> [QueueName] {
    range.map { QueueName("q\($0)") }
  }

  private static func counted(
    _ queues: [QueueName], holding: Int = 0
  ) -> [QueueName: QueueLengthCollector.Counted] {
    var found: [QueueName: QueueLengthCollector.Counted] = [:]
    for (index, queue) in queues.enumerated() {
      found[queue] = QueueLengthCollector.Counted(
        queue: queue, priorities: [PriorityLength(step: 0, ready: index < holding ? 1 : 0)])
    }
    return found
  }

  @Test func `few queues are counted in every poll`() {
    var rota = QueueRota()
    let queues = Self.names(0..<10)
    #expect(rota.next(of: queues, counted: Self.counted(queues), atMost: 10) == queues)
  }

  @Test func `a queue never counted does not wait for its turn`() {
    var rota = QueueRota()
    let queues = Self.names(0..<100)
    #expect(rota.next(of: queues, counted: [:], atMost: 10) == queues)
  }

  @Test(arguments: [0, 3, 50, 97, 100])
  func `each queue comes in turn, and no poll asks for more than its share`(holding: Int) {
    var rota = QueueRota()
    let queues = Self.names(0..<100)
    let counted = Self.counted(queues, holding: holding)
    var seen: Set<QueueName> = []
    for _ in 0..<20 {
      let next = rota.next(of: queues, counted: counted, atMost: 10)
      #expect(next.count == 10)
      #expect(Set(next).count == 10)
      seen.formUnion(next)
    }
    #expect(seen == Set(queues))
  }

  @Test func `the few that hold messages are counted in every poll`() {
    var rota = QueueRota()
    let queues = Self.names(0..<100)
    let counted = Self.counted(queues, holding: 5)
    for _ in 0..<20 {
      let next = rota.next(of: queues, counted: counted, atMost: 10)
      #expect(Set(next).isSuperset(of: queues.prefix(5)))
    }
  }
}
