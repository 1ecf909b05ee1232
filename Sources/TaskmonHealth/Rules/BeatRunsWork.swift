import TaskmonModel
import TaskmonUnits

/// An entry runs again and again, and no message of it ever comes: beat does the work itself.
package struct BeatRunsWork: Rule {
  package static let id: RuleID = "beat-runs-work"
  package static let antipattern = Antipattern.antipattern(2)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.events, .controlReplies]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("runs", 3, .count, help: "runs of an entry of which no message was seen")
  ]
  package static let page = RulePage(
    summary: "Beat runs the work of an entry itself, and its message never comes to a worker.",
    whyItHurts: """
      Beat is one process with one loop. While it works nothing else is sent: every entry is as \
      late as the work is long, no worker can help, no time limit and no retry applies, and an \
      exception in the work may end beat. With RedBeat a tick longer than the lock costs the lock, \
      and beat dies of it. The usual ways to get there are a scheduler class that calls the \
      function instead of sending it, and task_always_eager in the settings beat is started with.
      """,
    detection: """
      RedBeat counts the runs of each entry (total_run_count). The count has grown by 3 or more, \
      and meanwhile neither a message nor an event of the entry's task was seen, although every \
      worker would have told: each either sends task events, which were heard without a gap, or \
      knows the task, has slots free and says in its stats that it has not run it. Nor can the \
      messages hide among others that wait in a queue.
      """,
    blindSpots: """
      A plain beat and django-celery-beat keep their counts where taskmon does not read. While \
      others send its task as well, an entry is taken to be sent; once anything of the task was \
      heard, silence since then is unknown, and no finding. Not judged is an entry whose task no \
      worker here has registered, for its messages may go to another broker; nor any while \
      something runs under a name that no worker has registered (the option shadow). Work that a \
      scheduler does beside sending is not this: see beat-late.
      """,
    confirm: """
      See the count grow while nothing is received, and look at what beat is doing:

          redis-cli -u redis://HOST:6379/0 HGET redbeat:ENTRY meta
          celery -A APP events --dump | grep 'task received'
          celery -A APP inspect stats | grep -A 20 '"total": {'
          py-spy dump --pid $(pgrep -nf 'celery.*beat')
      """,
    remedy: """
      Let beat do nothing but send. Take task_always_eager out of its settings, and work out of \
      its scheduler class (beat_scheduler, -S):

          task_always_eager = False
          celery -A APP beat -S redbeat.RedBeatScheduler

      What the scheduler did becomes a task, and the entry its schedule:

          beat_schedule = {"nightly": {
              "task": "reports.render", "schedule": crontab(minute=0, hour=3)}}
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    guard case .value(let redBeat) = snapshot.beat.redBeat else {
      return .unknown("RedBeat's keys: \(snapshot.beat.redBeat.reason ?? "not read")")
    }
    guard redBeat != nil else {
      return .unknown("only RedBeat counts in Redis how often its entries ran, and there is none")
    }
    guard case .value(let entries) = snapshot.beat.entries else {
      return .unknown(snapshot.beat.entries.reason ?? "no schedule is known")
    }
    let view = UnsentRuns(history, snapshot)
    var (findings, seen, doubt): ([Finding], Int, String?) = ([], 0, nil)
    for entry in entries where entry.isEnabled {
      switch view.judge(entry, runs: limits.count("runs", for: entry.name)) {
      case .seen: seen += 1
      case .tooFew: break
      case .unknown(let reason): doubt = doubt ?? reason
      case .unsent(let runs): findings.append(finding(entry, runs, snapshot))
      }
    }
    guard findings.isEmpty else { return .findings(findings) }
    if let doubt { return .unknown(doubt) }
    let needed = limits.count("runs")
    return seen > 0 ? .healthy : .unknown("needs \(needed) runs of an entry while it watches")
  }

  private func finding(
    _ entry: ScheduleEntry, _ runs: UnsentRuns.Runs, _ snapshot: Snapshot
  ) -> Finding {
    Finding(
      rule: Self.id, severity: .warning, subject: entry.name,
      message: "ran \(runs.count.grouped) times and no message of \(entry.task) came:"
        + " beat does its work itself",
      since: runs.since,
      evidence: [
        EvidenceItem("task", .text(entry.task)),
        EvidenceItem("schedule", .text(entry.schedule.text)),
        EvidenceItem("runs", .count(runs.count)),
        EvidenceItem("messages", .count(0)),
        EvidenceItem("watchedSeconds", .seconds(runs.until - runs.since)),
        EvidenceItem(
          "lastRunSecondsAgo", .seconds(entry.lastRun.map { snapshot.takenAt - $0 })),
        EvidenceItem("workersThatWouldTell", .list(Array(runs.witnesses.prefix(10)))),
      ],
      remedy: "let beat only send: no task_always_eager in its settings, no work in its scheduler")
  }
}
