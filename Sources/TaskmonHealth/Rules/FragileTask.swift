import TaskmonModel
import TaskmonUnits

/// A task that nothing protects: not from a lost worker, not from a fault, not from hanging.
package struct FragileTask: Rule {
  package static let id: RuleID = "fragile-task"
  package static let antipattern = Antipattern.goldenRule(5)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.controlReplies]
  package static let severities: [Severity] = [.info]
  package static let thresholds: [Threshold] = []
  package static let page = RulePage(
    summary: "A task in use is acknowledged early and has no retry policy and no time limit.",
    whyItHurts: """
      Celery's defaults protect nothing. Acknowledged early, the message is gone when the worker \
      is killed. Without a retry policy the first hiccup of a network is final. Without a limit a \
      hang is for ever. Each may be right for a task; a task with all of them was usually never \
      thought about.
      """,
    detection: """
      Of the tasks that workers have run, run or have waiting, those whose options in registered \
      say acks_late = False, no reject_on_worker_lost, no autoretry_for, and no time limit of any \
      kind. It is an info per task and changes no exit code.
      """,
    blindSpots: """
      A task that calls self.retry() itself has a policy that is not visible in its options. Early \
      acknowledgement is right for what must not run twice: then the other two remain. Options \
      given with each call are seen only in messages that wait.
      """,
    confirm: """
      Ask for the options of every task:

          celery -A APP inspect registered acks_late reject_on_worker_lost autoretry_for time_limit

      What is not listed for a task is not set; ask for soft_time_limit in the same way.
      """,
    remedy: """
      Make the task safe to run twice, and then say so:

          @app.task(
              acks_late=True, reject_on_worker_lost=True,
              autoretry_for=(ConnectionError,), retry_backoff=True, max_retries=5,
              soft_time_limit=60, time_limit=70)
          def sync_order(pk): ...

      acks_late needs a visibility_timeout longer than the longest run.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let fleet = scene.fleet
    let use = scene.use
    var fragile: [String: Exposure] = [:]
    var doubt = fleet.registryGap
    for worker in fleet.workers {
      guard case .value(let tasks) = worker.registered else { continue }
      guard case .value(let stats) = worker.stats else {
        doubt = doubt ?? "what \(worker.id.name) has run: \(worker.stats.reason ?? "not told")"
        continue
      }
      guard worker.hasLooseTasks else { continue }
      for place in tasks.indices
      where tasks[place].acksLate == nil
        || tasks[place].acksLate == false && tasks[place].hardLimit == nil
      {
        let task = tasks[place]
        guard task.acksLate == nil || task.isUnprotected, !task.isBuiltIn,
          use.has(task.name, on: worker)
        else { continue }
        if task.acksLate == nil { doubt = doubt ?? "\(worker.id.name) does not tell task options" }
        guard !stats.hasLimit, !use.limitedByCall.contains(task.name), task.isUnprotected else {
          continue
        }
        fragile[task.name, default: Exposure()].add(worker, runs: stats.totals[task.name] ?? 0)
      }
    }
    if fragile.isEmpty, let doubt { return .unknown(doubt) }
    return .judged(fragile.sorted { $0.key < $1.key }.map { finding($0.key, $0.value) })
  }

  /// Where one task is run unprotected.
  private struct Exposure {
    private(set) var runs = 0
    private(set) var since: Timestamp?
    private(set) var workers: [String] = []

    mutating func add(_ worker: SeenWorker, runs count: Int) {
      runs = runs.addingClamped(count)
      since = min(since ?? worker.firstHeard, worker.firstHeard)
      workers.append(worker.id.name)
    }
  }

  private func finding(_ task: String, _ exposure: Exposure) -> Finding {
    Finding(
      rule: Self.id, severity: .info, subject: task,
      message:
        "acknowledged early, no autoretry_for, no time limit: whatever goes wrong, it is lost",
      since: exposure.since ?? Timestamp(secondsSince1970: 0),
      evidence: [
        EvidenceItem("acksLate", .flag(false)),
        EvidenceItem("rejectOnWorkerLost", .flag(false)),
        EvidenceItem("autoretry", .flag(false)),
        EvidenceItem("timeLimit", .text("none")),
        EvidenceItem("runs", .count(exposure.runs)),
        EvidenceItem("workers", .list(Array(exposure.workers.sorted().prefix(20)))),
      ],
      remedy: "decide for it: acks_late with reject_on_worker_lost, autoretry_for, and a time limit"
    )
  }
}
