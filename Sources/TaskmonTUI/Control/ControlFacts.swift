import TaskmonModel
import TaskmonUnits

/// What a dialog says of its target: who it is, how much is lost, and who is told.
struct ControlFacts {
  let dialog: ControlDialog
  let context: ViewContext

  /// Whole sentences, the most telling first.
  var sentences: [String] {
    switch dialog.verb {
    case .revoke: revoke
    case .terminate: terminate
    case .shutDown: shutDown
    case .purge: purge
    case .rateLimit: limits + [told, "Until they end; a worker started later has its own."]
    case .timeLimit:
      limits + [told, "For runs that start from now on, until the workers end."]
    case .growPool, .shrinkPool: pools
    case .addConsumer, .cancelConsumer: consumers
    }
  }

  // MARK: Tasks

  private var id: String { dialog.text(.id) }

  /// Runs of the id, as far as is known: a task handed out twice runs twice.
  var runs: [RunningTask] { (context.snapshot.running.value ?? []).filter { $0.id == id } }

  static func name(_ run: RunningTask) -> String { "\(run.task ?? "task ?") \(run.id)" }

  private func whereItIs(_ ending: String) -> [String] {
    if id.isEmpty { return ["Which task? Its id is in the Running view and in your logs."] }
    let lines = runs.map { run in
      "\(Self.name(run)) is running on \(run.worker.name) for \(length(run))\(ending)"
    }
    guard lines.isEmpty else { return lines }
    for queue in context.snapshot.queues.value ?? [] {
      if let head = queue.head?.value, head.taskID == id {
        return ["\(head.task ?? "task ?") \(id) waits in queue \(queue.name) and is next."]
      }
    }
    return ["\(id) does not run as far as is known: it may wait in a queue or be done."]
  }

  func length(_ run: RunningTask) -> String { context.age(run.startedAt).text }

  private var revoke: [String] {
    whereItIs("; revoking does not end it, but it is not run again.") + [everybody]
  }

  private var terminate: [String] {
    let ends = runs.map { run in
      "\(run.worker.name) runs \(pool(of: run).map { "a \($0.rawValue) pool" } ?? "a pool ?"); "
        + "only prefork kills the process of a task, gevent and eventlet its greenlet."
    }
    return whereItIs("; it is ended by SIGTERM where it stands.") + Set(ends).sorted() + [everybody]
  }

  func pool(of run: RunningTask) -> PoolKind? {
    context.snapshot.workers.value?.first { $0.id == run.worker }?.stats.value?.pool
  }

  private var everybody: String {
    "Told to all workers, \(living.count) of them up; they keep it in their memory only, and it is "
      + "forgotten when all of them have ended."
  }

  // MARK: Workers

  /// Workers that are up.
  var up: [WorkerFacts] {
    (context.snapshot.workers.value ?? []).filter { WorkerState.of($0, context).isUp }
  }

  /// Their node names, each once.
  var living: [String] { Array(Set(up.map(\.id.name))).sorted() }

  /// Those of a node name.
  func up(named name: String) -> [WorkerFacts] { up.filter { $0.id.name == name } }

  private var shutDown: [String] {
    let name = dialog.text(.worker)
    let found = up(named: name)
    let processes = found.map { worker in
      let pid = worker.id.pid.map { " (pid \($0))" } ?? ""
      let busy = Fleet.busy(worker).map { Self.count($0, "task") } ?? "? tasks"
      return "\(name)\(pid) runs \(busy): it finishes them first, then ends. What it has taken and "
        + "not begun goes back to its queue."
    }
    let twins =
      found.count > 1 ? ["\(found.count) processes have this name: all of them end."] : []
    let orphans: [String] =
      switch left(without: name) {
      case .unavailable(let reason):
        ["Whether others take from its queues is not known: \(reason)."]
      case .value([]): []
      case .value(let alone): ["Nobody else takes from \(alone.joined(separator: ", "))."]
      }
    return (processes.isEmpty ? ["\(name) is not up as far as is known."] : processes) + twins
      + orphans + ["Whatever keeps it running may start it again."]
  }

  /// Queues that no other worker consumes.
  private func left(without name: String) -> Observation<[String]> {
    QueueConsumers.all(context).map { consumers in
      consumers.filter { $0.value.allSatisfy { $0.name == name } }.keys.sorted()
    }
  }

  private var told: String {
    switch ControlForm(dialog, self).recipients {
    case .success(let names) where names.count == 1: "Told to \(names[0])."
    case .success(let names):
      "Told to \(Self.count(names.count, "worker")): \(ControlSentence.list(names))."
    case .failure(let complaint): "Nobody is told yet: \(complaint.text)."
    }
  }

  /// What the task's limits are by now, as workers have registered it.
  private var limits: [String] {
    let name = dialog.text(.task)
    guard dialog.verb == .timeLimit, !name.isEmpty else { return [] }
    let tasks = up.compactMap { $0.registered.value?.first { $0.name == name } }
    guard let task = tasks.first else { return [] }
    func text(_ limit: Seconds?) -> String { limit?.text ?? "none" }
    return ["\(name) has now: soft \(text(task.softLimit)), hard \(text(task.hardLimit))."]
  }

  private var pools: [String] {
    let sizes = up.map { "\($0.id.name) has \(Self.size($0)?.text ?? "? slots")" }
    return [ControlSentence.list(sizes, atMost: 4) + ".", told]
  }

  /// How much a pool can do at a time: its processes where it has some, else its slots.
  static func size(_ worker: WorkerFacts) -> (count: Int, text: String)? {
    guard let stats = worker.stats.value else { return nil }
    if let processes = stats.processes { return (processes, count(processes, "process", "es")) }
    return stats.slots.map { ($0, count($0, "slot")) }
  }

  private var consumers: [String] {
    let queue = dialog.text(.queue)
    guard !queue.isEmpty else { return [told] }
    let now: String =
      switch QueueConsumers.of(queue, context) {
      case .unavailable(let reason): "Who takes from \(queue) is not known: \(reason)."
      case .value([]): "No worker that is up takes from \(queue)."
      case .value(let ids): "\(ControlSentence.list(ids.map(\.name))) takes from \(queue)."
      }
    return [now, told]
  }

  // MARK: Queues

  /// The queue of that name as it was read last.
  var queue: QueueFacts? {
    context.snapshot.queues.value?.first { $0.name == dialog.text(.queue) }
  }

  private var purge: [String] {
    let name = dialog.text(.queue)
    guard let queue else { return ["Queue \(name) is no longer there."] }
    let steps = queue.priorities.filter { $0.ready > 0 }
    let parts =
      steps.count > 1
      ? " (" + steps.map { "\($0.step): \($0.ready.grouped)" }.joined(separator: ", ") + ")" : ""
    let unacked = queue.unacked.value.map { count in
      "\(queue.unackedIsEstimate ? "About " : "")\(Self.count(count, "message")) that workers hold "
        + "unacknowledged \(count == 1 ? "is" : "are") not touched."
    }
    return [
      "\(Self.count(queue.ready, "message")) in all priority lists of \(name)\(parts) "
        + "\(queue.ready == 1 ? "is" : "are") lost for good, as by `celery purge`.",
      unacked ?? "Messages that workers hold unacknowledged are not touched.",
    ]
  }

  static func count(_ number: Int, _ noun: String, _ plural: String = "s") -> String {
    "\(number.grouped) \(noun)\(number == 1 ? "" : plural)"
  }
}
