package import TaskmonModel
import TaskmonUnits

/// Everything about a worker: life, load, queues, tasks with their limits, settings.
package enum WorkerPage {
  package static func page(_ worker: WorkerFacts, _ context: ViewContext) -> Page {
    let blocks: [PageBlock] =
      [.line(StyledLine()), .facts(life(worker, context)), .heading("Work")]
      + [.facts(work(worker, context))] + running(worker, context)
      + HoldingsBlocks.blocks(worker, context)
      + [.heading("Queues"), .facts([queues(worker)])]
      + [.heading("Settings"), .facts(SettingsBlocks.facts(worker))]
      + [.heading("Registered tasks")] + registered(worker)
      + totals(worker)
    return Page("worker \(worker.id.name)", blocks)
  }

  private static func life(_ worker: WorkerFacts, _ context: ViewContext) -> [PageFact] {
    let state = WorkerState.of(worker, context)
    func moment(_ name: String, _ at: Timestamp?) -> PageFact? {
      at.map { PageFact(name, context.moments.full($0, now: context.now)) }
    }
    let events: PageFact =
      switch worker.sendsTaskEvents {
      case .value(let sends): PageFact("task events", sends ? "sent" : "not sent")
      case .unavailable(let reason): .unknown("task events", reason)
      }
    let facts: [PageFact?] = [
      PageFact("state", state.rawValue, state.role),
      worker.id.pid.map { PageFact("pid", "\($0)") } ?? .unknown("pid"),
      PageFact("host", worker.id.host),
      moment("first heard", worker.firstHeard),
      moment("last event", worker.lastHeard) ?? PageFact("last event", "none: no heartbeats", .dim),
      moment("last answer", worker.lastReply), moment("said goodbye", worker.offlineSince),
      worker.heartbeatInterval.map { PageFact("heartbeat every", $0.text) },
      moment("owes an answer since", worker.owesReplySince),
      worker.softwareVersion.map { PageFact("Celery", $0) } ?? .unknown("Celery"),
      events,
    ]
    return facts.compactMap(\.self)
  }

  private static func work(_ worker: WorkerFacts, _ context: ViewContext) -> [PageFact] {
    func count(_ name: String, _ value: Int?) -> PageFact {
      value.map { PageFact(name, $0.grouped) } ?? .unknown(name)
    }
    var facts = [
      count("running", Fleet.busy(worker)), count("prefetched", worker.prefetched),
      count("done", worker.processed),
    ]
    if let load = worker.loadAverage, !load.isEmpty {
      facts.append(PageFact("load average", load.map { "\($0)" }.joined(separator: " ")))
    }
    if let start = worker.oldestStart {
      facts.append(PageFact("longest run since", context.moments.full(start, now: context.now)))
    }
    switch worker.stats {
    case .unavailable(let reason):
      facts.append(.unknown("pool", reason))
    case .value(let stats):
      facts += [PageFact("pool", stats.pool.rawValue), count("slots", stats.slots)]
      if let processes = stats.processes {
        facts.append(PageFact("processes", processes.grouped))
      }
      facts += [
        count("prefetch count", stats.prefetchCount),
        worker.uptime.map { PageFact("uptime", $0.text) } ?? .unknown("uptime"),
        PageFact("hard limit of the pool", stats.hardLimit?.text ?? "none"),
        PageFact("soft limit of the pool", stats.softLimit?.text ?? "none"),
      ]
    }
    return facts
  }

  private static func running(_ worker: WorkerFacts, _ context: ViewContext) -> [PageBlock] {
    guard case .value(let all) = context.snapshot.running else { return [] }
    let tasks = all.filter { $0.worker == worker.id }
    guard !tasks.isEmpty else { return [] }
    let rows = tasks.map { task in
      PageFact(
        context.age(task.startedAt).compact,
        "\(task.task ?? "?")  \(task.id)  \(limit(task, context))")
    }
    return [.heading("Running now"), .facts(rows)]
  }

  private static func limit(_ run: RunningTask, _ context: ViewContext) -> String {
    LimitText.share(run.limits, after: context.age(run.startedAt))
      ?? (run.limits.isKnown ? "no limit" : "limit ?")
  }

  private static func queues(_ worker: WorkerFacts) -> PageFact {
    switch worker.queues {
    case .value(let queues):
      PageFact("consumes", queues.isEmpty ? "none" : queues.joined(separator: ", "))
    case .unavailable(let reason):
      .unknown("consumes", reason)
    }
  }

  struct TaskRow: Sendable {
    var name: String
    var policy: TaskPolicy
  }

  static let taskColumns: [Column<TaskRow>] =
    [Column("TASK", .fit(20, 60), help: "name") { TableCell($0.name) }]
    + [
      ("ACK LATE", 8, 3, .acksLate), ("REQUEUE", 7, 5, .requeues), ("RETRIES", 8, 4, .retries),
      ("SOFT", 7, 2, .softLimit), ("HARD", 7, 1, .hardLimit), ("RESULT", 10, 6, .result),
      ("RATE", 8, 7, .rate),
    ].map { (title: String, width: Int, priority: Int, option: PolicyOption) in
      Column(title, .fixed(width), priority: priority, help: option.name) { row in
        guard case .value(let told) = option.told(row.policy) else { return .unknown }
        return TableCell(told.short, told.isBare ? .dim : .text)
      }
    }

  private static func registered(_ worker: WorkerFacts) -> [PageBlock] {
    switch worker.registered {
    case .unavailable(let reason): [.facts([.unknown("tasks", reason)])]
    case .value([]): [.line(StyledLine("  none", .dim))]
    case .value(let tasks):
      [
        .table(
          Table(
            taskColumns, tasks.map { TaskRow(name: $0.name, policy: TaskPolicy($0, on: worker)) },
            id: \.name))
      ]
    }
  }

  private static func totals(_ worker: WorkerFacts) -> [PageBlock] {
    guard let totals = worker.stats.value?.totals, !totals.isEmpty else { return [] }
    let ordered = totals.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return [
      .heading("Executed since it started"),
      .facts(ordered.map { PageFact($0.key, $0.value.grouped) }),
    ]
  }
}
