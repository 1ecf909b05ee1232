import CeleryProtocol
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// The attempts that ended last, and the failures that are remembered.
@Suite struct RecentRunsTests {
  private let worker = Speaker()
  private let other = Speaker(name: "celery@w2", pid: 200)

  private static func statistics(_ ledger: EventLedger) -> TaskStatistics {
    ledger.statistics(at: at(60), since: at(0), heard: [Interval(from: at(0), to: at(60))])
  }

  @Test func `each end is a run, with what its events told`() {
    let ledger = EventLedger(
      worker.sent("a", 0, queue: "mail"), worker.received("a", 1), worker.started("a", 2),
      worker.succeeded("a", 5, runtime: 2.5), worker.received("b", 5, task: "c.d"),
      worker.started("b", 6), worker.failed("b", 8), other.succeeded("c", 9),
      worker.received("r", 9), worker.revoked("r", 10, expired: true))
    #expect(
      Self.statistics(ledger).runs == [
        RecentRun(
          id: "r", task: "a.b", worker: worker.id, outcome: .revoked, endedAt: at(10), retries: 0),
        RecentRun(id: "c", task: nil, worker: other.id, outcome: .succeeded, endedAt: at(9)),
        RecentRun(
          id: "b", task: "c.d", worker: worker.id, outcome: .failed, startedAt: at(6),
          endedAt: at(8), runtime: Seconds(2), retries: 0),
        RecentRun(
          id: "a", task: "a.b", worker: worker.id, queue: "mail", outcome: .succeeded,
          startedAt: at(2), endedAt: at(5), runtime: Seconds(2.5), retries: 0),
      ])
  }

  @Test func `every attempt of a retried task is a run of its own`() {
    let ledger = EventLedger(
      worker.received("t", 1), worker.started("t", 2), worker.retried("t", 3),
      worker.received("t", 4, retries: 1), worker.started("t", 5), worker.failed("t", 7))
    let runs = Self.statistics(ledger).runs
    #expect(runs.map(\.outcome) == [.failed, .retried])
    #expect(runs.map(\.retries) == [1, 0])
    #expect(runs.map(\.startedAt) == [at(5), at(2)])
    #expect(runs.map(\.runtime) == [Seconds(2), Seconds(1)])
  }

  @Test func `an attempt heard to end after its successor came is not taken for that`() {
    let ledger = EventLedger(
      worker.received("t", 1), worker.started("t", 2), other.received("t", 3, retries: 1),
      worker.retried("t", 4))
    #expect(
      Self.statistics(ledger).runs == [
        RecentRun(
          id: "t", task: "a.b", worker: worker.id, outcome: .retried, endedAt: at(4), retries: 0)
      ])
  }

  @Test(arguments: [true, false])
  func `a failure that is also told as rejected is one run`(isRejectedFirst: Bool) {
    var ledger = EventLedger(worker.received("t", 1), worker.started("t", 2))
    let ends = [
      worker.event(.taskRejected(id: "t", requeue: false), 3), worker.failed("t", 3),
    ]
    ledger.absorb(isRejectedFirst ? ends : ends.reversed())
    #expect(Self.statistics(ledger).runs.map(\.outcome) == [.failed])
  }

  @Test func `ten of each task are kept and five hundred in all`() {
    var ledger = EventLedger(budget: CollectionBudget())
    ledger.absorb([worker.received("rare", 1, task: "rare"), worker.succeeded("rare", 1)])
    for number in 0..<1000 {
      ledger.absorb([
        worker.received("busy \(number)", 2, task: "busy"), worker.succeeded("busy \(number)", 2),
      ])
    }
    let runs = Self.statistics(ledger).runs
    #expect(runs.map(\.task) == Array(repeating: "busy", count: 10) + ["rare"])
    #expect(runs.first?.id == "busy 999")
    for number in 0..<900 {
      ledger.absorb([
        worker.received("x\(number)", 3, task: "task \(number % 60)"),
        worker.succeeded("x\(number)", 3),
      ])
    }
    let many = Self.statistics(ledger).runs
    #expect(many.count == 500)
    #expect(many.first?.id == "x899" && many.last?.id == "x400")
  }

  // MARK: Failures

  @Test func `retries push no final failure out, nor one noisy task those of others`() {
    var ledger = EventLedger(
      worker.received("lost", 1, task: "heavy"), worker.failed("lost", 1, "WorkerLostError('x')"))
    for number in 0..<1000 {
      ledger.absorb([
        worker.received("r\(number)", 2, task: "noisy"), worker.retried("r\(number)", 2, "E()"),
        worker.failed("r\(number)", 3, "E()"),
      ])
    }
    let failures = Self.statistics(ledger).failures
    #expect(failures.filter(\.isRetry).count == 10)
    #expect(failures.filter { !$0.isRetry }.count == 21)
    #expect(failures.first?.id == "r999" && failures.first?.isRetry == false)
    #expect(failures[1].isRetry, "both are in the order they came")
    #expect(failures.last?.exceptionClass == "WorkerLostError")
  }

  @Test func `a hundred failures and fifty retries are kept at most`() {
    var ledger = EventLedger(budget: CollectionBudget())
    for number in 0..<1000 {
      ledger.absorb([
        worker.received("t\(number)", 2, task: "task \(number % 40)"),
        worker.retried("t\(number)", 2, "E()"), worker.failed("t\(number)", 3, "E()"),
      ])
    }
    let failures = Self.statistics(ledger).failures
    #expect(failures.filter(\.isRetry).count == 50)
    #expect(failures.filter { !$0.isRetry }.count == 100)
  }

  // MARK: Exemplars

  @Test func `a bucket knows the run that was counted in it last`() throws {
    let uuid = "0b0f0a51-1d0b-4d42-8e2b-3c8f5a7e9b01"
    let ledger = EventLedger(
      worker.received("own id", 1), worker.succeeded("own id", 2, runtime: 0.3),
      worker.received(uuid, 3), worker.succeeded(uuid, 4, runtime: 99),
      worker.received("v", 5), worker.succeeded("v", 6, runtime: 0.4))
    let runtime = try #require(Self.statistics(ledger).series.first?.runtime)
    #expect(runtime.exemplars.count == 15)
    #expect(
      runtime.exemplars[7] == TimeExemplar(taskID: "v", time: Seconds(0.4), at: at(6)))
    #expect(
      runtime.exemplars[14] == TimeExemplar(taskID: uuid, time: Seconds(99), at: at(4)))
    #expect(runtime.exemplars.compactMap(\.self).count == 2)
  }

  @Test func `an id whose text is forgotten is no exemplar`() throws {
    var budget = CollectionBudget()
    budget.oddIDs = 1
    var ledger = EventLedger(budget: budget)
    ledger.absorb([
      worker.received("first", 1), worker.succeeded("first", 1, runtime: 0.001),
      worker.received("second", 1), worker.succeeded("second", 1, runtime: 9),
    ])
    let runtime = try #require(Self.statistics(ledger).series.first?.runtime)
    #expect(runtime.exemplars.compactMap { $0?.taskID } == ["first"])
  }

  @Test func `times are counted in the buckets that are asked for`() throws {
    var ledger = EventLedger(
      budget: CollectionBudget(), bounds: HistogramBounds(runtime: [1, 2], wait: [60]))
    ledger.absorb([
      worker.received("a", 0), worker.started("a", 30), worker.succeeded("a", 31, runtime: 1.5),
      worker.received("b", 0), worker.started("b", 90), worker.succeeded("b", 99, runtime: 9),
    ])
    let series = try #require(Self.statistics(ledger).series.first)
    #expect(series.runtime.bounds == [1, 2] && series.runtime.counts == [0, 1, 1])
    #expect(series.wait.bounds == [60] && series.wait.counts == [1, 1])
  }
}
