import CeleryProtocol
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct WorkerAssemblyTests {
  private let worker = Speaker()

  private func facts(
    _ ledger: EventLedger, _ book: InspectionBook = InspectionBook(), silence: String? = nil
  ) -> [WorkerFacts] {
    WorkerAssembly(events: ledger.excerpt, book: book, silence: silence).workers
  }

  private static let stats =
    #"{"pid": 100, "pool": {"max-concurrency": 4}, "total": {"a": 3, "b": 4}}"#

  @Test func `events and replies of one process are one worker`() {
    var book = InspectionBook()
    book.learn(.stats, from: worker.name, Self.stats, at: at(5))
    book.learn(.queues, from: worker.name, #"[{"name": "q"}]"#, at: at(6))
    let workers = facts(
      EventLedger(worker.heartbeat(1, processed: 9), worker.started("t", 2)), book)
    #expect(workers.map(\.id) == [worker.id])
    #expect(workers.first?.lastHeard == at(2))
    #expect(workers.first?.lastReply == at(6))
    #expect(workers.first?.queues == .value(["q"]))
    #expect(workers.first?.queuesToldAt == at(6))
    #expect(workers.first?.stats.value?.slots == 4)
    #expect(workers.first?.processed == 9)
    #expect(workers.first?.oldestStart == at(2))
    #expect(workers.first?.sendsTaskEvents == .value(true))
  }

  @Test func `two processes of one name are two workers, and only one of them has answered`() {
    let twin = Speaker(name: worker.name, pid: 200)
    var book = InspectionBook()
    book.learn(.stats, from: worker.name, Self.stats, at: at(5))
    let workers = facts(EventLedger(worker.heartbeat(1), twin.heartbeat(2)), book)
    #expect(workers.map(\.id) == [worker.id, twin.id])
    #expect(workers.map { $0.lastReply } == [at(5), nil])
    #expect(workers.map { $0.stats.value != nil } == [true, false])
  }

  @Test func `the answers of a predecessor are not those of the process that has its name now`() {
    var book = InspectionBook()
    book.learn(.stats, from: worker.name, #"{"pid": 50}"#, at: at(1))
    book.learn(.queues, from: worker.name, #"[{"name": "old"}]"#, at: at(1))
    book.learn(.stats, from: worker.name, Self.stats, at: at(5))
    let workers = facts(EventLedger(worker.heartbeat(4)), book)
    #expect(workers.first?.queues == .unavailable("not asked yet"))
    #expect(workers.first?.queuesToldAt == nil)
    #expect(workers.first?.stats.value != nil)
  }

  @Test func `a worker without heartbeat is known by its replies`() {
    var book = InspectionBook()
    book.learn(.stats, from: "celery@quiet", Self.stats, at: at(5))
    book.learn(.active, from: "celery@quiet", "[]", at: at(9))
    let workers = facts(EventLedger(budget: CollectionBudget()), book)
    #expect(workers.map(\.id) == [WorkerID(name: "celery@quiet", pid: 100)])
    #expect(workers.first?.firstHeard == at(5))
    #expect(workers.first?.lastHeard == nil)
    #expect(workers.first?.processed == 7)
  }

  @Test func `a beat that answers pings only is no worker`() {
    var book = InspectionBook()
    book.learn(.ping, from: "celerybeat@h", #"{"ok": "pong"}"#, at: at(1))
    #expect(facts(EventLedger(budget: CollectionBudget()), book).isEmpty)
  }

  @Test func `old events without a pid are the worker that answers under the name`() {
    let nameless = Speaker(name: worker.name, pid: nil)
    var book = InspectionBook()
    book.learn(.queues, from: worker.name, "[]", at: at(5))
    #expect(facts(EventLedger(nameless.heartbeat(1)), book).map(\.id) == [nameless.id])
  }

  @Test func `a missing answer gives the reason that an operator can act on`() {
    var book = InspectionBook()
    let ledger = EventLedger(worker.heartbeat(1))
    #expect(facts(ledger).first?.queues == .unavailable("not asked yet"))
    #expect(
      facts(ledger, silence: "--read-only asks no worker").first?.stats
        == .unavailable("--read-only asks no worker"))
    book.didNotAnswer([worker.name], at: at(3))
    #expect(facts(ledger, book).first?.activeReply == .unavailable("it owes an answer"))
    #expect(facts(ledger, book).first?.owesReplySince == at(3))
    book.learn(.conf, from: worker.name, #"{"error": "boom"}"#, at: at(4))
    #expect(facts(ledger, book).first?.settings == .unavailable("the worker answered: boom"))
  }

  @Test func `who said goodbye owes nothing`() {
    var book = InspectionBook()
    book.didNotAnswer([worker.name], at: at(3))
    let workers = facts(EventLedger(worker.heartbeat(1), worker.offline(2)), book)
    #expect(workers.first?.owesReplySince == nil)
    #expect(workers.first?.offlineSince == at(2))
  }

  @Test func `thousands of workers and runs are joined in a moment`() {
    var ledger = EventLedger(budget: CollectionBudget())
    var book = InspectionBook()
    for number in 0..<2000 {
      let one = Speaker(name: "celery@\(number)", pid: number)
      ledger.absorb([one.heartbeat(1), one.started("t\(number)", 2)])
      book.learn(.stats, from: one.name, #"{"pid": \#(number)}"#, at: at(3))
      book.learn(.active, from: one.name, #"[{"id": "t\#(number)"}]"#, at: at(3))
    }
    let workers = facts(ledger, book)
    #expect(workers.count == 2000)
    #expect(workers.allSatisfy { $0.oldestStart == at(2) && $0.stats.value != nil })
    var hearing = Hearing(limit: 4)
    hearing.connected(at: at(0))
    let running = RunningAssembly(
      events: ledger.excerpt, hearing: hearing, workers: workers, book: book, now: at(4)
    ).assemble().running
    #expect(running.count == 2000)
    #expect(running.allSatisfy { $0.confirmedAt == at(3) })
  }
}
