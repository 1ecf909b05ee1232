import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Makes one snapshot of the latest of everything; pure.
struct SnapshotAssembly: Sendable {
  let configuration: MonitorConfiguration
  let facts: CollectedFacts
  let book: InspectionBook
  let inspection: InspectionFacts
  let tap: EventTap.Excerpt
  let link: RedisClient.LinkState
  let startedAt: Timestamp
  let polledAt: Timestamp?
  let cost: RedisCost
  let redisTime: RedisTime
  let now: Timestamp

  /// The snapshot, and the runs whose end was missed.
  func assemble() -> (Snapshot, endedUnheard: [UnheardEnd]) {
    let workers = WorkerAssembly(
      events: tap.events, book: book, silence: silence
    ).workers
    let (running, ended) = RunningAssembly(
      events: tap.events, hearing: tap.hearing, workers: workers, book: book,
      held: facts.unackedFacts.value?.sample ?? [], now: now
    ).assemble()
    let beat = BeatAssembly(
      layout: configuration.layout, facts: facts, book: book, events: tap.events,
      hearing: tap.hearing, workers: workers, silence: silence
    ).assemble()
    var identity = configuration.identity
    if case .value(let url) = backend { identity.backendURL = url.redacted }
    let snapshot = Snapshot(
      takenAt: now, polledAt: polledAt, observedSince: startedAt, broker: identity,
      link: linkState, server: facts.serverFacts, presence: presence, queues: facts.queueFacts,
      unacked: facts.unackedFacts, workers: known(workers), inspection: inspectionFacts,
      events: events, running: known(running: running), tasks: tasks, beat: beat,
      results: facts.results,
      chords: facts.chords, replyLists: facts.replyLists, workerLogs: facts.workerLogs,
      collectors: facts.statuses.values.sorted { $0.name < $1.name }, cost: ownCost)
    return (snapshot, ended)
  }

  private var backend: Observation<RedisURL> {
    BackendChoice(
      configuration: configuration, book: book, inspected: true, silence: inspection.suspended
    ).url
  }

  /// Why no worker is asked; nil where they are.
  private var silence: String? {
    configuration.isReadOnly ? "--read-only asks no worker" : inspection.suspended
  }

  private var inspectionFacts: InspectionFacts {
    var facts = inspection
    facts.suspended = silence
    return facts
  }

  /// That there are none is known when all were asked, or have had time to send a heartbeat.
  private func known(_ workers: [WorkerFacts]) -> Observation<[WorkerFacts]> {
    if !workers.isEmpty || haveAllBeenAsked { return .value(workers) }
    let listened = tap.hearing.connectedSince.map { now - $0 } ?? .zero
    guard listened >= configuration.budget.silenceBeforeNobody else {
      return .unavailable(silence ?? "neither an event nor a reply has been heard yet")
    }
    return .value([])
  }

  /// Events tell only of tasks that start while we listen.
  private func known(running: [RunningTask]) -> Observation<[RunningTask]> {
    if !running.isEmpty || haveAllBeenAsked { return .value(running) }
    return .unavailable(
      silence.map { "\($0), and no task has started since taskmon listens" }
        ?? "no worker has been asked yet")
  }

  private var tasks: Observation<TaskStatistics> {
    tap.tasks.map { .value($0) } ?? .unavailable("the event channel was not heard yet")
  }

  private var haveAllBeenAsked: Bool { inspection.lastRound != nil && silence == nil }

  private var linkState: TaskmonModel.LinkState {
    switch link {
    case .idle: .connecting
    case .up(let since): .up(since: since)
    case .down(let error, let since, let attempts):
      .down(
        LinkFailure(
          kind: LinkFailure.Kind(error.kind), sentence: error.description, since: since,
          attempts: attempts))
    }
  }

  private var presence: Observation<CeleryPresence> {
    facts.markers.map { markers in
      CeleryPresence(
        markers: markers + (facts.sawBinding ? ["a kombu binding"] : []),
        scanComplete: facts.scanComplete,
        heardEvents: tap.events.received > 0,
        elsewhere: otherDatabases + otherPrefixes + facts.channelsElsewhere)
    }
  }

  private var otherDatabases: [String] {
    (facts.server.value?.databases ?? [:]).sorted { $0.key < $1.key }
      .map { "db \($0.key) (\($0.value.grouped) keys)" }
  }

  private var otherPrefixes: [String] {
    facts.bindingsElsewhere.sorted { $0.key < $1.key }.map { prefix, count in
      let exchanges = count == 1 ? "1 exchange" : "\(count.grouped) exchanges"
      return prefix.isEmpty
        ? "\(exchanges) without a key prefix"
        : "\(exchanges) behind the key prefix \(prefix) (--key-prefix)"
    }
  }

  private var events: EventStreamFacts {
    EventStreamFacts(
      pattern: tap.pattern?.text, connectedSince: tap.hearing.connectedSince,
      heard: tap.hearing.intervals, received: tap.events.received, undecodable: tap.undecodable,
      taskEvents: tap.events.taskEvents, gaps: tap.hearing.gaps, lastGap: tap.hearing.lastGap,
      lag: tap.events.lag, trackedTasks: tap.events.trackedTasks,
      dropped: tap.events.dropped, taskEventCounts: tap.events.counts)
  }

  private var ownCost: OwnCost {
    OwnCost(
      commands: cost.commands, roundTrips: cost.roundTrips, bytesSent: ByteCount(cost.bytesOut),
      bytesReceived: ByteCount(cost.bytesIn),
      redisTime: redisTime.total, redisShare: redisTime.shares?.all,
      scanShare: redisTime.shares?.scans)
  }
}

extension LinkFailure.Kind {
  init(_ kind: RedisError.Kind) {
    switch kind {
    case .nameResolution: self = .nameResolution
    case .refused: self = .refused
    case .authentication: self = .authentication
    case .tls: self = .tls
    case .timeout: self = .timeout
    case .loading: self = .loading
    case .noPermission: self = .noPermission
    case .cluster: self = .cluster
    case .closed: self = .closed
    case .wrongDatabase: self = .wrongDatabase
    case .protocolViolation: self = .protocolViolation
    case .other: self = .other
    }
  }
}
