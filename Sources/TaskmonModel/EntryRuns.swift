import TaskmonUnits

/// How often an entry of RedBeat's has run, by its own count.
package struct EntryRuns: Sendable, Equatable, Codable {
  /// The first reading and one for each change, oldest first; at most 32.
  ///
  /// Counts are read more rarely than snapshots are taken: a run may be some time older than the
  /// reading that shows it, but never younger.
  package private(set) var readings: [CounterSample]
  private var task: String

  static let limit = 32

  init(of entry: ScheduleEntry) {
    readings = []
    task = entry.task
  }

  /// An entry that was saved anew, or calls another task now, begins anew.
  mutating func absorb(_ entry: ScheduleEntry, at now: Timestamp) {
    // Before its first run an entry has no count.
    guard let count = entry.runCount ?? (entry.lastRun == nil ? 0 : nil) else { return }
    if entry.task != task || count < readings.last?.count ?? 0 { self = EntryRuns(of: entry) }
    guard count != readings.last?.count else { return }
    readings = (readings + [CounterSample(at: now, count: count)]).suffix(Self.limit)
  }
}
