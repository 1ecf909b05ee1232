import TaskmonModel
import TaskmonUnits

/// When an entry is due, in a form that can be counted; other schedules are left out.
enum DueClock {
  case every(Seconds)
  case crontab(Crontab)

  /// Nil for a schedule that cannot be evaluated.
  init?(_ schedule: Schedule) {
    switch schedule {
    case .every(let period) where period.value.isFinite && period.value >= 0.1:
      self = .every(period)
    case .every: return nil
    case .crontab(let text):
      guard let crontab = Crontab(text) else { return nil }
      self = .crontab(crontab)
    case .other, .unknown: return nil
    }
  }

  /// Why nothing can be said of the times of a schedule; nil where some are known.
  static func missing(for entries: [ScheduleEntry]) -> String? {
    guard let first = entries.first, entries.allSatisfy({ $0.schedule == .unknown }) else {
      return nil
    }
    return "when \(first.name) is due is not known: only messages of beat tell of its schedule"
  }

  /// A crontab's message comes within this of its minute.
  static let promptness = Seconds(10)
  /// How far a worker's clock may be behind ours.
  static let skew = Seconds(2)
}

/// Receipts against due moments, counted inside the same stretches of heard time.
struct BeatTally: Equatable {
  var due = 0
  var receipts = 0
  /// Due periods in which at least two messages came.
  var doubled = 0
  /// Receipts that had one a period earlier, and those that could have had.
  var repeated = 0
  var repeatable = 0
  var since: Timestamp?

  static func + (left: BeatTally, right: BeatTally) -> BeatTally {
    BeatTally(
      due: left.due + right.due, receipts: left.receipts + right.receipts,
      doubled: left.doubled + right.doubled, repeated: left.repeated + right.repeated,
      repeatable: left.repeatable + right.repeatable,
      since: [left.since, right.since].compactMap(\.self).min())
  }

  var ratio: Double { due == 0 ? 0 : Double(receipts) / Double(due) }

  /// Messages of two schedules come back period after period; calls by hand do not.
  static let regularity = 0.8

  /// Twice as many messages as due, spread over the periods and as regular as a schedule.
  func isDoubled(due needed: Int, ratio least: Double, spread: Double) -> Bool {
    due >= needed && ratio >= least && Double(doubled) >= spread * Double(due)
      && Double(repeated) >= Self.regularity * Double(repeatable)
  }
}

/// Counts one entry's receipts over its recent due moments.
struct BeatCount {
  let track: BeatTrack
  let now: Timestamp

  /// A window over the newest heard time, in periods.
  struct Window {
    let periods: Double
    /// How exactly receipts must come back, as a share of the period.
    let tolerance: Double
  }

  /// The short window answers soon and wants punctual receipts.
  static let short = Window(periods: 8, tolerance: 0.05)
  /// The long one forgives workers that are busy and take messages late.
  static let long = Window(periods: 24, tolerance: 0.2)
  /// What is older says nothing of the present, and is at least this long.
  static let memory = Seconds.minutes(10)
  /// What clocks and queues add to any period.
  static let jitter = Seconds(0.3)

  func tally(_ clock: DueClock, _ window: Window) -> BeatTally {
    switch clock {
    case .every(let period): everyTally(period, window)
    case .crontab(let crontab): crontabTally(crontab, window)
    }
  }

  /// Stretches in which nothing was missed, none of them in the future.
  ///
  /// Where receipts may have been dropped from the front, only what came after the oldest kept.
  private func heard(since: Timestamp) -> [Interval] {
    var start = since
    if track.receipts.count >= BeatTrack.moments, let first = track.receipts.first {
      start = max(start, first)
    }
    return track.heard.compactMap { $0.after(start) }.compactMap { piece in
      let end = min(piece.end, now)
      return end > piece.start ? Interval(from: piece.start, to: end) : nil
    }
  }

  private func everyTally(_ period: Seconds, _ window: Window) -> BeatTally {
    let oldest = now - max(Self.memory, period * (window.periods + 2))
    var left = period * window.periods
    var tally = BeatTally()
    for piece in heard(since: oldest).reversed() where left > .zero {
      let clipped = Interval(from: max(piece.start, piece.end - left), to: piece.end)
      guard clipped.length >= period * 2, clipped.length.value.isFinite else { continue }
      left -= clipped.length
      tally = tally + everyTally(period, in: clipped, window.tolerance)
    }
    return tally
  }

  private func everyTally(
    _ period: Seconds, in piece: Interval, _ tolerance: Double
  ) -> BeatTally {
    let periods = Int(min((piece.length / period + 1e-6).rounded(.down), 1000))
    let inside = track.receipts.filter { piece.start <= $0 && $0 < piece.end }
    let slack = max(period * tolerance, Self.jitter)
    let later = inside.filter { $0 - period - slack >= piece.start }
    let repeated = later.filter { receipt in
      inside.contains { abs((receipt - period - $0).value) <= slack.value }
    }
    // A schedule whose phase falls on a bin's edge would fall into either bin, so that the best of
    // three ways to lay the bins counts: two schedules cannot spoil all three.
    let doubled = [0, 0.25, 0.5].map { shift in
      Self.doubled(inside, from: piece.start + period * shift, period, periods)
    }
    return BeatTally(
      due: periods, receipts: inside.count, doubled: doubled.max() ?? 0, repeated: repeated.count,
      repeatable: later.count, since: inside.first)
  }

  private static func doubled(
    _ receipts: [Timestamp], from start: Timestamp, _ period: Seconds, _ periods: Int
  ) -> Int {
    var bins: [Int: Int] = [:]
    for receipt in receipts {
      let bin = ((receipt - start) / period).rounded(.down)
      if abs(bin) < 1e6 { bins[Int(bin), default: 0] += 1 }
    }
    return min(periods, bins.values.reduce(0) { $0 + ($1 >= 2 ? 1 : 0) })
  }

  private func crontabTally(_ crontab: Crontab, _ window: Window) -> BeatTally {
    var tally = BeatTally()
    for piece in heard(since: now - Seconds.days(2)).reversed() {
      let left = Int(window.periods) - tally.due
      // A message must have had the time to come.
      guard left > 0, piece.length > DueClock.promptness + DueClock.skew else { continue }
      let judged = Interval(
        from: piece.start + DueClock.skew, to: piece.end - DueClock.promptness)
      for due in crontab.dueMoments(in: judged, last: left) {
        tally = tally + moment(due)
      }
    }
    return tally
  }

  private func moment(_ due: Timestamp) -> BeatTally {
    let came = track.receipts.filter {
      due - DueClock.skew <= $0 && $0 < due + DueClock.promptness
    }
    return BeatTally(
      due: 1, receipts: came.count, doubled: came.count >= 2 ? 1 : 0, since: came.first)
  }
}
