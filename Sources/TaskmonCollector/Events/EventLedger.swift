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
      workers[sender]?.take(state, offlineAt: nil)
    case .workerOffline(let state):
      hear(sender, at: receivedAt, isTaskEvent: false)
      workers[sender]?.take(state, offlineAt: receivedAt)
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

  /// A run that an `active` reply newer than its start does not list has ended unheard.
  mutating func endedUnheard(_ id: String) {
    running.remove(id)
    tasks.update(id, orInsert: .ended) { record in
      record.state = .ended
      record.endedAt = record.startedAt
    }
  }

  /// Workers silent for longer than the retention make room.
  mutating func forgetWorkers(unheardSince limit: Timestamp) {
    workers = workers.filter { $0.value.lastHeard >= limit }
    if workers.count > budget.trackedWorkers {
      let kept = workers.sorted { $0.value.lastHeard > $1.value.lastHeard }
        .prefix(budget.trackedWorkers)
      workers = Dictionary(kept.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    }
  }

  mutating func follow(_ entries: [ScheduleEntry], at now: Timestamp) {
    beats.follow(entries, at: now)
  }

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
    return copy
  }

  // MARK: Workers

  private mutating func hear(_ sender: WorkerID, at moment: Timestamp, isTaskEvent: Bool) {
    if workers[sender] == nil { workers[sender] = WorkerRecord(firstHeard: moment) }
    workers[sender]?.hear(at: moment, isTaskEvent: isTaskEvent)
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

  private mutating func sent(_ task: TaskAnnouncement, by publisher: String, at: Timestamp) {
    tasks.update(task.id, orInsert: .sent) { record in
      record.name = task.name ?? record.name
      record.queue = task.queue ?? record.queue
    }
    guard task.retries ?? 0 == 0, beats.watches(task.name ?? ""), let key = PeriodicKey(task)
    else { return }
    beats.published(key, id: task.id, by: publisher, at: at)
  }

  private mutating func taskReceived(
    _ task: TaskAnnouncement, by worker: WorkerID, at moment: Timestamp
  ) {
    let before = tasks[task.id]
    let isFirst = before.map { $0.receivedAt == nil && $0.state <= .sent } ?? true
    let isNewAttempt = task.retries ?? 0 > before?.retries ?? 0
    tasks.update(task.id, orInsert: .received) { record in
      record.name = task.name ?? record.name
      record.retries = task.retries ?? record.retries
      record.receivedAt = moment
      // A retry is received before its predecessor's end is heard (protocol.md: events).
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
    tasks.update(id, orInsert: .started) { record in
      record.state = .started
      record.worker = worker
      record.startedAt = moment
      record.startHeardAt = heardAt
    }
    if running.count < budget.runningTasks || running.contains(id) { running.insert(id) }
  }

  private mutating func ended(_ id: String, at moment: Timestamp) {
    running.remove(id)
    tasks.update(id, orInsert: .ended) { record in
      record.state = .ended
      record.endedAt = moment
    }
  }

  private mutating func retried(_ id: String, at moment: Timestamp) {
    guard tasks[id]?.state != .received else { return }
    ended(id, at: moment)
  }
}
