import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// What Prometheus counts with must never fall, whoever comes and goes.
@Suite struct CounterTests {
  private struct Key: Hashable {
    var task: String
    var host: String
    var queue: String
  }

  /// What is shown as counters, as the exposition adds it up.
  private static func counters(_ ledger: EventLedger, at now: Double) -> [Key: [Int]] {
    let statistics = ledger.statistics(at: at(now), since: at(0), heard: [])
    var sums: [Key: [Int]] = [:]
    for series in statistics.series {
      let counts = series.counts
      let numbers =
        [
          counts.sent, counts.received, counts.started, counts.succeeded, counts.failed,
          counts.retried, counts.rejected, counts.revoked, counts.duplicates, counts.redelivered,
          series.failures.values.reduce(0, +), series.runtime.count, series.wait.count,
        ] + series.runtime.counts + series.wait.counts
      let key = Key(task: series.task, host: series.host, queue: series.queue)
      sums[key] = sums[key].map { zip($0, numbers).map { $0 + $1 } } ?? numbers
    }
    return sums
  }

  @Test func `no counter falls or goes while workers come, go and are forgotten`() {
    var budget = CollectionBudget()
    (budget.eventNodes, budget.trackedWorkers, budget.taskSeries) = (30, 8, 40)
    (budget.trackedTasks, budget.oddIDs) = (60, 20)
    var ledger = EventLedger(budget: budget)
    var before: [Key: [Int]] = [:]
    for step in 0..<600 {
      let now = Double(step)
      // A name in eight comes back; the others are pods that nobody sees again.
      let name = step % 8 == 0 ? "celery@fixed" : "celery@pod-\(step)"
      let worker = Speaker(name: name, pid: step)
      let (id, task) = ("t\(step)", "task.\(step % 7)")
      ledger.note(queues: ["q\(step % 3)"], ofNode: name)
      ledger.absorb([
        worker.heartbeat(now), worker.sent(id, now, task: task, by: "gen\(step)@web-\(step)"),
        worker.received(id, now, task: task), worker.started(id, now),
        step % 5 == 0
          ? worker.failed(id, now, "E\(step % 11)()") : worker.succeeded(id, now, runtime: 0.2),
      ])
      if step % 3 == 0 { ledger.absorb([worker.offline(now)]) }
      if step % 90 == 0 { ledger.streamResumed() }
      if step % 200 == 0 { ledger.clockJumped(by: Seconds(3)) }
      ledger.forgetWorkers(unheardSince: at(now - 4))
      let after = Self.counters(ledger, at: now)
      for (key, numbers) in before {
        let grown = after[key].map { zip(numbers, $0).allSatisfy { $0 <= $1 } } ?? false
        guard grown else {
          Issue.record("step \(step): \(key) fell from \(numbers) to \(after[key] ?? [])")
          return
        }
      }
      before = after
    }
    #expect(before.values.reduce(0) { $0 + $1[1] } == 600, "and none is lost from sight")
  }
}
