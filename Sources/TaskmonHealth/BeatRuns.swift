import TaskmonModel
import TaskmonUnits

/// What the workers' own counts say of one entry, where no task events tell.
struct BeatRuns: Equatable {
  /// Due moments between the first and the last count taken.
  var due = 0.0
  /// Runs meanwhile, retries among them.
  var runs = 0
  /// Stretches of two due moments or more, and those with at least half again as many runs.
  var stretches = 0
  var doubledStretches = 0
  var since: Timestamp?

  static let periods = 24.0
  static let shortest = Seconds.minutes(10)
  /// Due moments that a stretch must have: fewer may lie on either side of a count.
  static let stretch = 2.0
  static let stretchesNeeded = 3
  static let excess = 1.5
  static let steadiness = 0.8

  var ratio: Double { due > 0 ? Double(runs) / due : 0 }

  /// Whether the task ran about as often as it was due, so that its runs are really counted.
  var isCounted: Bool { ratio >= 0.5 }

  /// Counts over the latest rounds in which the workers answered.
  init(_ track: RunTrack, _ clock: DueClock, now: Timestamp) {
    let start =
      switch clock {
      case .every(let period): now - max(Self.shortest, period * Self.periods)
      case .crontab: now - RunTrack.window
      }
    let samples = track.samples.filter { $0.at >= start }
    since = samples.first?.at
    var open: (due: Double, runs: Int) = (0, 0)
    for (earlier, later) in zip(samples, samples.dropFirst()) {
      let piece = Interval(from: earlier.at, to: later.at)
      open.due += Self.due(clock, in: piece)
      open.runs += max(0, later.count - earlier.count)
      guard open.due >= Self.stretch else { continue }
      close(open)
      open = (0, 0)
    }
  }

  private mutating func close(_ stretch: (due: Double, runs: Int)) {
    due += stretch.due
    runs += stretch.runs
    stretches += 1
    if Double(stretch.runs) >= stretch.due * Self.excess { doubledStretches += 1 }
  }

  private static func due(_ clock: DueClock, in piece: Interval) -> Double {
    switch clock {
    case .every(let period): piece.length / period
    case .crontab(let crontab): Double(crontab.dueMoments(in: piece, last: 1000).count)
    }
  }

  /// Twice as many runs as were due, all the time.
  func isDoubled(ratio least: Double) -> Bool {
    ratio >= least && stretches >= Self.stretchesNeeded
      && Double(doubledStretches) >= Self.steadiness * Double(stretches)
  }
}

/// A schedule judged by the workers' own counts.
struct ScheduleRuns {
  /// Entries whose task is in no other entry, with enough due moments, by their place.
  let judged: [(entry: ScheduleEntry, runs: BeatRuns)]

  init(
    _ entries: [ScheduleEntry], _ history: SnapshotHistory, now: Timestamp, due needed: Double
  ) {
    let uses = Dictionary(entries.map { ($0.task, 1) }, uniquingKeysWith: +)
    judged = entries.compactMap { entry in
      guard uses[entry.task] == 1, let clock = DueClock(entry.schedule),
        let track = history.scheduledRuns[entry.task]
      else { return nil }
      let runs = BeatRuns(track, clock, now: now)
      return runs.due >= needed && runs.isCounted ? (entry, runs) : nil
    }
  }

  /// A second beat doubles every entry; one task alone may be called by others or retried.
  func isDoubled(ratio least: Double) -> Bool {
    !judged.isEmpty && judged.allSatisfy { $0.runs.isDoubled(ratio: least) }
  }
}
