import TaskmonModel
import TaskmonUnits

/// Whether beat does its work, and how many of them there are.
package enum BeatFamilies: FamilyGroup {
  package static func families(of input: ExpositionInput) -> [MetricFamily] {
    let beat = input.facts?.beat
    let redBeat = beat?.redBeat.value ?? nil
    let entries = (beat?.entries.value ?? []).sorted { $0.name < $1.name }
    let now = input.facts?.takenAt
    return [
      .gauge(
        "celery_beat_lock_held", "Whether a RedBeat process holds the lock.",
        Sample.known(redBeat.map { $0.lock == nil ? 0 : 1 })),
      .gauge(
        "celery_beat_lock_ttl_seconds", "Time until the lock ends unless it is extended.",
        Sample.known(redBeat?.lock.map { $0.timeToLive?.value ?? .infinity })),
      .gauge(
        "celery_beat_entries", "Entries of the schedule, disabled ones included.",
        Sample.known(beat?.entries.value?.count)),
      .gauge(
        "celery_beat_entry_overdue_seconds",
        "How long the entry has been due without being sent; 0 while its time has not come.",
        entries.flatMap { entry in
          Sample.known(overdue(entry, at: now)?.value, [Label("entry", entry.name)])
        }),
      .gauge(
        "celery_beat_publishers",
        "Processes that have sent the entry within its last four periods, at least ten minutes.",
        entries.flatMap { entry in
          Sample.known(publishers(of: entry, in: input), [Label("entry", entry.name)])
        }),
    ]
  }

  private static func overdue(_ entry: ScheduleEntry, at now: Timestamp?) -> Seconds? {
    guard let now, entry.isEnabled, let dueAt = entry.dueAt.flatMap({ entry.due(by: $0, at: now) })
    else { return nil }
    return max(now - dueAt, .zero)
  }

  /// Nil where no publication was seen: that is no proof of none.
  private static func publishers(of entry: ScheduleEntry, in input: ExpositionInput) -> Int? {
    guard let now = input.facts?.takenAt, let track = input.history.beatEntries[entry.name] else {
      return nil
    }
    let recent = track.publications.filter { now - $0.at <= window(of: entry.schedule) }
    return recent.isEmpty ? nil : Set(recent.map(\.publisher)).count
  }

  private static func window(of schedule: Schedule) -> Seconds {
    let least = Seconds.minutes(10)
    return switch schedule {
    case .every(let period): max(period * 4, least)
    case .crontab, .other, .unknown: least
    }
  }
}
