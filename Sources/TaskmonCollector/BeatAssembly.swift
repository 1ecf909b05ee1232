import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// Joins RedBeat's keys, configured schedules and the traffic of their tasks; pure.
struct BeatAssembly: Sendable {
  let layout: KeyLayout
  let facts: CollectedFacts
  let book: InspectionBook
  let events: EventExcerpt
  let hearing: Hearing
  let workers: [WorkerFacts]
  /// Why workers are not asked, where they are not.
  let silence: String?

  func assemble() -> BeatFacts {
    let entries = entries
    return BeatFacts(
      redBeat: redBeat, entries: entries,
      traffic: (entries.value ?? []).map { entry in
        events.beats.traffic(of: entry, heard: heard(entry))
      })
  }

  private var redBeat: Observation<RedBeatFacts?> {
    facts.redBeat.map { state in
      guard var found = state.facts else { return nil }
      found.isLockCertain = found.lock != nil || facts.hasSoughtLock
      return found
    }
  }

  /// RedBeat's own, which include what came from `beat_schedule`; else what workers are configured
  /// with, the only copy of a plain beat's plan that Redis shows, and what only messages tell of.
  private var entries: Observation<[ScheduleEntry]> {
    if case .value(let state) = facts.redBeat, let found = state.facts {
      var layout = layout
      layout.redBeatPrefix = found.keyPrefix ?? KeyLayout.defaultRedBeatPrefix
      return facts.redBeatEntries.map { [layout] entries in
        entries.map { entry in
          var entry = entry
          entry.dueAt = state.due[layout.redBeatEntry(entry.name)] ?? nil
          return entry
        }
      }
    }
    let answered = workers.filter { $0.settings.value != nil }.map(\.id.name)
    let marked = events.beats.markedEntries
    guard !answered.isEmpty || !marked.isEmpty else {
      return .unavailable(silence ?? "no worker has told its beat_schedule yet")
    }
    var entries: [ScheduleEntry] = []
    for entry in Set(answered).sorted().flatMap({ book.workers[$0]?.schedule ?? [] })
    where !entries.contains(where: { $0.name == entry.name && $0.task == entry.task }) {
      entries.append(entry)
    }
    return .value(entries + marked.filter { !Self.isKnown($0, among: entries) })
  }

  /// Whether an entry that a message told of is one of the plan: by its name, or by its task where
  /// the message names no entry.
  private static func isKnown(_ marked: ScheduleEntry, among plan: [ScheduleEntry]) -> Bool {
    let isNamed = marked.name != marked.task
    return plan.contains { entry in
      entry.name == marked.name || PeriodicKey(entry) == PeriodicKey(marked)
        || !isNamed && entry.task == marked.task
    }
  }

  /// When none of its receipts can have been missed: our stream lived, and every live worker that
  /// runs the task sends task events.
  private func heard(_ entry: ScheduleEntry) -> [Interval] {
    let runners = workers.filter { worker in
      guard worker.offlineSince == nil else { return false }
      guard case .value(let tasks) = worker.registered else { return true }
      return tasks.contains { $0.name == entry.task }
    }
    let speak = runners.contains { $0.sendsTaskEvents == .value(true) }
    let silent = runners.contains { $0.sendsTaskEvents == .value(false) }
    return speak && !silent ? hearing.intervals : []
  }
}
