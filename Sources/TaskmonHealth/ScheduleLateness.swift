import TaskmonModel
import TaskmonUnits

/// An entry whose due moment has passed and that no beat has run since.
struct OverdueEntry {
  let entry: ScheduleEntry
  let due: Timestamp
  /// How long it may wait for no fault of beat's, counted from `due`.
  let allowance: Seconds

  func overdue(at now: Timestamp) -> Seconds { now - due }
}

/// Which entries of the schedule are overdue, for all rules alike.
struct ScheduleLateness {
  /// Due and not run; whether that is late is for rules to say.
  private(set) var overdue: [OverdueEntry] = []
  /// Entries that could be judged, overdue or not.
  private(set) var judged = 0
  /// When any beat was last seen to run any entry.
  private(set) var lastPublish: Timestamp?
  /// Why some entry could not be judged.
  private(set) var doubt: String?
  /// Why nothing can be judged at all.
  private(set) var unknown: String?
  let isRedBeat: Bool

  /// RedBeat sleeps this long at most (`max_interval`), and does not hear of entries saved by
  /// others meanwhile.
  static let longestSleep = Seconds.minutes(5)
  /// A run of an interval is due this exactly after the one before.
  private static let precision = Seconds(5)
  /// How old the end of a heard interval may be.
  private static let hearing = Seconds(15)

  init(_ history: SnapshotHistory, _ snapshot: Snapshot) {
    guard case .value(let redBeat) = snapshot.beat.redBeat else {
      isRedBeat = false
      unknown = "RedBeat's keys: \(snapshot.beat.redBeat.reason ?? "not read")"
      return
    }
    isRedBeat = redBeat != nil
    guard case .value(let all) = snapshot.beat.entries else {
      unknown = snapshot.beat.entries.reason ?? "no schedule is known"
      return
    }
    if isRedBeat {
      judgeRedBeat(all, history, now: snapshot.takenAt)
    } else {
      judgePlain(all, history, snapshot)
    }
  }

  // MARK: RedBeat

  private mutating func judgeRedBeat(
    _ all: [ScheduleEntry], _ history: SnapshotHistory, now: Timestamp
  ) {
    lastPublish = all.compactMap { $0.runCount ?? 0 > 0 ? $0.lastRun : nil }.max()
    for entry in all where entry.isEnabled {
      guard let score = entry.dueAt else { continue }
      let track = history.schedule.entries[entry.name]
      guard let due = entry.due(by: min(score, track?.missedDue ?? score), at: now)
      else {
        doubt = doubt ?? "when \(entry.name) is due: it was saved between two runs"
        continue
      }
      judged += 1
      guard due < now else { continue }
      overdue.append(
        OverdueEntry(
          entry: entry, due: due, allowance: Self.allowance(entry, due, track?.savedAt)))
    }
  }

  /// Until beat wakes, for entries that were saved by somebody and not by a run.
  private static func allowance(
    _ entry: ScheduleEntry, _ due: Timestamp, _ saved: Timestamp?
  ) -> Seconds {
    if entry.runCount ?? 0 == 0 { return longestSleep }
    var allowed = Seconds.zero
    if let saved { allowed = max(.zero, saved + longestSleep - due) }
    if case .every(let period) = entry.schedule, let last = entry.lastRun,
      due - last > period + precision
    {
      allowed = max(allowed, longestSleep)
    }
    return allowed
  }

  // MARK: Plain beats, by what came of them

  private mutating func judgePlain(
    _ all: [ScheduleEntry], _ history: SnapshotHistory, _ snapshot: Snapshot
  ) {
    let entries = all.filter(\.isEnabled)
    guard !entries.isEmpty else {
      unknown = "no schedule is known: neither RedBeat nor a worker's beat_schedule has one"
      return
    }
    let uses = Dictionary(entries.map { (ScheduledCall($0), 1) }, uniquingKeysWith: +)
    for entry in entries {
      let track = history.beatEntries[entry.name]
      let last = [track?.receipts.last, track?.publications.last?.at].compactMap(\.self).max()
      lastPublish = [lastPublish, last].compactMap(\.self).max()
      guard uses[ScheduledCall(entry)] == 1, case .every(let period) = entry.schedule
      else { continue }
      judge(entry, period, lastSeen: last, heard: track?.heard ?? [], history, snapshot)
    }
    guard judged == 0 else { return }
    unknown =
      doubt ?? DueClock.missing(for: entries)
      ?? "beat leaves no key without RedBeat, and no message of its schedule was seen"
  }

  private mutating func judge(
    _ entry: ScheduleEntry, _ period: Seconds, lastSeen: Timestamp?, heard: [Interval],
    _ history: SnapshotHistory, _ snapshot: Snapshot
  ) {
    guard let lastSeen, period.value.isFinite, period > .zero else { return }
    let due = lastSeen + period
    guard due < snapshot.takenAt else {
      judged += 1
      return
    }
    guard let stretch = heard.last, snapshot.takenAt - stretch.end <= Self.hearing,
      stretch.start <= due
    else {
      doubt = doubt ?? "task events were not heard all the time since \(entry.name) last came"
      return
    }
    // One that was restarted and lost its file counts its intervals anew.
    let allowance = min(period, Self.longestSleep)
    let latest = due + allowance
    if latest < snapshot.takenAt,
      let queue = Self.hidingPlace(since: due, until: latest, history, snapshot)
    {
      doubt =
        doubt
        ?? "\(entry.name) was not received, but may be among the messages that wait in \(queue)"
      return
    }
    judged += 1
    overdue.append(OverdueEntry(entry: entry, due: due, allowance: allowance))
  }

  /// A queue where a message published between `due` and `latest` might still wait.
  private static func hidingPlace(
    since due: Timestamp, until latest: Timestamp, _ history: SnapshotHistory, _ snapshot: Snapshot
  ) -> String? {
    guard case .value(let queues) = snapshot.queues else { return "queues that were not read" }
    return queues.first { queue in
      guard queue.ready > 0 else { return false }
      let empty = history.queues[queue.name]?.lastWithoutArrivals(since: due)
      return empty.map { $0 < latest } ?? true
    }?.name
  }
}
