import CeleryProtocol
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct RunningAssemblyTests {
  private let worker = Speaker()
  private var ledger = EventLedger(budget: CollectionBudget())
  private var book = InspectionBook()
  private var hearing = Hearing(limit: 4)

  init() { hearing.connected(at: at(0)) }

  private func assemble(
    at now: Double
  ) -> (running: [RunningTask], endedUnheard: [UnheardEnd]) {
    let listed = book.workers.values.flatMap { $0.activeTasks.map(\.id) }
    let excerpt = ledger.excerpt(of: listed, at: at(now))
    let workers = WorkerAssembly(events: excerpt, book: book, silence: nil).workers
    return RunningAssembly(
      events: excerpt, hearing: hearing, workers: workers, book: book, now: at(now)
    ).assemble()
  }

  private mutating func answer(_ active: String, at moment: Double, pid: Int = 100) {
    book.learn(.stats, from: worker.name, #"{"pid": \#(pid)}"#, at: at(moment))
    book.learn(.active, from: worker.name, active, at: at(moment))
  }

  @Test mutating func `a start heard without a gap on a living worker is confirmed`() {
    ledger.absorb([worker.received("t", 1), worker.started("t", 2), worker.heartbeat(4)])
    let task = assemble(at: 5).running.first
    #expect(task?.task == "a.b")
    #expect(task?.worker == worker.id)
    #expect(task?.startedAt == at(2))
    #expect(task?.confirmedAt == at(4))
    #expect(task?.acknowledged == nil)
    #expect(task?.limits == TaskLimits())
  }

  @Test mutating func `after a gap it is not, until a reply lists it`() {
    ledger.absorb([worker.started("t", 2)])
    hearing.lost(at: at(3))
    hearing.connected(at: at(10))
    ledger.absorb([worker.heartbeat(11)])
    #expect(assemble(at: 12).running.map(\.confirmedAt) == [nil])
    answer(#"[{"id": "t", "name": "a.b", "time_start": 1795000002, "acknowledged": true}]"#, at: 13)
    let task = assemble(at: 14).running.first
    #expect(task?.confirmedAt == at(13))
    #expect(task?.acknowledged == true)
    #expect(task?.task == "a.b")
  }

  @Test mutating func `on a worker gone silent it is not confirmed`() {
    ledger.absorb([worker.started("t", 2)])
    #expect(assemble(at: 33).running.map(\.confirmedAt) == [nil])
  }

  @Test mutating func `a newer reply that does not list it has seen its end`() {
    ledger.absorb([worker.started("t", 2), worker.heartbeat(8)])
    answer("[]", at: 6)
    #expect(assemble(at: 9).endedUnheard == [])
    answer("[]", at: 8)
    let (running, ended) = assemble(at: 9)
    #expect(running.isEmpty)
    #expect(ended == [UnheardEnd(id: "t", startHeardAt: at(2))])
  }

  @Test mutating func `where two processes share the name a reply proves no end`() {
    let twin = Speaker(name: worker.name, pid: 200)
    ledger.absorb([worker.started("t", 2), worker.heartbeat(20), twin.heartbeat(20)])
    answer("[]", at: 20)
    #expect(assemble(at: 21).endedUnheard == [])
    #expect(assemble(at: 21).running.map(\.id) == ["t"])
  }

  @Test mutating func `a heartbeat without running tasks has seen its end`() {
    let idle = worker.event(.workerHeartbeat(WorkerState(active: 0)), 4)
    ledger.absorb([worker.started("t", 2), idle])
    #expect(assemble(at: 5).running.count == 1)
    ledger.absorb([worker.event(.workerHeartbeat(WorkerState(active: 0)), 8)])
    #expect(assemble(at: 9).endedUnheard.map(\.id) == ["t"])
  }

  @Test mutating func `when fewer run than have not ended none is confirmed by silence`() {
    ledger.absorb([
      worker.started("a", 2), worker.started("b", 2),
      worker.event(.workerHeartbeat(WorkerState(active: 1)), 8),
    ])
    #expect(assemble(at: 9).running.map(\.confirmedAt) == [nil, nil])
    ledger.absorb([worker.event(.workerHeartbeat(WorkerState(active: 2)), 10)])
    #expect(assemble(at: 11).running.map(\.confirmedAt) == [at(10), at(10)])
  }

  @Test mutating func `a run known by a reply alone is confirmed by it`() {
    answer(#"[{"id": "t", "name": "a.b", "time_start": 1795000001.5}]"#, at: 5)
    let task = assemble(at: 6).running.first
    #expect(task?.startedAt == at(1.5))
    #expect(task?.confirmedAt == at(5))
    #expect(assemble(at: 100).running.first?.confirmedAt == nil)
  }

  @Test mutating func `a task that has ended since the reply is not running`() {
    ledger.absorb([worker.started("t", 2), worker.succeeded("t", 6)])
    answer(#"[{"id": "t", "name": "a.b", "time_start": 1795000002}]"#, at: 5)
    #expect(assemble(at: 7).running.isEmpty)
  }

  @Test
  mutating func `the runs of a worker that said goodbye are not shown, and end after a minute`() {
    ledger.absorb([worker.started("t", 2), worker.offline(3)])
    let soon = assemble(at: 4)
    #expect(soon.running.isEmpty && soon.endedUnheard.isEmpty)
    #expect(assemble(at: 64).endedUnheard.map(\.id) == ["t"])
  }

  @Test(arguments: [
    ("[null, null]", "a.b", nil, nil), ("[null, null]", "a.b [time_limit=60]", 60, nil),
    ("[20, 40]", "a.b [time_limit=60 soft_time_limit=30]", 60.0, 30.0),
    ("[20, 40]", "a.b [soft_time_limit=30]", 40.0, 30.0),
    ("[0, 90]", "a.b", 90, nil),
  ])
  mutating func `the task's own limit counts before its pool's, even a longer one`(
    _ pool: String, _ registered: String, _ hard: Double?, _ soft: Double?
  ) {
    ledger.absorb([worker.received("t", 1), worker.started("t", 2)])
    book.learn(
      .stats, from: worker.name, #"{"pid": 100, "pool": {"timeouts": \#(pool)}}"#, at: at(3))
    book.learn(.registered, from: worker.name, #"["\#(registered)"]"#, at: at(3))
    let limits = assemble(at: 4).running.first?.limits
    #expect(limits?.hard == hard.map { Seconds($0) } && limits?.soft == soft.map { Seconds($0) })
    #expect(limits?.isKnown == true)
    #expect((limits?.hardSource == nil) == (hard == nil))
  }

  @Test mutating func `what its message says counts first, as long as that is held`() {
    ledger.absorb([worker.received("t", 1), worker.started("t", 2)])
    book.learn(.stats, from: worker.name, #"{"pid": 100}"#, at: at(3))
    book.learn(.conf, from: worker.name, #"{"task_time_limit": 60}"#, at: at(3))
    book.learn(.registered, from: worker.name, #"["a.b [time_limit=60]"]"#, at: at(3))
    func limits(_ held: [UnackedMessage]) -> TaskLimits? {
      let excerpt = ledger.excerpt(of: [], at: at(4))
      let workers = WorkerAssembly(events: excerpt, book: book, silence: nil).workers
      return RunningAssembly(
        events: excerpt, hearing: hearing, workers: workers, book: book, held: held, now: at(4)
      ).assemble().running.first?.limits
    }
    let message = MessageFacts(taskID: "t", deliveryTag: "d", hardLimit: Seconds(600))
    let held = UnackedMessage(
      queue: "celery", deliveredAt: at(1), message: .value(message), size: ByteCount(1))
    #expect(
      limits([held]) == TaskLimits(hard: Seconds(600), isKnown: true, hardSource: .message))
    #expect(limits([]) == TaskLimits(hard: Seconds(60), isKnown: true, hardSource: .setting))
  }

  @Test mutating func `the process that runs it is the one its worker names`() {
    answer(
      #"[{"id": "t", "name": "a.b", "time_start": 1795000001.5, "worker_pid": 4242}]"#, at: 5)
    #expect(assemble(at: 6).running.first?.childPID == 4242)
  }
}
