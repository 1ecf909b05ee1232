import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// Joins starts heard as events with what `active` replies list; pure.
struct RunningAssembly: Sendable {
  let ledger: EventLedger
  let hearing: Hearing
  let book: InspectionBook
  let now: Timestamp
  private let workers: [WorkerID: WorkerFacts]
  /// The tasks a worker's last `active` reply lists; of workers that answered.
  private let listed: [WorkerID: Set<String>]
  /// Names under which more than one process lives: which of them answered is not known.
  private let sharedNames: Set<String>
  /// Runs without an end, by worker.
  private let open: [WorkerID: Int]

  /// A reply may have lain in our list for a while, so one hardly newer proves nothing.
  private static let replyMargin = Seconds(5)
  /// A worker that loses its connection says goodbye and comes back, and goes on with its tasks.
  private static let offlineMargin = Seconds(60)

  init(
    ledger: EventLedger, hearing: Hearing, workers: [WorkerFacts], book: InspectionBook,
    now: Timestamp
  ) {
    self.ledger = ledger
    self.hearing = hearing
    self.book = book
    self.now = now
    self.workers = Dictionary(workers.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    listed = self.workers.compactMapValues { $0.activeReply.value.map { Set($0.taskIDs) } }
    open = ledger.running.reduce(into: [:]) { open, id in
      if let worker = ledger.tasks[id]?.worker { open[worker, default: 0] += 1 }
    }
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
    for id in ledger.running {
      guard let record = ledger.tasks[id], let worker = record.worker,
        let startedAt = record.startedAt
      else { continue }
      let facts = workers[worker]
      if let facts, hasEndedUnheard(id, record, on: facts) {
        ended.append(UnheardEnd(id: id, startHeardAt: record.startHeardAt))
        continue
      }
      if facts?.offlineSince != nil { continue }
      found[id] = RunningTask(
        id: id, task: record.name, worker: worker, startedAt: startedAt,
        confirmedAt: facts.flatMap { confirmation(id, record, $0) }, retries: record.retries)
    }
    for worker in workers.values where worker.offlineSince == nil { list(worker, into: &found) }
    let running = withLimits(found.values.sorted { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) })
    return (running, ended)
  }

  private func hasEndedUnheard(
    _ id: String, _ record: TaskRecord, on worker: WorkerFacts
  ) -> Bool {
    if let offline = worker.offlineSince { return now - offline > Self.offlineMargin }
    if let running = counted(worker, after: record), running == 0 { return true }
    guard case .value(let reply) = worker.activeReply, let heard = record.startHeardAt,
      !sharedNames.contains(worker.id.name)
    else { return false }
    return reply.repliedAt > heard + Self.replyMargin && listed[worker.id]?.contains(id) == false
  }

  /// How many tasks its heartbeat says it runs; nil where none came since the run began.
  ///
  /// A task that raises `Ignore` ends without an event: only this tells without asking.
  private func counted(_ worker: WorkerFacts, after record: TaskRecord) -> Int? {
    guard let heard = record.startHeardAt, let counted = ledger.workers[worker.id]?.activeHeardAt,
      counted > heard + Self.replyMargin
    else { return nil }
    return worker.active
  }

  /// When it was last known to be running; nil where its end may have gone unheard.
  private func confirmation(
    _ id: String, _ record: TaskRecord, _ worker: WorkerFacts
  ) -> Timestamp? {
    guard let heard = record.startHeardAt, worker.isAlive(at: now) else { return nil }
    if case .value(let reply) = worker.activeReply, reply.repliedAt >= heard,
      listed[worker.id]?.contains(id) == true
    {
      return reply.repliedAt
    }
    // Fewer run than have not ended: which of them has is not known.
    if let running = counted(worker, after: record), running < open[worker.id] ?? 0 { return nil }
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
      guard let startedAt = task.startedAt, ledger.tasks[task.id]?.state != .ended else { continue }
      found[task.id] = RunningTask(
        id: task.id, task: task.name, worker: worker.id, startedAt: startedAt,
        confirmedAt: worker.isAlive(at: now) ? reply.repliedAt : nil,
        acknowledged: task.acknowledged, retries: ledger.tasks[task.id]?.retries)
    }
  }

  private struct Kind: Hashable {
    var worker: WorkerID
    var task: String?
  }

  /// The strictest of what the task registers and what the pool was started with.
  private func withLimits(_ tasks: [RunningTask]) -> [RunningTask] {
    var known: [Kind: TaskLimits] = [:]
    return tasks.map { task in
      let kind = Kind(worker: task.worker, task: task.task)
      let limits = known[kind] ?? self.limits(of: kind)
      known[kind] = limits
      var task = task
      task.limits = limits
      return task
    }
  }

  private func limits(of kind: Kind) -> TaskLimits {
    let worker = workers[kind.worker]
    let registered = worker?.registered.value?.first { $0.name == kind.task }
    let stats = worker?.stats.value
    return TaskLimits(
      hard: [registered?.hardLimit, stats?.hardLimit].compactMap(\.self).min(),
      soft: [registered?.softLimit, stats?.softLimit].compactMap(\.self).min(),
      isKnown: registered != nil && stats != nil)
  }
}

extension RunningTask {
  /// What only a worker's answer tells.
  fileprivate mutating func take(_ task: ActiveTasksReply.Task) {
    queue = task.routingKey
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
