import TaskmonModel
import TaskmonUnits

/// Entries of the schedule are run late: beat is blocked, busy with work, or on its way down.
package struct BeatLate: Rule {
  package static let id: RuleID = "beat-late"
  package static let antipattern = Antipattern.antipattern(2)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.instant]
  package static let severities: [Severity] = [.critical, .warning]
  package static let thresholds: [Threshold] = [
    Threshold("warning", Seconds(30), help: "an entry is overdue by more"),
    Threshold("critical", Seconds.minutes(10), help: "an entry is overdue by more"),
  ]
  package static let page = RulePage(
    summary: "A periodic task is overdue and beat has not published it.",
    whyItHurts: """
      Beat runs its entries one after the other in one loop. Whatever takes long there, a database \
      query in a schedule class, a slow DNS lookup, business logic in a signal handler, holds all \
      other entries up. Every interval becomes as long as the slowest one, and with RedBeat a tick \
      longer than the lock ends beat altogether.
      """,
    detection: """
      With RedBeat, an enabled entry's due moment in redbeat::schedule lies more than 30 s behind \
      (warning) or more than 10 min (critical). An entry that has never run, or was saved by \
      somebody else, is given 5 min more: beat may sleep that long before it looks. One that was \
      seen to be overdue stays so when it is saved again, though that gives it a new due moment; \
      one scored -1 never runs again and does not count. Without RedBeat, an interval entry of a \
      worker's beat_schedule whose messages were seen before has not come for its period and 30 s, \
      the period once more (5 min at most), while task events were heard all the time and no queue \
      can hide it. While beat-down says that no beat works at all, this rule is quiet.
      """,
    blindSpots: """
      A plain beat leaves no key: its lateness is seen only by what comes, with task events (-E), \
      and only for intervals. Whether beat is blocked, works or has died a moment ago looks the \
      same from Redis; the age of the lock tells when it ticked last. Whoever saves a crontab \
      entry between two runs, as each start of beat does, spoils its due moment: it is unknown \
      until its next run. Clocks of beat and taskmon are compared.
      """,
    confirm: """
      See what is due, when beat ticked last, and what it is doing:

          redis-cli -u redis://HOST:6379/0 ZRANGEBYSCORE redbeat::schedule 0 $(date +%s) WITHSCORES
          redis-cli -u redis://HOST:6379/0 PTTL redbeat::lock
          py-spy dump --pid $(pgrep -nf 'celery.*beat')

      The first lists what is due and not run, with the moment. Each tick sets the lock back to \
      its whole time to live: redbeat_lock_timeout, by default 5 times beat_max_loop_interval.
      """,
    remedy: """
      Let beat do nothing but send: move queries and business logic into the task that it \
      publishes.

          beat_schedule = {"nightly": {
              "task": "reports.start", "schedule": crontab(minute=0, hour=3)}}

          @app.task
          def start():
              group(render.s(pk) for pk in Report.due()).delay()

      If Redis or the network is slow, so is each publish: see the broker's latency. If beat is \
      dead, start it again.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    let lateness = scene.lateness
    if let unknown = lateness.unknown { return .unknown(unknown) }
    if scene.beatSilence != nil { return .healthy }
    let findings = lateness.overdue.compactMap { finding($0, lateness, history, snapshot, limits) }
    if findings.isEmpty, let doubt = lateness.doubt { return .unknown(doubt) }
    return .judged(findings)
  }

  private func finding(
    _ late: OverdueEntry, _ lateness: ScheduleLateness, _ history: SnapshotHistory,
    _ snapshot: Snapshot, _ limits: ThresholdValues
  ) -> Finding? {
    let name = late.entry.name
    let overdue = late.overdue(at: snapshot.takenAt)
    let warning = limits.seconds("warning", for: name)
    let critical = limits.seconds("critical", for: name)
    guard overdue > min(warning, critical) + late.allowance else { return nil }
    let lock = (snapshot.beat.redBeat.value ?? nil)?.lock
    let ticked = lateness.isRedBeat ? history.schedule.renewedAt : nil
    let told =
      lateness.isRedBeat ? "is not published" : "has not been received"
    return Finding(
      rule: Self.id, severity: overdue > critical + late.allowance ? .critical : .warning,
      subject: name,
      message: "due \(overdue.text) ago and \(told): beat is blocked, busy or gone",
      since: late.due,
      evidence: [
        EvidenceItem("task", .text(late.entry.task)),
        EvidenceItem("schedule", .text(late.entry.schedule.text)),
        EvidenceItem("overdueSeconds", .seconds(overdue)),
        EvidenceItem(
          "lastRunSecondsAgo", .seconds(late.entry.lastRun.map { snapshot.takenAt - $0 })),
        EvidenceItem(
          "anyRunSecondsAgo", .seconds(lateness.lastPublish.map { snapshot.takenAt - $0 })),
        EvidenceItem("lockRenewedSecondsAgo", .seconds(ticked.map { snapshot.takenAt - $0 })),
        EvidenceItem("lockExpiresInSeconds", .seconds(lock?.timeToLive)),
        EvidenceItem("scheduleFrom", .text(late.entry.source.rawValue)),
      ],
      remedy: "let beat only publish, and do the work in the task; if it is gone, start it again")
  }
}
