import TaskmonModel
import TaskmonUnits

/// No beat works: entries of the schedule are due and nobody publishes them.
package struct BeatDown: Rule {
  package static let id: RuleID = "beat-down"
  package static let antipattern = Antipattern.goldenRule(3)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.instant]
  package static let severities: [Severity] = [.critical]
  package static let thresholds: [Threshold] = [
    Threshold("silence", Seconds.minutes(5), help: "entries are due and none was run for longer"),
    Threshold(
      "lock-missing", Seconds(60), help: "the same, while RedBeat's lock is missing for longer"),
  ]
  package static let page = RulePage(
    summary: "Periodic tasks are due and no beat publishes any of them.",
    whyItHurts: """
      Beat is one process, and it may die like any other. Nothing else fails then: workers are \
      idle and well, queues are empty, and the nightly invoices are simply not sent. With RedBeat \
      a second beat can wait to take over, but only once the lock has expired, which by default \
      takes 25 minutes after a kill -9.
      """,
    detection: """
      With RedBeat: for more than 5 min at least one enabled entry has been due in \
      redbeat::schedule, and no entry was run meanwhile (last_run_at, task-sent events) nor the \
      lock renewed. Where there has been no lock at all for over 60 s, 60 s are enough, unless the \
      entry was saved by somebody a short while ago: a beat that sleeps does not know it yet. \
      Disabled entries and those scored -1 stay overdue for ever and do not count. Without \
      RedBeat: interval entries of the workers' beat_schedule whose messages were seen before have \
      not come for their period, the same again (5 min at most) and another 5 min, while events \
      were heard all the time and no queue can hide them.
      """,
    blindSpots: """
      A plain beat has no key in Redis: it is known by its messages only, which takes task events \
      and at least one message seen. Crontab and solar entries of a plain beat are not judged \
      here, nor is a schedule in an SQL database (django-celery-beat). Why beat died is in its own \
      log, which taskmon does not see.
      """,
    confirm: """
      See whether it runs, and what RedBeat has left:

          pgrep -af 'celery.*(beat|-B)'
          redis-cli -u redis://HOST:6379/0 PTTL redbeat::lock
          redis-cli -u redis://HOST:6379/0 ZRANGEBYSCORE redbeat::schedule 0 $(date +%s) WITHSCORES

      The last lists what is due, with the moment. Ask twice: a list that stays as it is and grows \
      means that nobody runs the schedule (disabled entries stay in it for ever). With \
      redbeat_redis_url or redbeat_key_prefix set, use that address and that prefix.
      """,
    remedy: """
      Start beat again, under something that restarts it (systemd Restart=always, a Deployment \
      with one replica). If a killed beat has left its lock and none is running, delete the lock, \
      or wait until it expires:

          redis-cli -u redis://HOST:6379/0 DEL redbeat::lock

      A shorter lock lets a waiting beat take over sooner; it must be longer than the longest \
      tick and than beat_max_loop_interval:

          beat_max_loop_interval = 5
          redbeat_lock_timeout = 30

      Keep work out of beat: LockNotOwnedError in its log means that a tick lasted longer than \
      the lock.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let lateness = scene.lateness
    if let unknown = lateness.unknown { return .unknown(unknown) }
    if let silence = scene.beatSilence {
      return .findings([silence.finding(scene.snapshot)])
    }
    return lateness.doubt.map(Verdict.unknown) ?? .healthy
  }
}

/// A time in which entries were due and no beat ran any.
struct BeatSilence {
  private let since: Timestamp
  private let oldest: OverdueEntry
  private let due: Int
  private let lateness: ScheduleLateness
  private let lockMissingSince: Timestamp?

  /// A beat that has just woken needs a moment.
  private static let waking = Seconds(30)

  /// Nil where a beat works, or may.
  ///
  /// `limits` are those of `beat-down`.
  init?(
    _ lateness: ScheduleLateness, _ history: SnapshotHistory, _ snapshot: Snapshot,
    _ limits: ThresholdValues
  ) {
    let now = snapshot.takenAt
    let limit = limits.seconds("silence")
    self.lateness = lateness
    lockMissingSince = lateness.isRedBeat ? history.schedule.missingSince : nil
    due = lateness.overdue.count
    let last = Self.lastSign(lateness, history)
    func silence(_ entry: OverdueEntry) -> Seconds { now - max(entry.due, last ?? entry.due) }
    let wasMissed = lateness.overdue.filter { entry in
      // Counted where it is longer than the threshold itself allows for.
      let extra = lateness.isRedBeat ? min(entry.allowance, Self.waking) : entry.allowance
      return silence(entry) > limit + extra
    }
    let unlocked = limits.seconds("lock-missing")
    let isUnlocked = lockMissingSince.map { now - $0 > unlocked } ?? false
    let wasMissedUnlocked = lateness.overdue.filter {
      isUnlocked && silence($0) > unlocked + $0.allowance
    }
    guard
      let oldest = (wasMissed + wasMissedUnlocked).min(by: { ($0.due, $0.name) < ($1.due, $1.name) }
      )
    else { return nil }
    self.oldest = oldest
    since = max(oldest.due, last ?? oldest.due)
  }

  /// The latest proof that some beat works.
  private static func lastSign(
    _ lateness: ScheduleLateness, _ history: SnapshotHistory
  ) -> Timestamp? {
    let tracks = history.beatEntries.values
    guard lateness.isRedBeat else {
      let seen = tracks.flatMap { [$0.receipts.last, $0.publications.last?.at] }
      return ([lateness.lastPublish] + seen).compactMap(\.self).max()
    }
    // What workers receive now may have waited since long before beat died.
    let sent = tracks.map { $0.publications.last(where: \.isDated)?.at }
    return ([lateness.lastPublish, history.schedule.renewedAt] + sent).compactMap(\.self).max()
  }

  func finding(_ snapshot: Snapshot) -> Finding {
    let lock = (snapshot.beat.redBeat.value ?? nil)?.lock
    let noun = due == 1 ? "entry is" : "entries are"
    return Finding(
      rule: BeatDown.id, severity: .critical, subject: "beat",
      message: "\(due) \(noun) due and no beat has run any for"
        + " \((snapshot.takenAt - since).text)\(lockText(lock, at: snapshot.takenAt))",
      since: since,
      evidence: [
        EvidenceItem("entriesDue", .count(due)),
        EvidenceItem("oldestDueEntry", .text(oldest.entry.name)),
        EvidenceItem("oldestDueSeconds", .seconds(oldest.overdue(at: snapshot.takenAt))),
        EvidenceItem(
          "lastRunSecondsAgo", .seconds(lateness.lastPublish.map { snapshot.takenAt - $0 })),
        EvidenceItem("scheduleFrom", .text(oldest.entry.source.rawValue)),
        EvidenceItem("lockToken", .text(orUnknown: lock?.token)),
        EvidenceItem("lockExpiresInSeconds", .seconds(lock?.timeToLive)),
      ],
      remedy: remedy(lock))
  }

  private func lockText(_ lock: BeatLock?, at now: Timestamp) -> String {
    guard lateness.isRedBeat else { return "" }
    guard let lock else {
      return lockMissingSince.map { "; RedBeat's lock is missing for \((now - $0).text)" }
        ?? "; RedBeat's lock is not under its usual name"
    }
    guard let left = lock.timeToLive else { return "; RedBeat's lock is held and never expires" }
    return "; RedBeat's lock is held for another \(left.text), before which no other beat can start"
  }

  private func remedy(_ lock: BeatLock?) -> String {
    lock == nil
      ? "start beat again, under something that restarts it when it dies"
      : "start beat again; where the one that holds the lock is dead, delete the lock so that"
        + " another can take over"
  }
}

extension OverdueEntry {
  fileprivate var name: String { entry.name }
}
