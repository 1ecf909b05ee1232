import TaskmonModel
import TaskmonUnits

/// What a snapshot is made from: sums of the ledger, and lists that are bounded.
struct EventExcerpt: Sendable, Equatable {
  var workers: [WorkerID: WorkerRecord] = [:]
  var holdings: [WorkerID: WorkerHolding] = [:]
  /// Started and not ended, the earliest start heard first; bounded.
  var running: [TaskSighting] = []
  /// How many have started and not ended, by worker; of all.
  var runs: [WorkerID: Int] = [:]
  /// When the longest run of each worker began, by its own clock.
  var oldestStarts: [WorkerID: Timestamp] = [:]
  /// The tasks asked for by id, where they are known.
  var named: [String: TaskSighting] = [:]
  /// How long runs take of the tasks that are running.
  var usual: [String: RuntimeStatistics] = [:]
  var beats = BeatWatch(limit: 1)
  var counts: [String: Int] = [:]
  var received = 0
  var lag: Seconds?
  var trackedTasks = 0
  var dropped = 0

  var taskEvents: Int { counts.values.reduce(0, +) }
}

extension EventLedger {
  /// `ids` are tasks to look up besides.
  func excerpt(of ids: [String] = [], at now: Timestamp) -> EventExcerpt {
    var excerpt = EventExcerpt()
    excerpt.workers = heardWorkers
    excerpt.holdings = holdings(at: now)
    takeRuns(into: &excerpt)
    for id in ids { excerpt.named[id] = task(id) }
    for task in Set(excerpt.running.compactMap(\.task) + excerpt.named.values.compactMap(\.task)) {
      excerpt.usual[task] = usual(of: task)
    }
    excerpt.beats = beats
    excerpt.counts = counts
    excerpt.received = received
    excerpt.lag = lags.largest(at: Meter.tick(now))
    excerpt.trackedTasks = tasks.count
    excerpt.dropped = dropped
    return excerpt
  }

  private func takeRuns(into excerpt: inout EventExcerpt) {
    var runs: [WorkerBook.Key: (count: Int, oldest: Double)] = [:]
    tasks.forEach(in: tasks.running) { _, record in
      if excerpt.running.count < budget.runningTasks { excerpt.running.append(sighting(record)) }
      guard let worker = record.worker else { return }
      let known = runs[worker] ?? (0, record.startedAt)
      runs[worker] = (known.count + 1, min(known.oldest, record.startedAt))
    }
    for (key, run) in runs {
      excerpt.runs[worker(key)] = run.count
      excerpt.oldestStarts[worker(key)] = Self.timestamp(run.oldest)
    }
  }

  private func holdings(at now: Timestamp) -> [WorkerID: WorkerHolding] {
    var found: [WorkerBook.Key: WorkerHolding] = [:]
    tasks.forEach(in: tasks.waiting) { _, record in
      guard let worker = record.worker, !record.receivedAt.isNaN else { return }
      let due = record.eta > record.receivedAt ? record.eta : record.receivedAt
      found[worker, default: WorkerHolding()].add(dueAt: due, now: now) { since in
        HeldTask(id: idText(record.key), task: name(record.name), since: since)
      }
    }
    return Dictionary(
      found.map { (worker($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
  }
}
