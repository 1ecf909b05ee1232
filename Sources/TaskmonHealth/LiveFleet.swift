import TaskmonModel

/// The workers that live, with what they told of themselves.
struct LiveFleet {
  let workers: [SeenWorker]
  /// Why it is not known who lives; nil where at least one is known to.
  let gap: String?
  /// Why more may live than are known to; nil where of each it is known.
  ///
  /// It makes unknown what else would be healthy, and takes nothing from what was found.
  let doubt: String?

  init(_ history: SnapshotHistory, _ snapshot: Snapshot) {
    self.init(WorkerWatch(history, snapshot))
  }

  init(_ watch: WorkerWatch) {
    let snapshot = watch.snapshot
    if case .unavailable(let reason) = snapshot.workers {
      workers = []
      gap = reason
      doubt = reason
      return
    }
    workers = watch.workers.filter(\.consumes)
    doubt = watch.workers.lazy.compactMap(\.doubt).first
    gap = workers.isEmpty ? doubt ?? Self.unheard(snapshot.inspection) : nil
  }

  /// Why nobody can have been seen to live; nil where somebody would have been.
  private static func unheard(_ inspection: InspectionFacts) -> String? {
    guard inspection.lastRound == nil else { return nil }
    return inspection.suspended.map { "no worker was heard or asked (\($0))" }
      ?? "no worker was heard or asked"
  }

  /// Why a worker's tasks are not known; nil where every worker has told them.
  var registryGap: String? {
    gap ?? doubt
      ?? workers.first { $0.registered.value == nil }.map { worker in
        "the tasks of \(worker.id.name): \(worker.registered.reason ?? "not told")"
      }
  }

  /// Why it is not known what a worker consumes; nil where every worker has told.
  var queuesGap: String? {
    gap
      ?? workers.first { $0.queues.value == nil }.map { worker in
        "the queues of \(worker.id.name): \(worker.queues.reason ?? "not told")"
      }
  }

  /// Why it is not known who of each queue knows which tasks; nil where it is.
  var consumersGap: String? { registryGap ?? queuesGap }

  /// What the workers told of these tasks, by name.
  func registrations(of tasks: Set<String>) -> [String: [RegisteredTask]] {
    guard !tasks.isEmpty else { return [:] }
    var found: [String: [RegisteredTask]] = [:]
    let sieve = Sieve(tasks)
    for worker in workers {
      guard case .value(let all) = worker.registered else { continue }
      // In place: of forty thousand a few are wanted, and none else is copied, or hashed.
      for place in all.indices
      where sieve.holds(all[place].name) && tasks.contains(all[place].name) {
        found[all[place].name, default: []].append(all[place])
      }
    }
    return found
  }

  /// The names of those that consume each queue, as far as they have told.
  var consumerNames: [String: [String]] {
    var names: [String: [String]] = [:]
    for worker in workers {
      for queue in worker.queues.value ?? [] { names[queue, default: []].append(worker.id.name) }
    }
    return names
  }

  /// Those that consume a queue; nil where some worker has not told its queues.
  func consumers(of queue: String) -> [SeenWorker]? {
    guard workers.allSatisfy({ $0.queues.value != nil }) else { return nil }
    return workers.filter { $0.queues.value?.contains(queue) == true }
  }
}

/// Tells most names that are not among some from those that may be, by their lengths and ends.
private struct Sieve {
  private var marks = [Bool](repeating: false, count: 4096)

  init(_ names: Set<String>) {
    for name in names { marks[Self.mark(name)] = true }
  }

  func holds(_ name: String) -> Bool { marks[Self.mark(name)] }

  private static func mark(_ name: String) -> Int {
    let end = name.utf8.withContiguousStorageIfAvailable { $0.last ?? 0 } ?? 0
    return (name.utf8.count & 0xF) << 8 | Int(end)
  }
}

extension WorkerFacts {
  /// Its tasks, Celery's own left out; nil where it has not told.
  var ownTasks: [RegisteredTask]? { registered.value?.filter { !$0.isBuiltIn } }
  /// Whether it has any; nil where it has not told.
  var hasOwnTasks: Bool? { registered.value?.contains { !$0.isBuiltIn } }

  /// Whether a task is registered on it; nil where it has not told.
  func knows(_ task: String) -> Bool? {
    guard case .value(let all) = registered else { return nil }
    return all.indices.contains { all[$0].name == task }
  }
}

/// Which tasks are really used, as far as their runs and messages tell.
struct TasksInUse {
  private let waiting: [String: Set<String>]
  private let running: [WorkerID: Set<String>]
  /// Tasks that are called with a limit of their own.
  let limitedByCall: Set<String>

  init(_ snapshot: Snapshot) {
    var waiting: [String: Set<String>] = [:]
    var running: [WorkerID: Set<String>] = [:]
    var limited: Set<String> = []
    // In place: of all that is known of a queue and its messages little is looked at.
    func take(_ message: Observation<MessageFacts>?, in queue: String) {
      guard case .value(let facts)? = message, let task = facts.task else { return }
      waiting[queue, default: []].insert(task)
      if facts.hardLimit != nil || facts.softLimit != nil { limited.insert(task) }
    }
    let queues = snapshot.queues.value ?? []
    for place in queues.indices {
      take(queues[place].head, in: queues[place].name)
      take(queues[place].newest, in: queues[place].name)
    }
    for run in snapshot.running.value ?? [] {
      guard let task = run.task else { continue }
      running[run.worker, default: []].insert(task)
      if run.limits.hard != nil || run.limits.soft != nil { limited.insert(task) }
    }
    self.waiting = waiting
    self.running = running
    limitedByCall = limited
  }

  /// Whether a worker has run it since its start, runs it now, or will be given it; false where it
  /// has not told.
  func has(_ task: String, on worker: SeenWorker) -> Bool {
    guard case .value(let stats) = worker.stats else { return false }
    if let count = stats.totals[task], count > 0 { return true }
    if running[worker.id]?.contains(task) == true { return true }
    return (worker.queues.value ?? []).contains { waiting[$0]?.contains(task) == true }
  }
}
