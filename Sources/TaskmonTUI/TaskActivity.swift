package import TaskmonModel
import TaskmonUnits

/// What is known of one task by its name: told by events, by workers' answers and by results.
package struct TaskActivity: Sendable, Equatable {
  package var name: String
  /// Nil where no event told of it.
  package var facts: TaskFacts?
  /// Running now as far as is known; nil where no run is known, and some worker may have one.
  package var running: Int?
  /// Runs since the workers started, as they count themselves; nil where none told.
  package var executed: Int?
  /// Nil where none of its results was found.
  package var results: TaskResultSizes?
  /// It stands for all tasks there was no room for.
  package var isRest = false

  package init(name: String) { self.name = name }

  /// Every task heard or told of, the busiest first, the rest of them last.
  package static func all(_ context: ViewContext) -> [TaskActivity] {
    let snapshot = context.snapshot
    var found: [String: TaskActivity] = [:]
    let statistics = snapshot.tasks.value
    for facts in statistics?.tasks ?? [] {
      found[facts.name, default: TaskActivity(name: facts.name)].facts = facts
    }
    for worker in snapshot.workers.value ?? [] {
      for (name, count) in worker.stats.value?.totals ?? [:] {
        let before = found[name]?.executed ?? 0
        found[name, default: TaskActivity(name: name)].executed = before &+ max(0, count)
      }
    }
    if case .value(let running) = snapshot.running {
      for task in running {
        let name = task.task ?? TaskFacts.unnamed
        let before = found[name]?.running ?? 0
        found[name, default: TaskActivity(name: name)].running = before + 1
      }
      let untold = UntoldRuns(context)
      for name in found.keys where found[name]?.running == nil && !untold.mayHold(name) {
        found[name]?.running = 0
      }
    }
    for sizes in snapshot.results.value?.tasks ?? [] where found[sizes.task] != nil {
      found[sizes.task]?.results = sizes
    }
    let named = found.values.sorted { ($1.busyness, $0.name) < ($0.busyness, $1.name) }
    return named + (statistics?.other.map { [TaskActivity(rest: $0)] } ?? [])
  }

  private init(rest: TaskFacts) {
    name = rest.name
    facts = rest
    isRest = true
  }

  /// How much happened to it of late, then at all.
  private var busyness: Busyness {
    Busyness(
      recent: facts?.recent.counts.activity ?? 0, running: running ?? 0, executed: executed ?? 0)
  }

  private struct Busyness: Comparable {
    var recent: Int
    var running: Int
    var executed: Int

    static func < (left: Busyness, right: Busyness) -> Bool {
      (left.recent, left.running, left.executed) < (right.recent, right.running, right.executed)
    }
  }

  /// Of the runs that ended for good within ten minutes, the share that failed; nil where none did.
  package var failedShare: Double? {
    guard let counts = facts?.recent.counts, counts.completed > 0 else { return nil }
    return Double(counts.failed) / Double(counts.completed)
  }
}

extension [String: Int] {
  /// `ValueError 12, KeyError 3`: the most first; nil where there is none.
  package func byCount(atMost limit: Int = 3) -> String? {
    let ordered = sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    guard !ordered.isEmpty else { return nil }
    let shown = ordered.prefix(limit).map { "\($0.key) \($0.value.grouped)" }
    return (shown + (ordered.count > limit ? ["…"] : [])).joined(separator: ", ")
  }
}
