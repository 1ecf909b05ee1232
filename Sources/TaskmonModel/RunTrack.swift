package import TaskmonUnits

/// How often one task of the schedule ran, as the workers' own counts tell; across runs.
///
/// A worker counts its executions by task name (`total` in `stats`), retries among them, whether
/// it sends events or not.
package struct RunTrack: Sendable, Equatable, Codable {
  /// Runs counted since the track began, at the end of each round of requests; oldest first.
  package private(set) var samples: [CounterSample]
  /// What each worker's own count was last; a worker that is gone keeps its place for a while.
  private var counts: [WorkerID: Count]

  private struct Count: Sendable, Equatable, Codable {
    var at: Timestamp
    var runs: Int
  }

  package init(samples: [CounterSample] = []) {
    self.samples = samples
    counts = [:]
  }

  package static let window = Seconds.hours(2)
  static let limit = 128
  /// Tasks of a schedule that are followed.
  static let tasks = 200

  /// Takes in what the workers answered in the round that ended at `round`.
  ///
  /// `joined` tells whether a worker came while taskmon was listening: all its runs are new then.
  mutating func absorb(
    _ replies: [(worker: WorkerID, stats: WorkerStats)], of task: String, round: Timestamp,
    joined: (WorkerID) -> Bool
  ) {
    guard round > samples.last?.at ?? round - Seconds(1) else { return }
    var grown = 0
    for (worker, stats) in replies {
      let runs = max(0, stats.totals[task] ?? 0)
      if let known = counts[worker] {
        grown = grown.addingClamped(runs < known.runs ? runs : runs - known.runs)
      } else if !samples.isEmpty, joined(worker) {
        grown = grown.addingClamped(runs)
      }
      counts[worker] = Count(at: round, runs: runs)
    }
    counts = counts.filter { round - $0.value.at <= Self.window }
    let sum = (samples.last?.count ?? 0).addingClamped(grown)
    samples.absorb(sum, at: round, window: Self.window, limit: Self.limit)
  }
}
