import TaskmonModel
import TaskmonUnits

/// A task runs past its time limit, or far too long without one.
package struct StuckTask: Rule {
  package static let id: RuleID = "stuck-task"
  package static let antipattern = Antipattern.antipattern(7)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.events, .controlReplies]
  package static let severities: [Severity] = [.critical, .warning]
  package static let thresholds: [Threshold] = [
    Threshold("hard-margin", Seconds(10), help: "past the hard limit by this is critical"),
    Threshold("soft-margin", Seconds(30), help: "past the soft limit by at least this is critical"),
    Threshold("soft-ratio", 0.5, .ratio, help: "and by at least this share of the soft limit"),
    Threshold(
      "no-limit", Seconds.minutes(10), help: "without a limit, never a warning before this"),
    Threshold("p99-factor", 10, .ratio, help: "nor before this many times the usual p99"),
    Threshold("p99-runs", 20, .count, help: "runs that must have ended for the p99 to count"),
    Threshold(
      "no-statistics", Seconds.hours(1), help: "without a limit and without that many runs"),
  ]
  package static let page = RulePage(
    summary: "A task runs past its time limit, or far longer than usual without one.",
    whyItHurts: """
      A task that hangs, on a socket without a timeout or on a lock, holds its slot for ever. When \
      all slots of a worker are held, it takes nothing more: the queue grows while the worker \
      looks alive and answers pings. Without acks_late a restart loses the task, and with it the \
      task hangs again on the next worker.
      """,
    detection: """
      Start times come from task-started events and from active replies; the limits from the \
      message, the task and the worker, the strictest of which counts. Critical is a run past its \
      hard limit by 10 s, or past its soft limit by 30 s and by half of it. A run without any \
      limit is a warning after 10 min and ten times its usual p99, or after an hour where fewer \
      than 20 runs were seen. It must be confirmed: an active reply newer than its start lists it, \
      or its worker lives and no event was missed since the start.
      """,
    blindSpots: """
      Workers that send no task events and give no answers (--read-only) show no running task. The \
      prefork pool enforces both limits, gevent the hard one, and only where the task yields; \
      threads, solo and eventlet pools accept limits and do nothing. The finding says so. A solo \
      worker that hangs cannot be told from a dead one.
      """,
    confirm: """
      See what runs and for how long, then where it hangs:

          celery -A APP inspect active --destination celery@HOST
          celery -A APP inspect query_task TASK_ID
          py-spy dump --pid PID

      time_start in the reply is wall-clock time; worker_pid is the process to look at.
      """,
    remedy: """
      End it now. Its process is killed (prefork), or its greenlet where it yields (eventlet, a \
      current gevent). It is told as revoked and does not run again, not even with acks_late: send \
      it again if it is still wanted.

          celery -A APP control terminate SIGKILL TASK_ID

      In threads and solo pools only a restart of the worker frees the slot. Then give every task \
      limits, the soft one first, and every network call a timeout:

          task_soft_time_limit = 300
          task_time_limit = 360
          requests.get(url, timeout=(3, 30))

      Where a pool cannot enforce limits, use prefork, or set the timeouts inside the task.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let snapshot = scene.snapshot
    let running = try snapshot.running.known
    let watch = scene.watch
    var stuck: [String: [StuckRun]] = [:]
    var doubts: [String] = []
    for task in running {
      let run = StuckRun(task, watch, limits)
      switch run.state {
      case .stuck: stuck[run.subject, default: []].append(run)
      case .doubtful(let reason): doubts.append(reason)
      case .fine: continue
      }
    }
    if stuck.isEmpty, let doubt = doubts.first { return .unknown(doubt) }
    return .judged(
      stuck.sorted { $0.key < $1.key }.compactMap { _, runs in
        runs.max { ($0.severity, $1.since) < ($1.severity, $0.since) }?.finding(among: runs)
      })
  }
}
