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
    let hasMoved = absorb(schedule, at: now)
    // What moved between a look with a lock and one without was moved by its holder.
    if wasOpen, openSince != nil, hasMoved { openMoves = (openMoves + [now]).suffix(Self.moves) }
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

  /// Whether an entry known before is due later now.
  private mutating func absorb(_ schedule: [ScheduleEntry], at now: Timestamp) -> Bool {
    var hasMoved = false
    var kept: [String: DueTrack] = [:]
    for entry in schedule.prefix(Self.limit) where entry.isEnabled {
      guard var track = entries[entry.name] else {
        kept[entry.name] = DueTrack(entry, savedAt: entries.isEmpty ? nil : now)
        continue
      }
      if let before = track.due, let due = entry.dueAt, due > before { hasMoved = true }
      track.absorb(entry, at: now)
      kept[entry.name] = track
    }
    if !schedule.isEmpty { entries = kept }
    return hasMoved
  }
}

/// What is remembered of when one entry of RedBeat is due.
package struct DueTrack: Sendable, Equatable, Codable {
  package private(set) var due: Timestamp?
  private var runs: Int?
  private var schedule: String
  /// When its due moment moved, while no run explains that yet.
  private var movedAt: Timestamp?
  /// When somebody other than a beat's run is known to have written it last.
  ///
  /// A beat that sleeps until another entry is due learns of that only when it wakes.
  package private(set) var savedAt: Timestamp?

  init(_ entry: ScheduleEntry, savedAt: Timestamp?) {
    due = entry.dueAt
    runs = entry.runCount
    schedule = entry.schedule.text
    self.savedAt = savedAt
  }

  /// Runs are read more rarely than due moments.
  private static let reading = Seconds(40)

  mutating func absorb(_ entry: ScheduleEntry, at now: Timestamp) {
    if entry.schedule.text != schedule { savedAt = now }
    if entry.dueAt != due { movedAt = now }
    // Whoever has run it knows of it.
    if entry.runCount != runs { (movedAt, savedAt) = (nil, nil) }
    if let moved = movedAt, now - moved > Self.reading {
      savedAt = moved
      movedAt = nil
    }
    due = entry.dueAt
    runs = entry.runCount
    schedule = entry.schedule.text
  }
}
