package import TaskmonUnits

/// What is remembered of RedBeat's keys: who holds the lock, and how the due moments moved.
package struct ScheduleTrack: Sendable, Equatable, Codable {
  /// The lock as it was last seen; nil while there is none.
  package private(set) var lock: BeatLock?
  /// When the keys were last seen.
  package private(set) var lookedAt: Timestamp?
  /// When the lock was last seen to have been taken or renewed: a beat ticked just before.
  package private(set) var renewedAt: Timestamp?
  /// Since when there has been no lock, or one that never expires; nil while one is held.
  package private(set) var openSince: Timestamp?
  /// Since when there has been no lock under any name; nil while there is one.
  package private(set) var missingSince: Timestamp?
  /// When entries were seen to be run since `openSince`, oldest first; at most 16.
  package private(set) var openMoves: [Timestamp]
  /// When the lock's token last became another one.
  package private(set) var tokenChangedAt: Timestamp?
  /// By the entry's name.
  package private(set) var entries: [String: DueTrack]

  package init() {
    openMoves = []
    entries = [:]
  }

  static let moves = 16
  static let limit = 500
  /// How much longer a lock must live than it was left with, to have been renewed.
  private static let renewal = Seconds(0.5)

  /// Takes the keys in as they were read at `now`; told again, what was read changes nothing.
  mutating func absorb(_ redBeat: RedBeatFacts, _ schedule: [ScheduleEntry], at now: Timestamp) {
    guard now != lookedAt else { return }
    let wasOpen = openSince != nil
    absorb(redBeat.lock, isCertain: redBeat.isLockCertain, at: now)
    // What moved between a look with a lock and one without was moved by its holder.
    let runs = absorb(schedule, at: now, isOpen: wasOpen && openSince != nil)
    if !runs.isEmpty { openMoves = runs.union(openMoves).sorted().suffix(Self.moves) }
    lookedAt = now
  }

  private mutating func absorb(_ new: BeatLock?, isCertain: Bool, at now: Timestamp) {
    defer { lock = new }
    if new != nil {
      missingSince = nil
    } else if isCertain {
      missingSince = missingSince ?? now
    }
    guard let new, new.timeToLive != nil else {
      guard isCertain else { return }
      if openSince == nil { openMoves = [] }
      openSince = openSince ?? now
      return
    }
    openSince = nil
    openMoves = []
    if let lock, lock.token != new.token {
      tokenChangedAt = now
      renewedAt = now
    } else if lock == nil {
      renewedAt = lookedAt == nil ? nil : now
    } else if let before = lock?.timeToLive, let left = new.timeToLive, let lookedAt,
      left > before - (now - lookedAt) + Self.renewal
    {
      renewedAt = now
    }
  }

  /// Gives back the looks at which entries were seen to have been run while the lock was open.
  private mutating func absorb(
    _ schedule: [ScheduleEntry], at now: Timestamp, isOpen: Bool
  ) -> Set<Timestamp> {
    var runs: Set<Timestamp> = []
    var kept: [String: DueTrack] = [:]
    for entry in schedule.prefix(Self.limit) where entry.isEnabled {
      guard var track = entries[entry.name] else {
        kept[entry.name] = DueTrack(entry, savedAt: entries.isEmpty ? nil : now)
        continue
      }
      runs.formUnion(track.absorb(entry, at: now, isOpen: isOpen))
      kept[entry.name] = track
    }
    if !schedule.isEmpty { entries = kept }
    return runs
  }
}

/// What is remembered of when one entry of RedBeat is due.
package struct DueTrack: Sendable, Equatable, Codable {
  package private(set) var due: Timestamp?
  private var runs: Int?
  private var lastRun: Timestamp?
  private var schedule: String
  /// When its due moment moved, while no run explains that yet.
  private var movedAt: Timestamp?
  /// The looks at which it was due later than before while the lock was open, while no run explains
  /// that yet; at most `ScheduleTrack.moves`.
  private var openMoves: [Timestamp]?
  /// The due moment that passed without a run before somebody saved the entry, and when that was
  /// seen.
  private var passed: PassedDue?
  /// When somebody other than a beat's run is known to have written it last.
  ///
  /// A beat that sleeps until another entry is due learns of that only when it wakes.
  package private(set) var savedAt: Timestamp?
  /// The due moment that no beat kept, although the entry was saved as due later since.
  ///
  /// RedBeat gives an overdue entry that is saved, by whomever or at a beat's own start, the moment
  /// of the saving as its due one.
  package private(set) var missedDue: Timestamp?

  private struct PassedDue: Sendable, Equatable, Codable {
    var due: Timestamp
    var seenAt: Timestamp
  }

  init(_ entry: ScheduleEntry, savedAt: Timestamp?) {
    due = entry.dueAt
    runs = entry.runCount
    lastRun = entry.lastRun
    schedule = entry.schedule.text
    self.savedAt = savedAt
  }

  /// Runs are read more rarely than due moments.
  private static let reading = Seconds(40)
  /// How far the clock of whoever saves may be ahead of ours.
  private static let skew = Seconds(2)

  /// Gives back the looks at which the entry was seen to have been run while the lock was open.
  mutating func absorb(_ entry: ScheduleEntry, at now: Timestamp, isOpen: Bool) -> [Timestamp] {
    if !isOpen { openMoves = nil }
    if entry.schedule.text != schedule {
      (savedAt, passed, missedDue) = (now, nil, nil)
    } else if entry.dueAt != due {
      noteMove(of: entry, at: now, isOpen: isOpen)
    }
    let count = newRuns(of: entry)
    var run: [Timestamp] = []
    // Whoever has run it knows of it.
    if count != 0 {
      run = (openMoves ?? []).suffix(max(0, count))
      (movedAt, savedAt, passed, missedDue, openMoves) = (nil, nil, nil, nil, nil)
    }
    settle(at: now)
    due = entry.dueAt
    runs = entry.runCount
    lastRun = entry.lastRun
    schedule = entry.schedule.text
    return run
  }

  private mutating func noteMove(of entry: ScheduleEntry, at now: Timestamp, isOpen: Bool) {
    guard let due, let later = entry.dueAt, later > due else {
      movedAt = now
      return
    }
    if isOpen { openMoves = ((openMoves ?? []) + [now]).suffix(ScheduleTrack.moves) }
    // A run makes it due in the future, and its runs must be told to know of one.
    if later > now + Self.skew || entry.lastRun == nil {
      movedAt = now
    } else {
      passed = passed ?? PassedDue(due: due, seenAt: now)
    }
  }

  private func newRuns(of entry: ScheduleEntry) -> Int {
    let counted = (entry.runCount ?? 0) - (runs ?? 0)
    guard let before = lastRun, let last = entry.lastRun, before < last else { return counted }
    return max(counted, 1)
  }

  /// What no reading of its runs explains by now was no run.
  private mutating func settle(at now: Timestamp) {
    if let moved = movedAt, now - moved > Self.reading {
      savedAt = moved
      movedAt = nil
    }
    if let passed, now - passed.seenAt > Self.reading * 2 { missedDue = passed.due }
    openMoves?.removeAll { now - $0 > Self.reading * 2 }
  }
}
