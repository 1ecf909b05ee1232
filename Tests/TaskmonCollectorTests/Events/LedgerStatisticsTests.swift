import CeleryProtocol
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// The sums over many events, and their bounds.
@Suite struct LedgerStatisticsTests {
  private let worker = Speaker()
  /// Begins a minute, so that windows are what they look like.
  private static let noon = 20.0

  private static func statistics(
    _ ledger: EventLedger, at now: Double, heard: [(Double, Double)]? = nil
  ) -> TaskStatistics {
    ledger.statistics(
      at: at(now), since: at(noon),
      heard: (heard ?? [(noon, now)]).map { Interval(from: at($0.0), to: at($0.1)) })
  }

  @Test func `what happened falls out of its window and stays in the total`() throws {
    var ledger = EventLedger(budget: CollectionBudget())
    for minute in 0..<15 {
      let moment = Self.noon + Double(minute) * 60
      ledger.absorb([worker.received("\(minute)", moment), worker.failed("\(minute)", moment)])
    }
    let end = Self.noon + 14 * 60
    let now = Self.statistics(ledger, at: end + 30)
    let facts = try #require(now[task: "a.b"])
    #expect(
      facts.total == TaskTally(TaskCounts(received: 15, failed: 15), failures: ["KeyError": 15]))
    #expect(
      facts.recent == TaskTally(TaskCounts(received: 11, failed: 11), failures: ["KeyError": 11]))
    #expect(facts.minute == TaskCounts(received: 1, failed: 1))
    #expect(facts.completedByMinute == Array(repeating: 1, count: 10))
    #expect(now.nodes.first?.recent == TaskCounts(received: 11, failed: 11))
    #expect(
      now.recent
        == CountedTime(
          from: at(end - 600), to: at(end + 30), heard: Seconds(630)))
    #expect(now.minute == CountedTime(from: at(end - 30), to: at(end + 30), heard: Seconds(60)))
    let later = try #require(Self.statistics(ledger, at: end + 661)[task: "a.b"])
    #expect(later.recent == TaskTally())
    #expect(later.minute == .zero)
    #expect(later.completedByMinute == Array(repeating: 0, count: 10))
    #expect(later.total.counts.failed == 15)
  }

  @Test func `only what was heard of a window counts as heard`() {
    let ledger = EventLedger(worker.received("t", Self.noon))
    let now = Self.statistics(
      ledger, at: Self.noon + 300,
      heard: [(Self.noon, Self.noon + 60), (Self.noon + 200, Self.noon + 290)])
    #expect(now.recent.heard == Seconds(150))
    #expect(now.minute.heard == Seconds(50))
    #expect(now.minute.rate(of: 25) == 0.5)
    #expect(CountedTime(from: at(0), to: at(0), heard: .zero).rate(of: 1) == nil)
  }

  @Test func `when our clock is set the windows begin anew and the totals stay`() throws {
    var ledger = EventLedger(worker.received("1", Self.noon + 7200))
    ledger.clockJumped(by: Seconds(-7200))
    ledger.absorb([worker.received("2", Self.noon)])
    let facts = try #require(Self.statistics(ledger, at: Self.noon + 1)[task: "a.b"])
    #expect(facts.recent.counts.received == 1)
    #expect(facts.total.counts.received == 2)
  }

  @Test func `everything is bounded, and what there is no room for is counted under other`() {
    var budget = CollectionBudget()
    (budget.trackedTasks, budget.eventNames, budget.taskSeries, budget.oddIDs) = (50, 10, 5, 8)
    (budget.trackedWorkers, budget.recentDuplicates, budget.recentFailures) = (4, 2, 3)
    budget.taskNames = 6
    var ledger = EventLedger(budget: budget)
    for number in 1...500 {
      let one = Speaker(name: "w\(number)@vm", pid: number)
      let (id, moment) = ("odd \(number)", Self.noon)
      ledger.absorb([
        one.received(id, moment, task: "n\(number)"), one.started(id, moment),
        one.received(id, moment, task: "n\(number)"), one.started(id, moment),
        one.failed(id, moment, "E\(number)()"),
      ])
    }
    #expect(ledger.tasks.count == 50 && ledger.textIDs.count <= 8)
    #expect(ledger.workers.records.count <= 4)
    let now = Self.statistics(ledger, at: Self.noon)
    #expect(now.tasks.count == 6 && now.series.count == 6 && now.nodes.count <= 5)
    #expect(
      now.duplicates.count == 2 && now.failures.map(\.worker.pid) == [500, 499, 498])
    #expect(now.droppedSeries > 0)
    let all = TaskCounts(
      received: 1000, started: 1000, failed: 500, duplicates: 500, redelivered: 500)
    #expect(now.tasks.reduce(now.other?.total.counts ?? .zero) { $0 + $1.total.counts } == all)
    #expect(now.series.reduce(TaskCounts.zero) { $0 + $1.counts } == all)
    #expect(now.nodes.reduce(TaskCounts.zero) { $0 + $1.total } == all)
    let failures = now.series.flatMap(\.failures).reduce(0) { $0 + $1.value }
    #expect(failures == 500, "none is lost from sight")
  }

  @Test func `the busiest tasks are named, in the order of their names`() {
    var budget = CollectionBudget()
    budget.taskNames = 2
    var ledger = EventLedger(budget: budget)
    for (name, count) in [("c", 3), ("b", 1), ("a", 2)] {
      for number in 1...count {
        ledger.absorb([worker.received("\(name)\(number)", Self.noon, task: name)])
      }
    }
    let now = Self.statistics(ledger, at: Self.noon)
    #expect(now.tasks.map(\.name) == ["a", "c"])
    #expect(now.other?.total.counts.received == 1)
  }

  @Test func `names of nodes that are gone make room, and their counts stay`() throws {
    var budget = CollectionBudget()
    (budget.eventNodes, budget.trackedWorkers, budget.taskSeries) = (20, 5, 3)
    budget.recentFailures = 1
    var ledger = EventLedger(budget: budget)
    for number in 0..<300 {
      let one = Speaker(name: "pod-\(number)", pid: number)
      let moment = Self.noon + Double(number)
      ledger.absorb([
        one.heartbeat(moment), one.received("t\(number)", moment),
        one.started("t\(number)", moment),
      ])
      ledger.forgetWorkers(unheardSince: at(moment - 3))
      #expect(ledger.heardWorkers[one.id] != nil, "\(one.name) has a name of its own")
    }
    #expect(ledger.running.count == 4)
    #expect(ledger.nodes.count <= 21)
    let series = Self.statistics(ledger, at: Self.noon + 300).series
    #expect(series.map(\.node) == ["other", "pod-0", "pod-1", "pod-2"])
    #expect(series.map(\.counts.started) == [297, 1, 1, 1])
  }
}
