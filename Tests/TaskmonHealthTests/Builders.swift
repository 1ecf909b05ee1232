import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// The moment at which the tests' snapshots are taken, unless they say otherwise.
let noon = Timestamp(secondsSince1970: 1_767_355_200)

func ago(_ seconds: Double) -> Timestamp { noon - Seconds(seconds) }

/// A broker that answers, seen for `observed` seconds, whose events were heard all the time.
func snapshot(
  at moment: Timestamp = noon, observed: Double = 600, link: LinkState? = nil,
  presence: Observation<CeleryPresence> = .value(
    CeleryPresence(markers: ["_kombu.binding.celery"], scanComplete: true)),
  server: Observation<ServerFacts> = .unavailable("not read yet"),
  queues: Observation<[QueueFacts]> = .value([]),
  unacked: Observation<UnackedFacts> = .unavailable("not read yet"),
  workers: Observation<[WorkerFacts]> = .value([]),
  inspection: InspectionFacts? = nil, heard: [Interval]? = nil, lastGap: Timestamp? = nil,
  running: Observation<[RunningTask]> = .value([]),
  tasks: Observation<TaskStatistics> = .unavailable("the event channel was not heard yet"),
  beat: BeatFacts = BeatFacts(),
  results: Observation<ResultFacts> = .unavailable("not scanned yet"),
  chords: Observation<[ChordFacts]> = .unavailable("not scanned yet"),
  replyLists: Observation<ReplyListFacts> = .unavailable("not scanned yet"),
  visibilityTimeout: Double? = nil, workerLogs: WorkerLogFacts? = nil
) -> Snapshot {
  let since = moment - Seconds(observed)
  return Snapshot(
    takenAt: moment, polledAt: moment, observedSince: since,
    broker: BrokerIdentity(
      url: "redis://localhost:6379/0", visibilityTimeout: visibilityTimeout.map { Seconds($0) }),
    link: link ?? .up(since: since), server: server, presence: presence, queues: queues,
    unacked: unacked, workers: workers,
    inspection: inspection ?? InspectionFacts(lastRound: moment - Seconds(10)),
    events: EventStreamFacts(
      pattern: "/0.celeryev/*", connectedSince: since,
      heard: heard ?? [Interval(from: since, to: moment)], lastGap: lastGap),
    running: running, tasks: tasks, beat: beat, results: results, chords: chords,
    replyLists: replyLists, workerLogs: workerLogs)
}

/// A Redis in good order: a gigabyte of which little is used, nothing evicted, snapshots on.
func server(
  run: String = "run-1", uptime: Double = 86400, used: ByteCount = .mebibytes(100),
  max: ByteCount? = .mebibytes(1024), host: ByteCount? = .mebibytes(8192),
  policy: String? = "noeviction", evicted: Int? = 0, clients: Int = 40, maxClients: Int? = 10_000,
  isLoading: Bool = false, appendOnly: Bool? = false, snapshots: Bool? = true, flushes: Int? = 0,
  fullFlushes: Int? = nil, refused: Int? = nil, keys: Int? = 500
) -> ServerFacts {
  ServerFacts(
    version: "7.0.15", runID: run, uptime: Seconds(uptime), usedMemory: used, maxMemory: max,
    systemMemory: host, evictionPolicy: policy, evictedKeys: evicted, connectedClients: clients,
    maxClients: maxClients, isLoading: isLoading, appendOnly: appendOnly,
    snapshotsConfigured: snapshots, flushes: flushes, fullFlushes: fullFlushes,
    outOfMemoryErrors: refused, keys: keys)
}

/// A worker that sends a heartbeat every two seconds, the last one `heard` seconds ago.
func worker(
  _ name: String = "celery@w1", pid: Int? = 100, firstHeard: Double = 600, heard: Double? = 1,
  replied: Double? = 20, offline: Double? = nil, freq: Double? = 2, active: Int? = 0,
  pool: PoolKind? = .prefork, queues: [String]? = ["celery"], sendsTaskEvents: Bool? = true,
  oldestStart: Double? = nil, processed: Int? = nil, settings: WorkerSettings? = nil,
  registered: [RegisteredTask]? = nil, totals: [String: Int] = [:], hardLimit: Double? = nil,
  slots: Int? = nil, queuesTold: Double? = 20, prefetched: Int? = nil, uptime: Double? = nil,
  events: WorkerEventFacts? = nil, broadcasts: [String] = [], now: Timestamp = noon
) -> WorkerFacts {
  func before(_ seconds: Double?) -> Timestamp? { seconds.map { now - Seconds($0) } }
  return WorkerFacts(
    id: WorkerID(name: name, pid: pid), firstHeard: now - Seconds(firstHeard),
    lastHeard: before(heard), lastReply: before(replied), offlineSince: before(offline),
    heartbeatInterval: freq.map { Seconds($0) }, active: active, processed: processed,
    sendsTaskEvents: sendsTaskEvents.map { .value($0) } ?? .unavailable("no task event yet"),
    queues: queues.map { .value($0) } ?? .unavailable("not asked yet"),
    queuesToldAt: queues == nil ? nil : before(queuesTold),
    registered: registered.map { .value($0) } ?? .unavailable("not asked yet"),
    settings: settings.map { .value($0) } ?? .unavailable("not asked yet"),
    stats: pool.map { pool in
      .value(
        WorkerStats(
          repliedAt: now - Seconds(20), pool: pool, slots: slots,
          uptime: uptime.map { Seconds($0) }, totals: totals,
          hardLimit: hardLimit.map { Seconds($0) }))
    } ?? .unavailable("not asked yet"),
    prefetched: prefetched, oldestStart: before(oldestStart), events: events,
    broadcasts: broadcasts)
}

/// What was counted of tasks in the last ten minutes, of which `heard` seconds were heard.
func statistics(
  _ tasks: [String: TaskTally] = [:], nodes: [String: TaskCounts] = [:], heard: Double = 600,
  failures: [RecentFailure] = [], duplicates: [TaskmonModel.DuplicateExecution] = [],
  retriedBefore: Set<String> = [], at moment: Timestamp = noon
) -> Observation<TaskStatistics> {
  let counted = CountedTime(
    from: moment - Seconds(min(heard, 600)), to: moment, heard: Seconds(heard))
  return .value(
    TaskStatistics(
      since: moment - Seconds(heard), recent: counted, minute: counted,
      tasks: tasks.map { name, tally in
        let before = TaskCounts(retried: retriedBefore.contains(name) ? 1 : 0)
        return TaskFacts(name: name, total: TaskTally(tally.counts + before), recent: tally)
      }.sorted { $0.name < $1.name },
      nodes: nodes.map { NodeTaskFacts(node: $0.key, recent: $0.value) }
        .sorted { $0.node < $1.node },
      failures: failures, duplicates: duplicates))
}

/// What a worker's own events tell, with a heartbeat every two seconds that took 10 ms.
func heartbeats(
  taskEvents: Int = 10, last: Double? = 1, delays: [Double] = Array(repeating: 0.01, count: 10),
  unseen: Int? = 0, held: [HeldTask] = [], scheduled: Int = 0
) -> WorkerEventFacts {
  WorkerEventFacts(
    heartbeats: 300, taskEvents: taskEvents, lastTaskEvent: last.map(ago),
    heartbeatDelays: delays.map { Seconds($0) }, unseenRuns: unseen,
    held: held.count + scheduled, scheduled: scheduled, longestHeld: held)
}

func queue(
  _ name: String = "celery", ready: Int = 1, head: String? = "tag-1", tail: [String] = [],
  task: String? = "shop.pay"
) -> QueueFacts {
  let message = head.map {
    Observation.value(MessageFacts(task: task, deliveryTag: $0, origin: "gen7@web1"))
  }
  return QueueFacts(
    name: name, priorities: [PriorityLength(step: 0, ready: ready)], head: message,
    newest: message, tailTags: tail)
}

func history(of snapshots: Snapshot...) -> SnapshotHistory {
  snapshots.reduce(into: SnapshotHistory()) { $0.absorb($1) }
}

/// The verdict of one rule with its default thresholds, or those set.
func verdict(
  _ rule: any Rule.Type, _ history: SnapshotHistory, set: [String] = []
) throws -> Verdict {
  guard let latest = history.latest else { return .unknown("no snapshot") }
  let thresholds = try ThresholdOverrides(set)
  return rule.init().verdict(
    on: Scene(history, latest, thresholds: thresholds), limits: thresholds.values(for: rule))
}

/// Severities and subjects of a verdict, worst first: `critical celery@w1`.
func told(_ verdict: Verdict) -> [String] {
  guard case .findings(let findings) = verdict else { return [] }
  return findings.map { "\($0.severity.rawValue) \($0.subject)" }
}

extension Verdict {
  var reason: String? {
    guard case .unknown(let missing) = self else { return nil }
    return missing
  }

  var first: Finding? {
    guard case .findings(let findings) = self else { return nil }
    return findings.first
  }
}

extension Finding {
  func evidence(_ key: String) -> EvidenceValue? { evidence.first { $0.key == key }?.value }
}
