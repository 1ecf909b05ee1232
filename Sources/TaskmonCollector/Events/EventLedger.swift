import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// What the event stream has told so far, in bounded memory: a value that takes events in.
struct EventLedger: Sendable {
  private(set) var workers: [WorkerID: WorkerRecord] = [:]
  private(set) var tasks: TaskTable
  /// Ids of tasks started and not ended.
  private(set) var running: Set<String> = []
  private(set) var beats: BeatWatch
  private(set) var counts: [String: Int] = [:]
  private(set) var received = 0
  private(set) var taskEvents = 0
  private(set) var lag: Seconds?
  /// Workers and runs there was no room for.
  private(set) var dropped = 0
  private let budget: CollectionBudget

  init(budget: CollectionBudget) {
    self.budget = budget
    tasks = TaskTable(limit: budget.trackedTasks)
    beats = BeatWatch(limit: budget.entryMoments)
  }

  mutating func absorb(_ event: CeleryEvent, receivedAt: Timestamp) {
    received += 1
    let moment = event.timestamp ?? receivedAt
    lag = receivedAt - moment
    let sender = WorkerID(name: event.hostname, pid: event.pid)
    switch event.kind {
    case .workerOnline(let state), .workerHeartbeat(let state):
      hear(sender, at: receivedAt, isTaskEvent: false)
      workers[sender]?.take(state, at: receivedAt, isOffline: false)
    case .workerOffline(let state):
      hear(sender, at: receivedAt, isTaskEvent: false)
      workers[sender]?.take(state, at: receivedAt, isOffline: true)
    case .taskSent(let task):
      count("task-sent")
      sent(task, by: event.hostname, at: moment)
    case .taskReceived(let task):
      hearTask("task-received", from: sender, at: receivedAt)
      taskReceived(task, by: sender, at: moment)
    case .taskStarted(let id):
      hearTask("task-started", from: sender, at: receivedAt)
      started(id, on: sender, at: moment, heardAt: receivedAt)
    case .taskSucceeded(let id, _):
      hearTask("task-succeeded", from: sender, at: receivedAt)
      ended(id, at: moment)
    case .taskFailed(let failure):
      hearTask("task-failed", from: sender, at: receivedAt)
      ended(failure.id, at: moment)
    case .taskRetried(let failure):
      hearTask("task-retried", from: sender, at: receivedAt)
      retried(failure.id, at: moment)
    case .taskRejected(let id, _):
      hearTask("task-rejected", from: sender, at: receivedAt)
      ended(id, at: moment)
    case .taskRevoked(let revocation):
      hearTask("task-revoked", from: sender, at: receivedAt)
      ended(revocation.id, at: moment)
    case .other:
      break
    }
  }

  /// A run whose end was missed, unless it has been started anew since it was looked at.
  mutating func endedUnheard(_ run: UnheardEnd) {
    guard tasks[run.id]?.startHeardAt == run.startHeardAt else { return }
    endUnheard(run.id)
  }

  private mutating func endUnheard(_ id: String) {
    running.remove(id)
    tasks.update(id, orInsert: .ended) { record in
      record.state = .ended
      record.endedAt = record.startedAt
    }
  }

  /// Workers silent for longer than the retention are forgotten, and with them what they ran.
  mutating func forgetWorkers(unheardSince limit: Timestamp) {
    guard workers.contains(where: { $0.value.lastHeard < limit }) else { return }
    workers = workers.filter { $0.value.lastHeard >= limit }
    endRunsOfForgotten()
  }

  private mutating func endRunsOfForgotten() {
    for id in running {
      if let worker = tasks[id]?.worker, workers[worker] != nil { continue }
      endUnheard(id)
    }
  }

  /// After a gap.
  mutating func streamResumed() {
    for id in workers.keys { workers[id]?.streamResumed() }
  }

  /// Ages stay what they are when our wall clock is set.
  mutating func clockJumped(by length: Seconds) {
    for id in workers.keys { workers[id]?.clockJumped(by: length) }
    for id in running {
      tasks.update(id, orInsert: .started) { $0.startHeardAt = $0.startHeardAt.map { $0 + length } }
    }
  }

  mutating func follow(_ entries: [ScheduleEntry], at now: Timestamp) {
    beats.follow(entries, at: now)
  }

  /// When the latest attempt of a task was published, by its publisher's clock; nil where that was
  /// not heard.
  func sentAt(of id: String) -> Timestamp? { tasks[id]?.sentAt }

  /// A message seen waiting in a queue tells who published it.
  mutating func sawMessage(_ message: MessageFacts, at now: Timestamp) {
    guard let id = message.taskID, let task = message.task, let origin = message.origin,
      message.retries == 0, beats.watches(task)
    else { return }
    let key = PeriodicKey(
      task: task, argumentsText: PythonRepr.argumentsText(message.argumentsText ?? ""),
      keywordArgumentsText: PythonRepr.keywordArgumentsText(message.keywordArgumentsText ?? ""))
    let publisher = message.replyTo.map { "\(origin)/\($0)" } ?? origin
    beats.published(key, id: id, by: publisher, at: now)
  }

  /// A copy that holds only the tasks running and those named.
  func excerpt(of ids: [String]) -> EventLedger {
    var copy = EventLedger(budget: budget)
    copy.workers = workers
    copy.tasks = tasks.excerpt(of: running.union(ids))
    copy.running = running
    copy.beats = beats
    copy.counts = counts
    copy.received = received
    copy.taskEvents = taskEvents
    copy.lag = lag
    copy.dropped = dropped
    return copy
  }

  // MARK: Workers

  private mutating func hear(_ sender: WorkerID, at moment: Timestamp, isTaskEvent: Bool) {
    if workers[sender] == nil {
      makeRoomForWorker()
      workers[sender] = WorkerRecord(firstHeard: moment)
    }
    workers[sender]?.hear(at: moment, isTaskEvent: isTaskEvent)
  }

  /// A tenth at a time, so that a flood of names does not sort them all for each.
  private mutating func makeRoomForWorker() {
    guard workers.count >= max(1, budget.trackedWorkers) else { return }
    let kept = workers.sorted { $0.value.lastHeard > $1.value.lastHeard }
      .prefix(budget.trackedWorkers * 9 / 10)
    dropped += workers.count - kept.count
    workers = Dictionary(kept.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    endRunsOfForgotten()
  }

  private mutating func hearTask(_ type: String, from sender: WorkerID, at moment: Timestamp) {
    count(type)
    hear(sender, at: moment, isTaskEvent: true)
  }

  private mutating func count(_ type: String) {
    taskEvents += 1
    counts[type, default: 0] += 1
  }

  // MARK: Tasks

  private mutating func sent(_ task: TaskAnnouncement, by publisher: String, at moment: Timestamp) {
    tasks.update(task.id, orInsert: .sent, keeping: running) { record in
      record.name = task.name ?? record.name
      record.queue = task.queue ?? record.queue
      record.sentAt = moment
    }
    guard task.retries ?? 0 == 0, beats.watches(task.name ?? ""), let key = PeriodicKey(task)
    else { return }
    beats.published(key, id: task.id, by: publisher, at: moment)
  }

  private mutating func taskReceived(
    _ task: TaskAnnouncement, by worker: WorkerID, at moment: Timestamp
  ) {
    let before = tasks[task.id]
    let isFirst = before.map { $0.receivedAt == nil && $0.state <= .sent } ?? true
    let isNewAttempt = task.retries ?? 0 > before?.retries ?? 0
    tasks.update(task.id, orInsert: .received, keeping: running) { record in
      record.name = task.name ?? record.name
      record.retries = task.retries ?? record.retries
      record.receivedAt = moment
      // A retry may be received before its predecessor's end is heard.
      if isNewAttempt { record.owesRetried = record.state == .started }
      if isNewAttempt || record.state < .received { record.state = .received }
      if record.state == .received { record.worker = worker }
    }
    if isNewAttempt { running.remove(task.id) }
    guard isFirst, task.retries ?? 0 == 0, beats.watches(task.name ?? ""),
      let key = PeriodicKey(task)
    else { return }
    beats.received(key, at: moment)
  }

  private mutating func started(
    _ id: String, on worker: WorkerID, at moment: Timestamp, heardAt: Timestamp
  ) {
    // The end may be heard first: batches of one worker keep no order between its processes.
    if let known = tasks[id], known.state == .ended, moment <= known.endedAt ?? moment { return }
    tasks.update(id, orInsert: .started, keeping: running) { record in
      record.state = .started
      record.worker = worker
      record.startedAt = moment
      record.startHeardAt = heardAt
    }
    if running.count < budget.runningTasks || running.contains(id) {
      running.insert(id)
    } else {
      dropped += 1
    }
  }

  private mutating func ended(_ id: String, at moment: Timestamp) {
    running.remove(id)
    tasks.update(id, orInsert: .ended, keeping: running) { record in
      record.state = .ended
      record.endedAt = moment
    }
  }

  /// The end of an attempt whose successor is on its way already does not end the successor.
  private mutating func retried(_ id: String, at moment: Timestamp) {
    if tasks[id]?.owesRetried == true {
      tasks.update(id, orInsert: .received) { $0.owesRetried = false }
    } else if tasks[id]?.state != .received {
      ended(id, at: moment)
    }
  }
}

/// A run whose end was not heard, by its task's id and the moment its start was.
struct UnheardEnd: Sendable, Equatable {
  let id: String
  let startHeardAt: Timestamp?
}
