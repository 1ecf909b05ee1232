package import TaskmonUnits

/// The latest snapshot and, per subject, the little of the past that rules need; bounded and pure.
///
/// `check` keeps its encoding between runs; a long-running process keeps the value.
package struct SnapshotHistory: Sendable, Equatable, Codable {
  /// Nil before the first snapshot of this process; not part of the encoded state.
  package private(set) var latest: Snapshot?
  package private(set) var queues: [String: QueueTrack]
  package private(set) var workers: [WorkerID: WorkerTrack]
  /// The same by name and pid, sorted once for all who want them so.
  package private(set) var workersInOrder: [WorkerTrack] = []
  package private(set) var beatEntries: [String: BeatTrack]
  /// How often the tasks of the schedule ran, by task name.
  package private(set) var scheduledRuns: [String: RunTrack]
  /// RedBeat's lock and due moments.
  package private(set) var schedule: ScheduleTrack
  /// How often RedBeat's entries ran, by the entry's name.
  package private(set) var entryRuns: [String: EntryRuns]
  /// The tasks met in each queue, and who knows them.
  package private(set) var registries: [String: RegistryTrack]
  package private(set) var activity: ActivityTrack
  package private(set) var server: ServerTrack
  package private(set) var chords: ChordTracks
  package private(set) var tasks: TaskTrack
  /// What the workers' logs told and how far they were read, by path.
  package private(set) var workerLogs: [String: LogTrack] = [:]
  /// When an earlier run ended, where this history was read from a state file.
  package private(set) var earlierRunEnded: Timestamp?

  private enum CodingKeys: String, CodingKey {
    case queues, workers, beatEntries, scheduledRuns, schedule, server
    case registries, activity, chords, tasks, earlierRunEnded, entryRuns, workerLogs
  }

  package init() {
    queues = [:]
    workers = [:]
    beatEntries = [:]
    scheduledRuns = [:]
    schedule = ScheduleTrack()
    entryRuns = [:]
    registries = [:]
    activity = ActivityTrack()
    server = ServerTrack()
    chords = ChordTracks()
    tasks = TaskTrack()
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    queues = try container.decode([String: QueueTrack].self, forKey: .queues)
    let list = try container.decode([WorkerTrack].self, forKey: .workers)
    workers = Dictionary(list.map { ($0.id, $0.afterRestart()) }, uniquingKeysWith: { $1 })
    workersInOrder = Self.inOrder(workers)
    beatEntries = try container.decode([String: BeatTrack].self, forKey: .beatEntries)
    scheduledRuns =
      try container.decodeIfPresent([String: RunTrack].self, forKey: .scheduledRuns) ?? [:]
    schedule =
      try container.decodeIfPresent(ScheduleTrack.self, forKey: .schedule) ?? ScheduleTrack()
    entryRuns =
      try container.decodeIfPresent([String: EntryRuns].self, forKey: .entryRuns) ?? [:]
    registries =
      try container.decodeIfPresent([String: RegistryTrack].self, forKey: .registries) ?? [:]
    activity =
      try container.decodeIfPresent(ActivityTrack.self, forKey: .activity) ?? ActivityTrack()
    server = try container.decodeIfPresent(ServerTrack.self, forKey: .server) ?? ServerTrack()
    chords = try container.decodeIfPresent(ChordTracks.self, forKey: .chords) ?? ChordTracks()
    let track = try container.decodeIfPresent(TaskTrack.self, forKey: .tasks) ?? TaskTrack()
    tasks = track.afterRestart()
    workerLogs =
      (try container.decodeIfPresent([String: LogTrack].self, forKey: .workerLogs) ?? [:])
      .mapValues { $0.afterRestart() }
    earlierRunEnded = try container.decodeIfPresent(Timestamp.self, forKey: .earlierRunEnded)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(queues, forKey: .queues)
    try container.encode(workersInOrder, forKey: .workers)
    try container.encode(beatEntries, forKey: .beatEntries)
    try container.encode(scheduledRuns, forKey: .scheduledRuns)
    try container.encode(schedule, forKey: .schedule)
    try container.encode(entryRuns, forKey: .entryRuns)
    try container.encode(registries, forKey: .registries)
    try container.encode(activity, forKey: .activity)
    try container.encode(server, forKey: .server)
    try container.encode(chords, forKey: .chords)
    try container.encode(tasks.kept(), forKey: .tasks)
    try container.encode(workerLogs, forKey: .workerLogs)
    try container.encodeIfPresent(latest?.takenAt ?? earlierRunEnded, forKey: .earlierRunEnded)
  }

  /// Takes in the next snapshot.
  ///
  /// While Redis is away nothing moves but `latest` and the workers' logs.
  package mutating func absorb(_ snapshot: Snapshot) {
    defer { latest = snapshot }
    LogTrack.absorb(snapshot, into: &workerLogs)
    guard snapshot.link.isUp else { return }
    let before = Pulse(self)
    let lastRound = latest?.inspection.lastRound
    absorbServer(of: snapshot)
    absorbQueues(of: snapshot)
    absorbWorkers(of: snapshot)
    absorbBeat(of: snapshot)
    absorbChords(of: snapshot)
    absorbScheduledRuns(of: snapshot)
    if case .value(let statistics) = snapshot.tasks { tasks.absorb(statistics.window) }
    absorbRegistries(of: snapshot, after: lastRound)
    activity.absorb(snapshot, isBusy: Pulse(self).isBusier(than: before))
  }

  /// What a queue held before the server lost it was not taken by a consumer.
  private mutating func absorbServer(of snapshot: Snapshot) {
    guard case .value(let facts) = snapshot.server else { return }
    let lists = snapshot.queues.value?.flatMap(\.priorities).filter { $0.ready > 0 }
    let holdings = ServerTrack.Holdings(
      ready: snapshot.queues.value.map { $0.reduce(0) { $0 + $1.ready } },
      unacked: snapshot.unacked.value?.count,
      results: snapshot.broker.holdsResults ? snapshot.results.value?.count : nil,
      keys: facts.keys, lists: lists?.count)
    if server.absorb(facts, holdings: holdings, at: snapshot.takenAt) { queues = [:] }
  }

  private mutating func absorbQueues(of snapshot: Snapshot) {
    guard case .value(let facts) = snapshot.queues else { return }
    let names = Set(facts.map(\.name))
    queues = Self.known(queues, by: names) { $0.lastSeen.isRecent(at: snapshot.takenAt) }
    for queue in facts {
      queues[queue.name, default: QueueTrack()].absorb(queue, at: snapshot.takenAt)
    }
  }

  private mutating func absorbWorkers(of snapshot: Snapshot) {
    guard case .value(let facts) = snapshot.workers else { return }
    let known = Dictionary(facts.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    // Who was not there at the end of an earlier run came since.
    let since = earlierRunEnded.map { min($0, snapshot.observedSince) } ?? snapshot.observedSince
    let running = snapshot.running.value.map { Dictionary(grouping: $0, by: \.worker) }
    let deliveries = Dictionary(
      (snapshot.unacked.value?.sample ?? []).compactMap { held in
        held.deliveredAt.flatMap { at in held.message.value?.taskID.map { ($0, at) } }
      }, uniquingKeysWith: { min($0, $1) })
    for worker in facts {
      var track = workers[worker.id] ?? WorkerTrack(new: worker, listeningSince: since)
      track.absorb(worker, at: snapshot.takenAt)
      track.takeHoldings(
        worker, running: running.map { $0[worker.id] ?? [] }, deliveries: deliveries,
        at: snapshot.polledAt ?? snapshot.takenAt)
      workers[worker.id] = track
    }
    for id in workers.keys {
      workers[id]?.countSilence(in: snapshot, answered: known[id]?.lastReply)
    }
    workers = workers.filter { $0.value.isWorthKeeping(at: snapshot.takenAt) }
    workersInOrder = Self.inOrder(workers)
  }

  private static func inOrder(_ workers: [WorkerID: WorkerTrack]) -> [WorkerTrack] {
    workers.keys.sorted().compactMap { workers[$0] }
  }

  private mutating func absorbBeat(of snapshot: Snapshot) {
    for traffic in snapshot.beat.traffic {
      beatEntries[traffic.entry, default: BeatTrack()].absorb(traffic)
    }
    if case .value(let entries) = snapshot.beat.entries {
      let names = Set(entries.map(\.name))
      beatEntries = Self.known(beatEntries, by: names) {
        $0.lastSeen.isRecent(at: snapshot.takenAt)
      }
    }
    if case .value(let redBeat?) = snapshot.beat.redBeat {
      let entries = snapshot.beat.entries.value ?? []
      schedule.absorb(redBeat, entries, at: snapshot.polledAt ?? snapshot.takenAt)
      absorbEntryRuns(entries, at: snapshot.takenAt)
    }
  }

  private mutating func absorbEntryRuns(_ entries: [ScheduleEntry], at now: Timestamp) {
    guard !entries.isEmpty else { return }
    var kept: [String: EntryRuns] = [:]
    for entry in entries.prefix(ScheduleTrack.limit) where entry.isEnabled {
      var runs = entryRuns[entry.name] ?? EntryRuns(of: entry)
      runs.absorb(entry, at: now)
      kept[entry.name] = runs
    }
    entryRuns = kept
  }

  /// Between two passes over the results their chords stay as the last one found them.
  private mutating func absorbChords(of snapshot: Snapshot) {
    guard case .value(let facts) = snapshot.chords else { return }
    chords.absorb(
      facts, lookedAt: snapshot.results.value?.updatedAt ?? snapshot.takenAt)
  }

  /// Once for each round in which workers were asked.
  private mutating func absorbScheduledRuns(of snapshot: Snapshot) {
    guard let round = snapshot.inspection.lastRound, let facts = snapshot.workers.value,
      case .value(let entries) = snapshot.beat.entries
    else { return }
    let tasks = Set(entries.filter(\.isEnabled).map(\.task)).sorted().prefix(RunTrack.tasks)
    let replies = facts.compactMap { worker in
      worker.stats.value.map { (worker: worker.id, stats: $0) }
    }
    var kept: [String: RunTrack] = [:]
    for task in tasks {
      var track = scheduledRuns[task] ?? RunTrack()
      track.absorb(replies, of: task, round: round) { workers[$0]?.joinedAt != nil }
      kept[task] = track
    }
    scheduledRuns = kept
  }

  /// Who knows which tasks is compared once for each round in which workers were asked.
  private mutating func absorbRegistries(of snapshot: Snapshot, after lastRound: Timestamp?) {
    let now = snapshot.takenAt
    let found = Self.tasksMet(in: snapshot)
    for (queue, tasks) in found {
      registries[queue, default: RegistryTrack()].met(tasks.met, at: now)
    }
    let queues = snapshot.queues.value ?? []
    if registries.count > max(queues.count, found.count) {
      let names = Set(queues.map(\.name)).union(found.keys)
      registries = Self.known(registries, by: names) {
        $0.wasSeen(since: now - RegistryTrack.retention)
      }
    }
    guard let round = snapshot.inspection.lastRound, round != lastRound else { return }
    let consumers = (snapshot.workers.value ?? []).filter { worker in
      worker.offlineSince == nil && worker.isSettled(at: now)
        && worker.lastProof.map { now - $0 <= WorkerTrack.proof } ?? false
    }
    for worker in consumers {
      guard case .value(let queues) = worker.queues, queues.count == 1 else { continue }
      registries[queues[0], default: RegistryTrack()].met(Self.tasksRun(by: worker), at: now)
    }
    let met = Set(registries.values.flatMap(\.tasks.keys))
    let known = consumers.map { worker in
      worker.registered.value.map { Set($0.lazy.map(\.name).filter(met.contains)) }
    }
    let isWhole = consumers.allSatisfy { $0.queues.value != nil }
    var knownOf: [String: [Set<String>?]] = [:]
    for (worker, tasks) in zip(consumers, known) {
      for queue in Set(worker.queues.value ?? []) { knownOf[queue, default: []].append(tasks) }
    }
    for queue in registries.keys {
      let own = knownOf[queue] ?? []
      let sets = own.compactMap(\.self)
      registries[queue]?.judge(
        waiting: found[queue]?.waiting ?? [],
        consumers: isWhole && sets.count == own.count ? sets : nil, at: now)
    }
    registries = registries.filter { !$0.value.tasks.isEmpty }
  }

  /// The tracks of what a snapshot names, and of what was seen lately.
  ///
  /// A process that has just begun has not discovered everything yet: what an earlier run remembers
  /// of a queue must outlive that. Of what is not named, no more than `unnamedTracks` are kept.
  private static func known<Track>(
    _ tracks: [String: Track], by names: Set<String>, isRecent: (Track) -> Bool
  ) -> [String: Track] {
    let named = tracks.filter { names.contains($0.key) }
    let unnamed = tracks.filter { !names.contains($0.key) && isRecent($0.value) }
    guard unnamed.count <= unnamedTracks else { return named }
    return named.merging(unnamed) { named, _ in named }
  }

  private static let unnamedTracks = 1000
}

extension Timestamp? {
  /// Within the time that tracks look back.
  fileprivate func isRecent(at now: Timestamp) -> Bool {
    map { now - $0 <= QueueTrack.window } ?? false
  }
}

/// What is remembered of one queue.
package struct QueueTrack: Sendable, Equatable, Codable {
  /// The delivery tag at the head, and since when it has been there without anything being taken.
  package var headTag: String?
  package var headSince: Timestamp?
  /// When a message was last seen to have been taken; nil where none was.
  package var lastMoved: Timestamp?
  /// When a head was seen to be taken alone, and not with all that stood behind it; the last two.
  package private(set) var taken: [Timestamp]?
  /// Ready messages over the last 30 minutes, oldest first; at most 64.
  package var ready: [ReadySample]

  package init(
    headTag: String? = nil, headSince: Timestamp? = nil, lastMoved: Timestamp? = nil,
    ready: [ReadySample] = []
  ) {
    self.headTag = headTag
    self.headSince = headSince
    self.lastMoved = lastMoved
    self.ready = ready
  }

  static let window = Seconds.minutes(30)
  static let samples = 64

  var lastSeen: Timestamp? { ready.last?.at }

  /// The last look at which nothing can have waited here that came after `start`; nil where there
  /// was none since.
  package func lastWithoutArrivals(since start: Timestamp) -> Timestamp? {
    guard let latest = ready.last, latest.at > start else { return nil }
    let before = ready.last { $0.at <= start }
    // Where nothing was taken and there are no more than before, nothing came.
    if let before, let headSince, headSince <= before.at,
      ready.allSatisfy({ $0.at < before.at || $0.ready == before.ready })
    {
      return latest.at
    }
    return ready.last { $0.at > start && $0.ready == 0 }?.at
  }

  mutating func absorb(_ queue: QueueFacts, at now: Timestamp) {
    let before = ready.last?.ready
    absorbReady(queue.ready, at: now)
    guard let head = queue.head else {
      // A list that vanishes whole may have been purged.
      if headTag != nil { move(at: now, isAlone: before == 1) }
      headTag = nil
      headSince = nil
      return
    }
    guard case .value(let message) = head else { return }
    // A restored or a more urgent message in front of the old head proves no consumer.
    if let headTag, headTag == message.deliveryTag || queue.tailTags.contains(headTag) { return }
    if headTag != nil { move(at: now, isAlone: true) }
    headTag = message.deliveryTag
    headSince = now
  }

  private mutating func move(at now: Timestamp, isAlone: Bool) {
    lastMoved = now
    if isAlone { taken = (taken ?? []).suffix(1) + [now] }
  }

  private mutating func absorbReady(_ count: Int, at now: Timestamp) {
    let sample = ReadySample(at: now, ready: count)
    ready.removeAll { now - $0.at > Self.window }
    // Samples stand at least a window's share apart, but the newest is always the present.
    if ready.count >= 2, now - ready[ready.count - 2].at < Self.window / Double(Self.samples) {
      ready[ready.count - 1] = sample
    } else {
      ready.append(sample)
    }
    if ready.count > Self.samples { ready.removeFirst(ready.count - Self.samples) }
  }
}

package struct ReadySample: Sendable, Hashable, Codable {
  package var at: Timestamp
  package var ready: Int

  package init(at: Timestamp, ready: Int) {
    self.at = at
    self.ready = ready
  }
}
