import CeleryProtocol
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// What the ledger makes of the events of single tasks.
@Suite struct LedgerTasksTests {
  private let worker = Speaker()
  private let other = Speaker(name: "celery@w2", pid: 200)

  private static func statistics(_ ledger: EventLedger, at now: Double = 60) -> TaskStatistics {
    ledger.statistics(
      at: at(now), since: at(0), heard: [Interval(from: at(0), to: at(now))])
  }

  @Test func `a task's life is followed from its sending to its end`() throws {
    var ledger = EventLedger(
      worker.sent("u", 1, task: "shop.mail", queue: "high"),
      worker.received("u", 2, task: "shop.mail"), worker.started("u", 3))
    #expect(
      ledger.task("u")
        == TaskSighting(
          id: "u", task: "shop.mail", queue: "high", worker: worker.id, state: .started,
          retries: 0, starts: 1, deliveries: 1, sentAt: at(1), receivedAt: at(2),
          startedAt: at(3), endedAt: nil, eta: nil, startHeardAt: at(3)))
    ledger.absorb([worker.succeeded("u", 5, runtime: 1.75)])
    #expect(ledger.running == [])
    #expect(ledger.task("u")?.state == .succeeded)
    let series = Self.statistics(ledger).series
    #expect(
      series.map { [$0.task, $0.node, $0.host, $0.queue] } == [
        ["shop.mail", "web", "web", "high"], ["shop.mail", "celery@w1", "w1", "high"],
      ])
    #expect(
      series.map(\.counts) == [
        TaskCounts(sent: 1), TaskCounts(received: 1, started: 1, succeeded: 1),
      ])
    #expect(series[1].runtime.sum == Seconds(1.75) && series[1].runtime.count == 1)
    #expect(series[1].wait.sum == Seconds(2) && series[1].wait.count == 1)
    let facts = try #require(Self.statistics(ledger)[task: "shop.mail"])
    #expect(facts.runtime?.count == 1 && facts.runtime?.sum == Seconds(1.75))
    #expect(facts.wait?.mean == Seconds(2))
  }

  @Test func `a wait for the eta is no wait`() {
    let ledger = EventLedger(
      worker.received("u", 1, eta: 30), worker.started("u", 31), worker.received("v", 2),
      worker.started("v", 4))
    #expect(Self.statistics(ledger).series.first?.wait.sum == Seconds(3))
  }

  @Test func `a second start of a second delivery is a duplicate execution`() {
    var ledger = EventLedger(
      worker.received("u", 1), worker.started("u", 2), other.received("u", 8))
    #expect(ledger.duplicates.isEmpty)
    ledger.absorb([other.started("u", 9)])
    let found = Self.statistics(ledger)
    #expect(
      found.duplicates == [
        DuplicateExecution(
          id: "u", task: "a.b", first: worker.id, firstAt: at(2), second: other.id,
          secondAt: at(9))
      ])
    #expect(found[task: "a.b"]?.recent.counts.duplicates == 1)
    #expect(found.series.reduce(0) { $0 + $1.counts.duplicates } == 1)
  }

  @Test func `what is received again in one attempt was redelivered, a retry was not`() {
    let ledger = EventLedger(
      worker.sent("u", 0, queue: "mail"), worker.received("u", 1), other.received("u", 8),
      worker.sent("r", 0, queue: "mail"), worker.received("r", 1), worker.started("r", 2),
      worker.retried("r", 3), worker.received("r", 4, retries: 1))
    let found = Self.statistics(ledger).series.filter { $0.counts.redelivered > 0 }
    #expect(found.map(\.queue) == ["mail"])
    #expect(found.map(\.node) == [other.name])
    #expect(found.map(\.counts.redelivered) == [1])
  }

  @Test func `a retry, a replacement and a start heard twice of one delivery are none`() {
    let ledger = EventLedger(
      worker.received("r", 1), worker.started("r", 2), worker.retried("r", 3),
      worker.received("r", 4, retries: 1), worker.started("r", 5),
      worker.received("p", 1), worker.started("p", 2),
      worker.received("p", 3, task: "c.d", parent: "p"), worker.started("p", 4),
      worker.received("s", 1), worker.started("s", 2), worker.started("s", 3))
    #expect(ledger.duplicates.isEmpty)
    #expect(ledger.task("p")?.task == "c.d")
  }

  /// A solo worker keeps its events back while it runs a task; what that publishes goes at once.
  @Test func `what is sent within a run takes nothing of what is yet to be heard of it`() {
    let ledger = EventLedger(
      worker.sent("p", 1, queue: "slow"), worker.received("p", 2),
      worker.sent("p", 4, task: "c.d", queue: "quick", parent: "p"), worker.started("p", 3),
      worker.received("p", 5, task: "c.d", parent: "p"), worker.started("p", 7),
      worker.succeeded("p", 8, runtime: 1))
    let series = Self.statistics(ledger).series
    #expect(
      series.map { [$0.task, $0.node, $0.queue] } == [
        ["a.b", "web", "slow"], ["a.b", worker.name, "slow"], ["c.d", "web", "quick"],
        ["c.d", worker.name, "quick"],
      ])
    #expect(
      series.map(\.counts) == [
        TaskCounts(sent: 1), TaskCounts(received: 1, started: 1), TaskCounts(sent: 1),
        TaskCounts(received: 1, started: 1, succeeded: 1),
      ])
    #expect(series.map(\.wait.count) == [0, 1, 0, 1])
    #expect(series.map(\.wait.sum) == [.zero, Seconds(2), .zero, Seconds(3)])
  }

  @Test func `a retry that is sent before its predecessor's start is heard waits by itself`() {
    let ledger = EventLedger(
      worker.sent("r", 1, queue: "q"), worker.received("r", 2),
      worker.sent("r", 4, queue: "q", retries: 1, parent: "r"), worker.started("r", 3),
      worker.retried("r", 5, "KeyError('x')"), worker.received("r", 6, retries: 1, parent: "r"),
      worker.started("r", 9), worker.succeeded("r", 10))
    let found = Self.statistics(ledger)
    #expect(
      found.series.map(\.counts).last
        == TaskCounts(
          received: 2, started: 2, succeeded: 1, retried: 1))
    #expect(found.series.last?.wait.count == 2)
    #expect(found.series.last?.wait.sum == Seconds(2 + 5))
    #expect(found.failures.map(\.retries) == [0])
    #expect(ledger.task("r")?.retries == 1)
    #expect(ledger.task("r")?.sentAt == at(4))
  }

  @Test func `a retry that is sent before its predecessor's receipt is heard waits by itself`() {
    let ledger = EventLedger(
      worker.sent("r", 1, queue: "q"),
      worker.sent("r", 4, queue: "q", retries: 1, parent: "r"), worker.received("r", 2),
      worker.started("r", 3), worker.retried("r", 5, "KeyError('x')"),
      worker.received("r", 6, retries: 1, parent: "r"), worker.started("r", 9),
      worker.succeeded("r", 10))
    let found = Self.statistics(ledger)
    #expect(found.series.last?.wait.count == 2)
    #expect(found.series.last?.wait.sum == Seconds(2 + 5))
    #expect(ledger.task("r")?.sentAt == at(4))
  }

  @Test func `a sending that is heard after the receipt belongs to the same attempt`() {
    let ledger = EventLedger(
      worker.received("u", 2), worker.sent("u", 1, queue: "q"), worker.started("u", 3),
      worker.received("p", 2, parent: "p"), worker.started("p", 3),
      worker.received("p", 6, task: "c.d", parent: "p"),
      worker.sent("p", 5, task: "c.d", queue: "q", parent: "p"), worker.started("p", 9))
    #expect(ledger.task("u")?.sentAt == at(1))
    #expect(ledger.task("u")?.queue == "q")
    #expect(ledger.task("p")?.sentAt == at(5))
    #expect(
      Self.statistics(ledger).series.filter { $0.wait.count > 0 }.map(\.wait.sum)
        == [Seconds(1), Seconds(2), Seconds(4)])
  }

  @Test func `a failure is kept with class, message and traceback, and counted by class`() throws {
    let ledger = EventLedger(
      worker.received("u", 1), worker.failed("u", 2, "requests.ConnectionError('café')"),
      worker.failed(
        "v", 3, "ExceptionWithTraceback()", traceback: "T\nbilliard.WorkerLostError: 9\n"),
      worker.failed("x", 4, "NotRegistered('no.such')"),
      worker.received("y", 5, task: "c.d", retries: 2),
      worker.retried("y", 6, "Timeout()"))
    let found = Self.statistics(ledger)
    #expect(
      found.failures.map { [$0.id, $0.task, $0.exceptionClass, $0.message] } == [
        ["y", "c.d", "Timeout", "Timeout()"],
        ["x", "no.such", "NotRegistered", "NotRegistered('no.such')"],
        ["v", nil, "WorkerLostError", "ExceptionWithTraceback()"],
        ["u", "a.b", "ConnectionError", "requests.ConnectionError('café')"],
      ])
    #expect(found.failures.map(\.isRetry) == [true, false, false, false])
    #expect(found.failures.map(\.retries) == [2, nil, nil, 0])
    #expect(found.failures[2].traceback == "T\nbilliard.WorkerLostError: 9\n")
    #expect(found.failures.allSatisfy { $0.worker == worker.id })
    #expect(
      found.tasks.map { [$0.name: $0.recent.failures] } == [
        ["a.b": ["ConnectionError": 1]], ["c.d": [:]], ["no.such": ["NotRegistered": 1]],
        [TaskFacts.unnamed: ["WorkerLostError": 1]],
      ])
    #expect(found[task: "c.d"]?.total.retries == ["Timeout": 1])
    #expect(found.nodes.map(\.node) == ["celery@w1"])
    #expect(
      found.nodes.first?.recent == TaskCounts(received: 2, failed: 3, retried: 1, workerLost: 1))
  }

  @Test func `a long message is cut at its end and a long traceback at its beginning`() {
    let long = String(repeating: "é", count: 3000)
    let ledger = EventLedger(worker.failed("u", 1, long, traceback: long + long + "KeyError: 1"))
    let failure = Self.statistics(ledger).failures.first
    #expect(failure?.message?.utf8.count == 1024)
    #expect(failure?.traceback?.hasSuffix("éKeyError: 1") == true)
    #expect(failure?.traceback?.utf8.count ?? 0 <= 4096)
  }

  @Test func `an expired task is revoked and expired`() {
    let ledger = EventLedger(
      worker.received("u", 1), worker.revoked("u", 2, expired: true), worker.received("v", 1),
      worker.revoked("v", 2))
    #expect(
      Self.statistics(ledger)[task: "a.b"]?.recent.counts
        == TaskCounts(received: 2, revoked: 2, expired: 1))
  }

  @Test func `a queue comes from the sending, the message, the worker, the task, the default`() {
    var ledger = EventLedger(budget: CollectionBudget())
    let worker3 = Speaker(name: "celery@w3", pid: 300)
    ledger.note(queues: ["only"], ofNode: other.name)
    ledger.note(queues: ["x", "y"], ofNode: worker3.name)
    ledger.absorb([
      worker.sent("1", 1, queue: "sent"), other.received("1", 2), other.received("2", 2),
    ])
    ledger.note(queue: "seen", of: "2", named: "a.b")
    ledger.absorb([
      other.started("2", 3), worker3.received("3", 4), worker.received("4", 5, task: "c.d"),
    ])
    #expect(
      Self.statistics(ledger).series.map { "\($0.host) \($0.queue) \($0.counts.activity)" } == [
        "web sent 1", "w2 sent 1", "w2 only 1", "w2 seen 1", "w3 seen 1", "w1 celery 1",
      ])
  }

  @Test func `an id that is no UUID is shown as it was sent`() {
    var ledger = EventLedger(worker.started("order é 17", 1))
    #expect(ledger.running == ["order é 17"])
    ledger.endedUnheard(UnheardEnd(id: "order é 17", startHeardAt: at(1)))
    #expect(ledger.running == [])
  }

  @Test func `a usual length is known after twenty runs`() {
    var ledger = EventLedger(budget: CollectionBudget())
    for number in 1...20 {
      #expect(ledger.usual(of: "a.b") == nil)
      ledger.absorb([worker.received("\(number)", 1), worker.succeeded("\(number)", 2, runtime: 3)])
    }
    #expect(ledger.usual(of: "a.b")?.runs == 20)
    #expect(ledger.usual(of: "a.b").map { $0.p99 >= Seconds(3) && $0.p99 < Seconds(3.8) } == true)
    ledger.absorb([worker.received("now", 5), worker.started("now", 5)])
    #expect(ledger.excerpt.usual.keys.map { $0 } == ["a.b"])
  }
}

/// What a worker has in its hands, and what its heartbeats tell.
@Suite struct LedgerWorkersTests {
  private let worker = Speaker()

  private func facts(_ ledger: EventLedger, at now: Double) -> WorkerEventFacts? {
    let excerpt = ledger.excerpt(at: at(now))
    return excerpt.workers[worker.id]?
      .facts(holding: excerpt.holdings[worker.id] ?? WorkerHolding())
  }

  @Test func `what is received and not started is held, longest first, and not yet due apart`() {
    var ledger = EventLedger(
      worker.received("later", 1, eta: 500), worker.received("soon", 2, eta: 50))
    for number in 3...9 { ledger.absorb([worker.received("t\(number)", Double(number))]) }
    ledger.absorb([worker.started("t3", 20), worker.revoked("t4", 20)])
    let facts = facts(ledger, at: 100)
    #expect(facts?.held == 7 && facts?.scheduled == 1 && facts?.due == 6)
    #expect(facts?.longestHeld.map(\.id) == ["t5", "t6", "t7", "t8", "t9"])
    #expect(facts?.longestHeld.first == HeldTask(id: "t5", task: "a.b", since: at(5)))
  }

  @Test func `after a gap nothing is known to be held that was received before`() {
    var ledger = EventLedger(worker.received("before", 1), worker.started("run", 1))
    ledger.streamResumed()
    ledger.absorb([worker.received("after", 5)])
    #expect(facts(ledger, at: 6)?.longestHeld.map(\.id) == ["after"])
    #expect(ledger.running == ["run"])
    ledger.absorb([worker.started("before", 7)])
    #expect(ledger.running == ["run", "before"])
  }

  @Test func `what is handed to another worker is held by that one`() {
    let other = Speaker(name: "celery@w2", pid: 2)
    let ledger = EventLedger(worker.received("t", 1), other.received("t", 2))
    let holdings = ledger.excerpt.holdings
    #expect(holdings.mapValues(\.held) == [other.id: 1])
  }

  @Test func `delays of the last ten heartbeats tell how far its clock is off at most`() {
    var ledger = EventLedger(budget: CollectionBudget())
    #expect(facts(ledger, at: 0) == nil)
    for number in 1...14 {
      let delay = number == 2 ? 0.5 : 20 + Double(number)
      ledger.absorb(
        worker.heartbeat(Double(number)), receivedAt: at(Double(number) + delay))
    }
    let facts = facts(ledger, at: 60)
    #expect(facts?.heartbeats == 14)
    #expect(facts?.heartbeatDelays.count == 10)
    #expect(facts.flatMap(\.clockOffset).map { abs($0.value - 25) < 0.001 } == true)
    ledger.clockJumped(by: Seconds(100))
    #expect(self.facts(ledger, at: 60)?.clockOffset == nil)
  }

  @Test func `work done without a task event is told`() {
    var ledger = EventLedger(worker.heartbeat(1, processed: 5))
    #expect(facts(ledger, at: 1)?.unseenRuns == nil)
    ledger.absorb([worker.heartbeat(3, processed: 9)])
    #expect(facts(ledger, at: 3)?.unseenRuns == 4)
    ledger.absorb([worker.started("t", 4)])
    #expect(facts(ledger, at: 4)?.unseenRuns == nil)
    #expect(facts(ledger, at: 4)?.lastTaskEvent == at(4))
    ledger.absorb([worker.heartbeat(5, processed: 10), worker.heartbeat(7, processed: 10)])
    #expect(facts(ledger, at: 7)?.unseenRuns == 0)
    ledger.streamResumed()
    ledger.absorb([worker.heartbeat(60, processed: 90)])
    #expect(facts(ledger, at: 60)?.unseenRuns == nil)
  }
}
