import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// Joins starts heard as events with what `active` replies list; pure.
struct RunningAssembly: Sendable {
  let events: EventExcerpt
  let hearing: Hearing
  let book: InspectionBook
  let now: Timestamp
  /// The messages of runs that are held unacknowledged, by task id, as far as they were read.
  private let messages: [String: MessageFacts]
  private let workers: [WorkerID: WorkerFacts]
  /// The tasks a worker's last `active` reply lists; of workers that answered.
  private let listed: [WorkerID: Set<String>]
  /// Names under which more than one process lives: which of them answered is not known.
  private let sharedNames: Set<String>

  /// A reply may have lain in our list for a while, so one hardly newer proves nothing.
  private static let replyMargin = Seconds(5)
  /// A worker that loses its connection says goodbye and comes back, and goes on with its tasks.
  private static let offlineMargin = Seconds(60)

  init(
    events: EventExcerpt, hearing: Hearing, workers: [WorkerFacts], book: InspectionBook,
    held: [UnackedMessage] = [], now: Timestamp
  ) {
    messages = Dictionary(
      held.compactMap { held in held.message.value.flatMap { own in own.taskID.map { ($0, own) } }
      },
      uniquingKeysWith: { $1 })
    self.events = events
    self.hearing = hearing
    self.book = book
    self.now = now
    self.workers = Dictionary(workers.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    listed = self.workers.compactMapValues { $0.activeReply.value.map { Set($0.taskIDs) } }
    var living: [String: Int] = [:]
    for worker in workers where worker.offlineSince == nil && worker.isAlive(at: now) {
      living[worker.id.name, default: 0] += 1
    }
    sharedNames = Set(living.filter { $0.value > 1 }.keys)
  }

  /// The runs, and those whose end was missed.
  func assemble() -> (running: [RunningTask], endedUnheard: [UnheardEnd]) {
    var found: [String: RunningTask] = [:]
    var ended: [UnheardEnd] = []
    for run in events.running {
      guard let worker = run.worker, let startedAt = run.startedAt else { continue }
      let facts = workers[worker]
      if let facts, hasEndedUnheard(run, on: facts) {
        ended.append(UnheardEnd(id: run.id, startHeardAt: run.startHeardAt))
        continue
      }
      if facts?.offlineSince != nil { continue }
      found[run.id] = RunningTask(
        id: run.id, task: run.task, worker: worker, startedAt: startedAt,
        confirmedAt: facts.flatMap { confirmation(run, $0) }, retries: run.retries)
    }
    for worker in workers.values where worker.offlineSince == nil { list(worker, into: &found) }
    let running = complete(found.values.sorted { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) })
    return (running, ended)
  }

  private func hasEndedUnheard(_ run: TaskSighting, on worker: WorkerFacts) -> Bool {
    if let offline = worker.offlineSince { return now - offline > Self.offlineMargin }
    if let running = counted(worker, after: run), running == 0 { return true }
    guard case .value(let reply) = worker.activeReply, let heard = run.startHeardAt,
      !sharedNames.contains(worker.id.name)
    else { return false }
    return reply.repliedAt > heard + Self.replyMargin
      && listed[worker.id]?.contains(run.id) == false
  }

  /// How many tasks its heartbeat says it runs; nil where none came since the run began.
  ///
  /// A task that raises `Ignore` ends without an event: only this tells without asking.
  private func counted(_ worker: WorkerFacts, after run: TaskSighting) -> Int? {
    guard let heard = run.startHeardAt, let counted = events.workers[worker.id]?.activeHeardAt,
      counted > heard + Self.replyMargin
    else { return nil }
    return worker.active
  }

  /// When it was last known to be running; nil where its end may have gone unheard.
  private func confirmation(_ run: TaskSighting, _ worker: WorkerFacts) -> Timestamp? {
    guard let heard = run.startHeardAt, worker.isAlive(at: now) else { return nil }
    if case .value(let reply) = worker.activeReply, reply.repliedAt >= heard,
      listed[worker.id]?.contains(run.id) == true
    {
      return reply.repliedAt
    }
    // Fewer run than have not ended: which of them has is not known.
    if let running = counted(worker, after: run),
      running < events.runs[worker.id] ?? 0
    {
      return nil
    }
    return hearing.hasHeardAll(since: heard) ? worker.lastProof : nil
  }

  private func list(_ worker: WorkerFacts, into found: inout [String: RunningTask]) {
    guard case .value(let reply) = worker.activeReply, let ids = listed[worker.id],
      let answers = book.workers[worker.id.name]
    else { return }
    for task in answers.activeTasks where ids.contains(task.id) {
      defer { found[task.id]?.take(task) }
      if var known = found[task.id] {
        known.acknowledged = task.acknowledged
        known.task = known.task ?? task.name
        found[task.id] = known
        continue
      }
      guard let startedAt = task.startedAt, events.named[task.id]?.state.isEnd != true
      else { continue }
      found[task.id] = RunningTask(
        id: task.id, task: task.name, worker: worker.id, startedAt: startedAt,
        confirmedAt: worker.isAlive(at: now) ? reply.repliedAt : nil,
        acknowledged: task.acknowledged, retries: events.named[task.id]?.retries)
    }
  }

  private struct Kind: Hashable {
    var worker: WorkerID
    var task: String?
  }

  /// With the limits in force and how long such runs usually take.
  private func complete(_ tasks: [RunningTask]) -> [RunningTask] {
    var known: [Kind: TaskLimits] = [:]
    return tasks.map { task in
      var task = task
      task.usual = task.task.flatMap { events.usual[$0] }
      if let message = messages[task.id] {
        task.limits = limits(of: task.task, on: task.worker, message)
        return task
      }
      let kind = Kind(worker: task.worker, task: task.task)
      task.limits = known[kind] ?? limits(of: task.task, on: task.worker, nil)
      known[kind] = task.limits
      return task
    }
  }

  private func limits(
    of task: String?, on worker: WorkerID, _ message: MessageFacts?
  ) -> TaskLimits {
    workers[worker].map { TaskLimits(of: task, on: $0, message: message) } ?? TaskLimits()
  }
}

extension RunningTask {
  /// What only a worker's answer tells.
  fileprivate mutating func take(_ task: ActiveTasksReply.Task) {
    queue = task.routingKey
    childPID = task.processID
    argumentsText = task.argumentsRepr
    keywordArgumentsText = task.keywordArgumentsRepr
  }
}

extension WorkerFacts {
  /// A worker of a pool that falls silent while it works stays what it was.
  fileprivate func isAlive(at now: Timestamp) -> Bool {
    if stats.value?.pool.fallsSilentWhenBusy == true { return true }
    guard let proof = lastProof else { return false }
    let interval = heartbeatInterval ?? Seconds(2)
    return now - proof <= max(interval * 4, Seconds(lastHeard == nil ? 90 : 30))
  }
}
