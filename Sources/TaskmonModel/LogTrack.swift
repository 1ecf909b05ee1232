package import TaskmonUnits

/// What is remembered of one log across runs.
package struct LogTrack: Sendable, Equatable, Codable {
  /// How far it was read; nil for a pipe.
  package private(set) var position: LogPosition?
  package private(set) var node: String?
  /// Of this process; nil before it has read.
  package private(set) var present: LogWindow?
  /// Of earlier runs, oldest first; bounded.
  package private(set) var earlier: [LogWindow]
  /// When a pool's process last wrote a plain line at each level, without a logger's name.
  package private(set) var poolLevels: [String: Timestamp]
  private var seenAt: Timestamp?

  package init() {
    earlier = []
    poolLevels = [:]
  }

  /// As much time as a judgement needs.
  package static let length = Seconds.minutes(10)
  static let runs = 32
  /// What was written longer ago counts no more.
  static let reach = Seconds.hours(2)
  static let levels = 16
  /// How long it is remembered which levels were written, and where an absent file was read up to.
  static let retention = Seconds.hours(24)
  static let files = 256

  mutating func absorb(_ file: WorkerLogFile, at now: Timestamp) {
    seenAt = now
    position = file.position ?? position
    node = file.node ?? node
    present = file.window
    // What the writer wrote between those runs and this was passed over.
    if file.skipped > .zero { earlier = [] }
    for level in file.window.counts.poolLevels.keys
    where poolLevels[level] != nil || poolLevels.count < Self.levels {
      poolLevels[level] = file.window.counted.end
    }
    poolLevels = poolLevels.filter { now - $0.value <= Self.retention }
  }

  /// The last ten minutes, or the runs of which they are a part.
  package func window(at now: Timestamp) -> LogWindow? {
    var window = present
    for run in earlier.reversed() {
      guard now - run.counted.end <= Self.reach,
        (window?.counted.heard ?? .zero) < Self.length
      else { break }
      window = window.map { run + $0 } ?? run
    }
    return window
  }

  /// The present becomes the past.
  func afterRestart() -> LogTrack {
    var track = self
    track.present = nil
    if let present { track.earlier = Array((earlier + [present]).suffix(Self.runs)) }
    return track
  }

  func isWorthKeeping(at now: Timestamp) -> Bool {
    seenAt.map { now - $0 <= Self.retention } ?? false
  }
}

extension LogTrack {
  /// Takes in what the logs told; a file that is not there any more is remembered for a day.
  static func absorb(_ snapshot: Snapshot, into tracks: inout [String: LogTrack]) {
    guard let logs = snapshot.workerLogs, logs.readAt != nil else { return }
    for file in logs.files where file.failure == nil {
      tracks[file.path, default: LogTrack()].absorb(file, at: snapshot.takenAt)
    }
    tracks = tracks.filter { $0.value.isWorthKeeping(at: snapshot.takenAt) }
    guard tracks.count > files else { return }
    let newest = tracks.sorted { ($1.value.lastSeen, $0.key) < ($0.value.lastSeen, $1.key) }
    tracks = Dictionary(
      newest.prefix(files).map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
  }

  private var lastSeen: Double { seenAt?.secondsSince1970 ?? 0 }
}
