import TaskmonModel
import TaskmonUnits

/// Tasks are run without a time limit.
package struct NoTimeLimit: Rule {
  package static let id: RuleID = "no-time-limit"
  package static let antipattern = Antipattern.antipattern(7)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.controlReplies]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("tasks", 1, .count, help: "tasks in use that have no limit")
  ]
  package static let page = RulePage(
    summary: "Tasks that are in use run without a time limit, so one that hangs, hangs for ever.",
    whyItHurts: """
      A request without a timeout, a lock that is never released, an endless loop: without a limit \
      the slot is gone until somebody restarts the worker. Slots go one by one, and one day the \
      last is taken and the queue stands. With acks_late the message is handed out again after the \
      visibility timeout, and the same task takes the next slot.
      """,
    detection: """
      Of the tasks that workers have really run since their start, run now or have waiting, those \
      that have neither time_limit nor soft_time_limit: not in their own options, not in the \
      worker's settings, not on its command line, and not in the messages seen. Workers with the \
      same tasks and limits are one finding, under the name of the first.
      """,
    blindSpots: """
      A limit given with each call (apply_async(time_limit=…)) is seen only while such a message \
      waits or runs. Tasks not used since the worker's start are not counted. Whether a pool can \
      enforce its limits is another matter: threads, solo and eventlet enforce none, gevent only \
      the hard one.
      """,
    confirm: """
      Ask for the limits of all tasks, and for those of the pool:

          celery -A APP inspect registered time_limit soft_time_limit
          celery -A APP inspect stats | grep -A 3 timeouts
          celery -A APP inspect conf true | grep time_limit

      A task's limits stand in brackets after its name; one with nothing there has none. Of the \
      pool's two timeouts the first is the soft one; 0 is none.
      """,
    remedy: """
      Give every task a limit, and those that may take longer their own:

          task_soft_time_limit = 300
          task_time_limit = 330

          @app.task(soft_time_limit=3600, time_limit=3660)
          def nightly_export(): ...

      The soft limit raises SoftTimeLimitExceeded, so that the task can clean up; the hard one \
      kills its process. Keep both below the visibility timeout where tasks are acknowledged late. \
      And give every request inside a task a timeout of its own.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let fleet = scene.fleet
    var groups: [[TaskLimit]: [SeenWorker]] = [:]
    var doubt = fleet.registryGap
    for worker in fleet.workers {
      guard case .value(let all) = worker.registered else { continue }
      guard case .value(let stats) = worker.stats else {
        doubt = doubt ?? "what \(worker.id.name) has run: \(worker.stats.reason ?? "not told")"
        continue
      }
      if stats.hasLimit || !worker.hasLooseTasks { continue }
      let isFree = all.indices.contains { place in
        all[place].hardLimit == nil && all[place].softLimit == nil && !all[place].isBuiltIn
      }
      if isFree { groups[Self.configuration(all), default: []].append(worker) }
    }
    let findings = groups.compactMap { finding($0, $1, scene, limits) }
    if findings.isEmpty, let doubt { return .unknown(doubt) }
    return .judged(findings.sorted { $0.subject < $1.subject })
  }

  /// Whether a task has a limit: workers that tell the same of all of theirs are one finding.
  private struct TaskLimit: Hashable {
    let task: String
    let isLimited: Bool
  }

  private static func configuration(_ tasks: [RegisteredTask]) -> [TaskLimit] {
    tasks.indices.lazy.filter { !tasks[$0].isBuiltIn }
      .map { TaskLimit(task: tasks[$0].name, isLimited: tasks[$0].hasLimit) }
      .sorted { $0.task < $1.task }
  }

  private func finding(
    _ configuration: [TaskLimit], _ members: [SeenWorker], _ scene: Scene,
    _ limits: ThresholdValues
  ) -> Finding? {
    let used = configuration.filter { known in
      members.contains { scene.use.has(known.task, on: $0) }
    }
    let free = used.filter { !$0.isLimited && !scene.use.limitedByCall.contains($0.task) }
      .map(\.task)
    let names = members.map(\.id.name).sorted()
    guard let subject = names.first, !free.isEmpty,
      free.count >= limits.count("tasks", for: subject)
    else { return nil }
    let shown = free.prefix(3).joined(separator: ", ") + (free.count > 3 ? ", …" : "")
    let noun = used.count == 1 ? "task in use runs" : "tasks in use run"
    return Finding(
      rule: Self.id, severity: .warning, subject: subject,
      message: "\(free.count.grouped) of \(used.count.grouped) \(noun) without a limit: \(shown)",
      since: members.map(\.firstHeard).min() ?? scene.snapshot.takenAt,
      evidence: [
        EvidenceItem("tasksWithoutLimit", .count(free.count)),
        EvidenceItem("tasksInUse", .count(used.count)),
        EvidenceItem("tasksRegistered", .count(configuration.count)),
        EvidenceItem("tasks", .list(Array(free.prefix(50)))),
        EvidenceItem("workers", .list(Array(names.prefix(20)))),
        EvidenceItem("pool", .text(orUnknown: members.first?.stats.value?.pool.rawValue)),
      ],
      remedy: "set task_soft_time_limit and task_time_limit, and larger ones on tasks that need"
        + " them")
  }
}
