package import TaskmonUnits

/// Since when nothing has been seen to be published, while workers were there to take it.
package struct ActivityTrack: Sendable, Equatable, Codable {
  /// Nil while there are no workers, or nobody knows.
  package private(set) var quietSince: Timestamp?
  /// When something was last seen to be published; nil where nothing ever was.
  package private(set) var busyAt: Timestamp?
  private var lookedAt: Timestamp?
  private var taskEvents: Int
  private var observedSince: Timestamp?
  private var unacked: Int

  package init() {
    taskEvents = 0
    unacked = 0
  }

  /// What happens in a longer time without a look is not known.
  private static let patience = Seconds.hours(1)

  /// `isBusy` tells whether queues or workers were seen to move since the last look.
  mutating func absorb(_ snapshot: Snapshot, isBusy: Bool) {
    let now = snapshot.takenAt
    let isGap = lookedAt.map { now - $0 > Self.patience } ?? false
    let before = observedSince == snapshot.observedSince ? taskEvents : 0
    let heard = snapshot.events.taskEvents
    let held = snapshot.unacked.value?.count ?? unacked
    let hasMoved = isBusy || heard > before || held > unacked
    let isStaffed = (snapshot.workers.value ?? []).contains { $0.offlineSince == nil }
    // What is met by the first look may have lain there for long.
    if hasMoved, lookedAt != nil { busyAt = now }
    if !isStaffed {
      quietSince = nil
    } else if hasMoved || isGap || quietSince == nil {
      quietSince = now
    }
    (lookedAt, taskEvents, unacked) = (now, heard, held)
    observedSince = snapshot.observedSince
  }
}

extension SnapshotHistory {
  /// What tells that messages came: queue by queue what stands in them, worker by worker what they
  /// have done.
  struct Pulse: Equatable {
    let ready: [String: Int]
    let heads: [String: String?]
    let processed: [WorkerID: Int]

    init(_ history: SnapshotHistory) {
      ready = history.queues.compactMapValues { $0.ready.last?.ready }
      heads = history.queues.mapValues(\.headTag)
      processed = history.workers.compactMapValues(\.processed)
    }

    /// Whether anything was published since: more waits, another message is next, more was done.
    func isBusier(than before: Pulse) -> Bool {
      ready.contains { $0.value > before.ready[$0.key] ?? 0 }
        || heads.contains { name, tag in tag != nil && (before.heads[name] ?? nil) != tag }
        || processed.contains { id, count in before.processed[id].map { count > $0 } ?? (count > 0)
        }
    }
  }
}
