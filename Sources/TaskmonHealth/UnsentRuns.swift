import TaskmonModel
import TaskmonUnits

/// Compares how often RedBeat says that an entry ran with what was seen of its task.
struct UnsentRuns {
  /// Runs of which no message was seen.
  struct Runs {
    let count: Int
    let since: Timestamp
    /// The last moment up to which a message would have been seen.
    let until: Timestamp
    /// Workers that would have told.
    let witnesses: [String]
  }

  enum Judgement {
    /// Something of its task was seen.
    case seen
    case tooFew
    case unknown(String)
    case unsent(Runs)
  }

  private let history: SnapshotHistory
  private let snapshot: Snapshot
  /// Tasks of which a message or a run is in sight now.
  private let inSight: Set<String>
  /// Tasks of which anything was ever heard.
  private let heard: Set<String>
  /// When an attempt of a task was last heard to end.
  private let lastEnds: [String: Timestamp]

  /// How old the end of a heard interval may be.
  private static let hearing = Seconds(15)

  init(_ history: SnapshotHistory, _ snapshot: Snapshot) {
    self.history = history
    self.snapshot = snapshot
    inSight = Self.tasksInSight(snapshot)
    let tasks = snapshot.tasks.value
    var heard = Set((tasks?.tasks ?? []).map(\.name))
    for entry in snapshot.beat.entries.value ?? []
    where history.beatEntries[entry.name]?.lastTraffic != nil {
      heard.insert(entry.task)
    }
    self.heard = heard
    let ends =
      (tasks?.runs ?? []).map { ($0.task, $0.endedAt) }
      + (tasks?.failures ?? []).map { ($0.task, $0.at) }
    lastEnds = Dictionary(
      ends.compactMap { task, at in task.map { ($0, at) } }, uniquingKeysWith: max)
  }

  /// Of which a message waits or is held, or a run goes on.
  private static func tasksInSight(_ snapshot: Snapshot) -> Set<String> {
    var names = Set((snapshot.running.value ?? []).compactMap(\.task))
    for queue in snapshot.queues.value ?? [] {
      names.formUnion([queue.head, queue.newest].compactMap { $0?.value?.task })
    }
    names.formUnion((snapshot.unacked.value?.sample ?? []).compactMap { $0.message.value?.task })
    return names
  }

  func judge(_ entry: ScheduleEntry, runs needed: Int) -> Judgement {
    if inSight.contains(entry.task) { return .seen }
    let readings = history.entryRuns[entry.name]?.readings ?? []
    guard let runs = Self.window(readings, needed, until: snapshot.takenAt) else {
      return heard.contains(entry.task) ? .seen : .tooFew
    }
    let last = [history.beatEntries[entry.name]?.lastTraffic, lastEnds[entry.task]]
      .compactMap(\.self).max()
    let counted = history.scheduledRuns[entry.task]?.samples.growth(since: runs.start) ?? 0
    if last.map({ $0 >= runs.start }) ?? false || counted > 0 { return .seen }
    if heard.contains(entry.task) {
      return .unknown(
        "\(entry.name) ran \(runs.count.grouped) times since \(entry.task) was last heard of:"
          + " it may run under other arguments")
    }
    if let reason = deafness { return .unknown(reason) }
    let witnesses: Witnesses
    switch self.witnesses(of: entry.task, readings, needed) {
    case .success(let found): witnesses = found
    case .failure(let gap): return .unknown(gap.reason)
    }
    guard let stretch = snapshot.events.heard.last,
      let window = Self.window(
        readings.filter { stretch.start <= $0.at }, needed, until: witnesses.until)
    else {
      return .unknown(
        "\(entry.name) ran, and its messages may have come while task events were not heard, or"
          + " may wait in a queue")
    }
    let grown = history.scheduledRuns[entry.task]?.samples.growth(since: window.start) ?? 0
    guard grown == 0 else { return .seen }
    return .unsent(
      Runs(
        count: window.count, since: window.start, until: witnesses.until,
        witnesses: witnesses.names))
  }

  /// The latest readings between which the entry ran so often; nil where it did not.
  private static func window(
    _ readings: [CounterSample], _ needed: Int, until: Timestamp
  ) -> (start: Timestamp, count: Int)? {
    let told = readings.filter { $0.at <= until }
    guard let last = told.last,
      let first = told.last(where: { last.count - $0.count >= max(1, needed) })
    else { return nil }
    return (first.at, last.count - first.count)
  }

  /// Why not every name would have been heard; nil where it would.
  private var deafness: String? {
    guard case .value(let tasks) = snapshot.tasks else {
      return snapshot.tasks.reason ?? "task events were not heard"
    }
    guard let stretch = snapshot.events.heard.last,
      snapshot.takenAt - stretch.end <= Self.hearing
    else { return "task events are not heard" }
    if tasks.other != nil { return "there are more tasks than are told apart by name" }
    if let unnamed = tasks[task: TaskFacts.unnamed], unnamed.total.counts.expired > 0 {
      return "messages expired of which no event names the task"
    }
    return nil
  }
}

extension BeatTrack {
  /// When a message of the entry last came or was sent.
  fileprivate var lastTraffic: Timestamp? {
    [receipts.last, publications.last?.at].compactMap(\.self).max()
  }
}

// Who would have told.
extension UnsentRuns {
  private struct Witnesses {
    var names: [String]
    var until: Timestamp
  }

  private struct Gap: Error {
    let reason: String
  }

  /// The workers, all of which would have told of the task up to some moment.
  private func witnesses(
    of task: String, _ readings: [CounterSample], _ needed: Int
  ) -> Result<Witnesses, Gap> {
    guard case .value(let workers) = snapshot.workers, case .value(let queues) = snapshot.queues
    else { return .failure(Gap(reason: "workers and queues were not read")) }
    let live = workers.filter { $0.offlineSince == nil && $0.lastProof.map(isRecent) ?? false }
    guard live.contains(where: { $0.knows(task) == true }) else {
      return .failure(Gap(reason: "no live worker here is known to have registered \(task)"))
    }
    if let stranger = stranger(among: live) {
      return .failure(
        Gap(reason: "\(stranger) runs and no worker has registered it: it may be another's shadow"))
    }
    var until = snapshot.takenAt
    for worker in live where worker.sendsTaskEvents.value != true {
      guard worker.knows(task) == true, worker.hasFreeSlot == true,
        case .value(let stats) = worker.stats
      else {
        return .failure(
          Gap(reason: "\(worker.id.name) may have run \(task): it sends no task events"))
      }
      until = min(until, stats.repliedAt)
    }
    for queue in queues {
      guard let moment = emptyUntil(queue, since: readings.first?.at) else {
        return .failure(Gap(reason: "messages of \(task) may be among those in \(queue.name)"))
      }
      until = min(until, moment)
    }
    let start = Self.window(readings, needed, until: until)?.start ?? until
    if let gone = mute(since: start, but: live) {
      return .failure(Gap(reason: "\(gone) is gone, may have run \(task) and sent no events"))
    }
    return .success(Witnesses(names: live.map(\.id.name), until: until))
  }

  /// A name under which something ran and that no worker has registered.
  ///
  /// With the option `shadow` events and counts give a task another name than its own.
  private func stranger(among live: [WorkerFacts]) -> String? {
    var names = Set(live.flatMap { $0.stats.value?.totals.keys.map(\.self) ?? [] })
    for task in snapshot.tasks.value?.tasks ?? [] where task.name != TaskFacts.unnamed {
      let counts = task.total.counts
      // Of one that no worker knew only the failure is told.
      if counts.received > 0 || counts.started > 0 { names.insert(task.name) }
    }
    return names.subtracting(live.flatMap { $0.registered.value?.map(\.name) ?? [] }).min()
  }

  private func isRecent(_ proof: Timestamp) -> Bool {
    snapshot.takenAt - proof <= WorkerWatch.answerAge
  }

  /// A worker that lived since `start`, is not among the live and was not heard to send events.
  private func mute(since start: Timestamp, but live: [WorkerFacts]) -> String? {
    let known = Set(live.map(\.id))
    return history.workers.values.sorted { $0.id < $1.id }.first { track in
      let last = [track.lastHeard, track.lastReply].compactMap(\.self).max()
      return !known.contains(track.id) && track.sendsTaskEvents != true
        && last.map { $0 >= start } ?? false
    }?.id.name
  }

  /// When a queue was last seen to hold nothing that may have come meanwhile; nil where it never
  /// was.
  private func emptyUntil(_ queue: QueueFacts, since start: Timestamp?) -> Timestamp? {
    guard queue.ready > 0 else { return snapshot.takenAt }
    return start.flatMap { history.queues[queue.name]?.lastWithoutArrivals(since: $0) }
  }
}
