import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// Joins starts heard as events with what `active` replies list; pure.
struct RunningAssembly: Sendable {
  let ledger: EventLedger
  let hearing: Hearing
  let workers: [WorkerFacts]
  let book: InspectionBook
  let now: Timestamp

  /// A reply may have lain in our list for a while, so one hardly newer proves nothing.
  private static let replyMargin = Seconds(5)

  /// The runs, and the ids of those that a newer reply shows to have ended unheard.
  func assemble() -> (running: [RunningTask], endedUnheard: [String]) {
    let byID = Dictionary(workers.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    var found: [String: RunningTask] = [:]
    var ended: [String] = []
    for id in ledger.running {
      guard let record = ledger.tasks[id], let worker = record.worker,
        let startedAt = record.startedAt
      else { continue }
      let facts = byID[worker]
      if let facts, hasEndedUnheard(id, record, on: facts) {
        ended.append(id)
        continue
      }
      if facts?.offlineSince != nil { continue }
      found[id] = RunningTask(
        id: id, task: record.name, worker: worker, startedAt: startedAt,
        confirmedAt: facts.flatMap { confirmation(id, record, $0) }, retries: record.retries)
    }
    for worker in workers where worker.offlineSince == nil { listed(by: worker, into: &found) }
    let running = found.values.map { withLimits($0, worker: byID[$0.worker]) }
    return (running.sorted { ($0.startedAt, $0.id) < ($1.startedAt, $1.id) }, ended)
  }

  private func hasEndedUnheard(
    _ id: String, _ record: TaskRecord, on worker: WorkerFacts
  ) -> Bool {
    guard case .value(let reply) = worker.activeReply, let heard = record.startHeardAt
    else { return false }
    return reply.repliedAt > heard + Self.replyMargin && !reply.taskIDs.contains(id)
  }

  /// When it was last known to be running; nil where its end may have gone unheard.
  private func confirmation(
    _ id: String, _ record: TaskRecord, _ worker: WorkerFacts
  ) -> Timestamp? {
    guard let heard = record.startHeardAt, isAlive(worker) else { return nil }
    if case .value(let reply) = worker.activeReply, reply.repliedAt >= heard,
      reply.taskIDs.contains(id)
    {
      return reply.repliedAt
    }
    return hearing.hasHeardAll(since: heard) ? worker.lastProof : nil
  }

  /// A worker of a pool that falls silent while it works stays what it was.
  private func isAlive(_ worker: WorkerFacts) -> Bool {
    if worker.stats.value?.pool.fallsSilentWhenBusy == true { return true }
    guard let proof = worker.lastProof else { return false }
    let interval = worker.heartbeatInterval ?? Seconds(2)
    return now - proof <= max(interval * 4, Seconds(worker.lastHeard == nil ? 90 : 30))
  }

  private func listed(by worker: WorkerFacts, into found: inout [String: RunningTask]) {
    guard case .value(let reply) = worker.activeReply, let answers = book.workers[worker.id.name]
    else { return }
    for task in answers.activeTasks where reply.taskIDs.contains(task.id) {
      if var known = found[task.id] {
        known.acknowledged = task.acknowledged
        known.task = known.task ?? task.name
        found[task.id] = known
        continue
      }
      guard let startedAt = task.startedAt, ledger.tasks[task.id]?.state != .ended else { continue }
      found[task.id] = RunningTask(
        id: task.id, task: task.name, worker: worker.id, startedAt: startedAt,
        confirmedAt: isAlive(worker) ? reply.repliedAt : nil, acknowledged: task.acknowledged,
        retries: ledger.tasks[task.id]?.retries)
    }
  }

  /// The strictest of what the task registers and what the pool was started with.
  private func withLimits(_ task: RunningTask, worker: WorkerFacts?) -> RunningTask {
    var task = task
    let registered = worker?.registered.value?.first { $0.name == task.task }
    let stats = worker?.stats.value
    task.limits = TaskLimits(
      hard: [registered?.hardLimit, stats?.hardLimit].compactMap(\.self).min(),
      soft: [registered?.softLimit, stats?.softLimit].compactMap(\.self).min(),
      isKnown: registered != nil && stats != nil)
    return task
  }
}
