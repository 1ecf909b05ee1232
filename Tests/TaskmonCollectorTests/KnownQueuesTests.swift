import CeleryProtocol
import Testing

@testable import TaskmonCollector

@Suite struct KnownQueuesTests {
  @Test func `queues stand in one order, whoever names them`() {
    var queues = KnownQueues(limit: 10)
    queues.name(["b", "a"], at: at(1))
    queues.name(["c", "a"], at: at(2))
    #expect(queues.ordered == ["a", "b", "c"])
    #expect(!queues.isFull)
  }

  @Test func `beyond the limit those known stay and the lack of room is told`() {
    var queues = KnownQueues(limit: 2)
    queues.name(["b", "c"], at: at(1))
    queues.name(["a", "b"], at: at(2))
    #expect(queues.ordered == ["b", "c"])
    #expect(queues.isFull)
  }

  @Test func `an empty queue that nobody names is forgotten and makes room`() {
    var queues = KnownQueues(limit: 2)
    queues.name(["old", "new"], at: at(1))
    queues.name(["new", "other"], at: at(50))
    queues.forget(["old", "new"], unnamedSince: at(40))
    #expect(queues.ordered == ["new"])
    #expect(!queues.isFull)
  }

  @Test func `a queue that still holds messages is no candidate`() {
    var queues = KnownQueues(limit: 2)
    queues.name(["holding"], at: at(1))
    queues.forget([], unnamedSince: at(40))
    #expect(queues.ordered == ["holding"])
  }

  @Test func `what workers consume takes the place of what is only declared`() {
    var queues = KnownQueues(limit: 3)
    queues.name(["a", "b", "c"], at: at(1))
    queues.consume(["z", "b"], at: at(2))
    #expect(queues.ordered == ["a", "b", "z"])
    #expect(queues.isFull)
    queues.name(["c"], at: at(3))
    queues.consume(["z", "b"], at: at(4))
    #expect(queues.ordered == ["a", "b", "z"])
    queues.consume(["u", "v", "w", "x"], at: at(5))
    #expect(queues.ordered.count == 3)
    #expect(!queues.ordered.contains("a"))
  }

  @Test func `where there is room nothing makes it`() {
    var queues = KnownQueues(limit: 3)
    queues.name(["a"], at: at(1))
    queues.consume(["y", "z"], at: at(2))
    #expect(queues.ordered == ["a", "y", "z"])
    #expect(!queues.isFull)
  }
}
