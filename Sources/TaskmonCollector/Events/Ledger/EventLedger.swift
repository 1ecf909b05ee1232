import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// What the event stream has told so far, in bounded memory: a value that takes frames in.
///
/// Takes about a microsecond an event and makes no text for any but the first of its kind. Never
/// copied while events come in (it may hold tens of megabytes): others take an excerpt of it.
struct EventLedger: Sendable {
  let budget: CollectionBudget
  let hasher: ByteHash
  var names: NameTable
  /// Of workers, and of the hosts of publishers.
  var nodes: NameTable
  var queues: NameTable
  var classes: NameTable
  var tasks: TaskBook
  var workers: WorkerBook
  var series: SeriesTable
  var taskMeters: MeterTable
  var nodeMeters: MeterTable
  var failureMeters: FailureMeters
  var failureRing: FailureRing
  var runRing: RunRing
  var troubles: TroubleMeters
  var fanouts: FanoutWatch
  /// By the number of an exception's class, as far as they were asked for.
  var natures: [ExceptionNature] = []
  var beats: BeatWatch
  /// The tasks that `beats` watches.
  var watchedNames: Set<NameTable.Index> = []
  /// By task name.
  var runtimes: [NameTable.Index: LogHistogram] = [:]
  var waits: [NameTable.Index: LogHistogram] = [:]
  /// Texts of the ids that are no UUIDs.
  var textIDs: [TaskKey: String] = [:]
  /// Queues of workers that consume one only.
  var onlyQueues = IndexMap()
  /// The queue in which a message of a task was last seen.
  var seenQueues = IndexMap()
  /// Exchanges that give every worker a copy, and the nodes that listen to one.
  var broadcasts: Set<NameTable.Index> = []
  var broadcastNodes: Set<NameTable.Index> = []
  /// The latest, oldest first.
  var duplicates: [DuplicateExecution] = []
  let defaultQueue: NameTable.Index
  let workerLost: NameTable.Index
  /// Events of every kind, by the kind's number.
  var kinds = [UInt64](repeating: 0, count: Int(EventFrame.Kind.other.rawValue) + 1)
  private(set) var lags = LagMeter()
  /// When the events being taken in were received, as meters count it.
  var tick: Int64 = 0
  /// What is taken in was received late, for nobody listened since then; nil where it was not.
  var behindSince: Timestamp?

  static let noPid = TaskRecord.noPid

  init(
    budget: CollectionBudget, seed: UInt64 = .random(in: .min ... .max),
    defaultQueue: String = "celery", bounds: HistogramBounds = HistogramBounds()
  ) {
    self.budget = budget
    hasher = ByteHash(seed: seed)
    names = NameTable(limit: budget.eventNames, hasher: hasher)
    nodes = NameTable(limit: budget.eventNodes, hasher: hasher)
    queues = NameTable(limit: budget.eventNames, hasher: hasher)
    classes = NameTable(limit: budget.eventNames, hasher: hasher)
    self.defaultQueue = queues.intern(defaultQueue)
    workerLost = classes.intern("WorkerLostError")
    tasks = TaskBook(limit: budget.trackedTasks, hasher: hasher)
    workers = WorkerBook(limit: budget.trackedWorkers)
    series = SeriesTable(limit: budget.taskSeries, bounds: bounds)
    taskMeters = MeterTable(limit: budget.eventNames)
    nodeMeters = MeterTable(limit: budget.trackedWorkers)
    failureMeters = FailureMeters(limit: budget.taskSeries)
    failureRing = FailureRing(budget: budget)
    runRing = RunRing(limit: budget.recentRuns, ofEach: budget.recentRunsPerTask)
    troubles = TroubleMeters(limit: budget.taskSeries)
    fanouts = FanoutWatch(payloads: budget.fanoutPayloads)
    beats = BeatWatch(limit: budget.entryMoments, entries: budget.beatEntries)
  }

  /// Takes one event in; `body` is where its texts lie.
  mutating func absorb(_ event: EventFrame, in body: Span<UInt8>, receivedAt: Timestamp) {
    kinds[Int(event.kind.rawValue)] &+= 1
    tick = Meter.tick(receivedAt)
    if let sentAt = event.timestamp { lags.note(receivedAt - sentAt, at: tick) }
    if let behindSince {
      // Rates are of the time when things happened, as far as we can have been told then.
      tick = Meter.tick(min(max(event.timestamp ?? receivedAt, behindSince), receivedAt))
    }
    switch event.kind {
    case .workerOnline, .workerHeartbeat, .workerOffline:
      absorbWorker(event, body, receivedAt)
    case .taskSent: sent(event, body, receivedAt)
    case .taskReceived, .taskStarted, .taskSucceeded, .taskFailed, .taskRetried, .taskRejected,
      .taskRevoked:
      absorbTask(event, body, receivedAt)
    case .other: break
    }
  }

  private mutating func absorbWorker(
    _ event: EventFrame, _ body: Span<UInt8>, _ now: Timestamp
  ) {
    let worker = sender(event, body)
    workers.hear(worker, at: now, isTaskEvent: false)
    workers.take(
      event.workerState(in: body), of: worker, at: now,
      sentAt: behindSince == nil ? event.timestamp : nil,
      isOffline: event.kind == .workerOffline)
  }

  func moment(_ event: EventFrame, _ now: Timestamp) -> Double {
    (event.timestamp ?? now).secondsSince1970
  }

  mutating func sender(_ event: EventFrame, _ body: Span<UInt8>) -> WorkerBook.Key {
    let node = nodes.intern(event.hostname, in: body) ?? NameTable.other
    return WorkerBook.Key(node: node, pid: event.pid.flatMap(Int32.init(exactly:)) ?? Self.noPid)
  }

  /// The record of an event's task, and whether it is new.
  mutating func place(of event: EventFrame, _ body: Span<UInt8>) -> (place: Int, isNew: Bool) {
    let hasher = hasher
    let key =
      event.id.withBytes(in: body, limit: 4096) { TaskKey($0, hasher) } ?? TaskKey("", hasher)
    let (place, isNew, gone) = tasks.take(key)
    if let gone, gone.isHash { textIDs[gone] = nil }
    if isNew, key.isHash, textIDs.count < budget.oddIDs {
      textIDs[key] = event.id.string(in: body, limit: 256)
    }
    return (place, isNew)
  }

  // MARK: What is not an event

  /// A run whose end was missed, unless it has been started anew since it was looked at.
  mutating func endedUnheard(_ run: UnheardEnd) {
    guard let place = tasks.place(of: TaskKey(run.id, hasher)),
      Self.timestamp(tasks.records[place].startHeardAt) == run.startHeardAt
    else { return }
    endUnheard(place)
  }

  private mutating func endUnheard(_ place: Int) {
    tasks.change(place) { record in
      record.state = .endedUnheard
      record.endedAt = record.startedAt
    }
  }

  /// Workers silent for longer than the retention are forgotten, and with them what they ran.
  mutating func forgetWorkers(unheardSince limit: Timestamp) {
    if workers.records.contains(where: { $0.record.lastHeard < limit }) {
      workers.forget(unheardSince: limit)
    }
    var orphans: [Int] = []
    tasks.forEach(in: tasks.running) { place, record in
      if let worker = record.worker, workers.knows(worker) { return }
      orphans.append(place)
    }
    for place in orphans { endUnheard(place) }
    tasks.stopWaiting { [workers] record in record.worker.map { !workers.knows($0) } ?? true }
    if nodes.isFull { recycleNodes() }
  }

  /// After a gap.
  mutating func streamResumed() {
    workers.changeAll { $0.streamResumed() }
    // Whether what had been received has been started meanwhile was not heard.
    tasks.stopWaiting { _ in true }
  }

  /// Ages stay what they are when our wall clock is set.
  mutating func clockJumped(by length: Seconds) {
    workers.changeAll { $0.clockJumped(by: length) }
    var runs: [Int] = []
    tasks.forEach(in: tasks.running) { place, _ in runs.append(place) }
    for place in runs { tasks.change(place) { $0.startHeardAt += length.value } }
    lags.forget()
    taskMeters.forgetRecent()
    nodeMeters.forgetRecent()
    failureMeters.forgetRecent()
    troubles.forgetRecent()
    fanouts.forgetRecent()
  }

  mutating func follow(_ entries: [ScheduleEntry], at now: Timestamp) {
    beats.follow(entries, at: now)
    watchedNames = Set(entries.map { names.intern($0.task) })
    watchedNames.remove(NameTable.other)
  }

  /// A message seen waiting in a queue tells who published it, and where tasks of its name go.
  mutating func sawMessage(_ message: MessageFacts, in queue: String, at now: Timestamp) {
    guard let id = message.taskID, let task = message.task else { return }
    note(queue: queue, of: id, named: task)
    sawMark(of: message)
    sawMessage(id, isPartOfGroup: message.isPartOfGroup)
    guard let origin = message.origin, message.retries == 0, beats.watches(task) else { return }
    let key = PeriodicKey(message, task: task)
    let publisher = message.replyTo.map { "\(origin)/\($0)" } ?? origin
    beats.published(key, id: id, by: publisher, at: now)
  }

  /// A message held by a worker tells as well that beat sent it.
  ///
  /// A retry carries the headers of the first attempt.
  mutating func sawMark(of message: MessageFacts) {
    guard let mark = message.beatMark, let task = message.task, message.retries == 0 else { return }
    beats.sawMark(mark, on: PeriodicKey(message, task: task))
  }

  mutating func note(queue: String, of id: String, named task: String) {
    let queue = queues.intern(queue)
    seenQueues[names.intern(task)] = queue
    guard let place = tasks.place(of: TaskKey(id, hasher)) else { return }
    tasks.change(place) { if $0.queue == NameTable.unknown { $0.queue = queue } }
  }

  /// What a worker consumes: the queue of its tasks, where it is one only.
  mutating func note(queues consumed: [String], ofNode node: String) {
    let only = consumed.count == 1 ? consumed.first : nil
    onlyQueues[nodes.intern(node)] = only.map { queues.intern($0) } ?? NameTable.unknown
  }
}

/// A run whose end was not heard, by its task's id and the moment its start was.
struct UnheardEnd: Sendable, Equatable {
  let id: String
  let startHeardAt: Timestamp?
}
