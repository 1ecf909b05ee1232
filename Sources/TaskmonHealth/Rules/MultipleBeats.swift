import TaskmonModel
import TaskmonUnits

/// Two schedulers run the same schedule, so every periodic task runs twice.
package struct MultipleBeats: Rule {
  package static let id: RuleID = "multiple-beats"
  package static let antipattern = Antipattern.antipattern(9)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.events]
  package static let severities: [Severity] = [.critical]
  package static let thresholds: [Threshold] = [
    Threshold("due-moments", 5, .count, help: "due moments that must have been heard"),
    Threshold("ratio", 1.8, .ratio, help: "messages for each due moment"),
    Threshold("spread", 0.6, .ratio, help: "share of the due moments with two messages or more"),
    Threshold("counted-due-moments", 10, .count, help: "due moments, where only runs are counted"),
    Threshold("periods", 3, .count, help: "periods for which two publishers must take turns"),
  ]
  package static let page = RulePage(
    summary:
      "Two or more beat processes run the same schedule, so every periodic task is sent twice.",
    whyItHurts: """
      Every mail goes out twice, every invoice is charged twice, every import races its twin. \
      Celery beat has no lock: two of them know nothing of each other. The usual ways to get there \
      are a worker started with -B in two replicas, a deployment that scales beat along with the \
      web processes, and an old beat that a deploy left running.
      """,
    detection: """
      Judged only against a known schedule: RedBeat's entries, or the beat_schedule that workers \
      report. Either two processes are seen to publish the same task with equal arguments, each at \
      the pace of the entry and in turns, for at least 3 periods. Or, over at least 5 due moments, \
      at least 1.8 times as many first messages (no retries, no redeliveries) were received as \
      were due, two or more of them in most periods and as regular as a schedule is; entries with \
      fewer due moments are judged together. Where workers send no task events, their own counts \
      of runs by task name stand in: at least 1.8 times as many runs as due moments, over at least \
      10 of them and all the time, of every entry that can be judged. Entries that share task and \
      arguments are not counted, for then two messages are right. A beat that was restarted, calls \
      by hand and bursts are not this.
      """,
    blindSpots: """
      Beat itself leaves no trace but its messages, so workers should send task events (-E): their \
      counts tell no arguments and take retries for runs. A plain beat whose schedule no worker \
      is configured with is not known, and of one in Django's database only the names. Crontab \
      fields are read as UTC, and solar schedules are left out. Two beats with different schedules \
      are taken for one.
      """,
    confirm: """
      Count the processes, on every host that may run one, and look at who publishes:

          pgrep -af 'celery.*(beat|-B)'
          kubectl get pods -A | grep -i beat
          celery -A APP events --dump | grep 'task sent'
          celery -A APP events --dump | grep 'task received'
          redis-cli -u redis://HOST:6379/0 LINDEX 'QUEUE' -1

      A line with "task sent" begins with the process that published the task; two names for one \
      entry are two beats. Publishers send it with task_send_sent_event = True. Where they do not, \
      two lines with "task received" for each due moment say the same; their first word is the \
      worker. In a waiting message, headers.origin names the publisher.
      """,
    remedy: """
      Run exactly one: one replica, no -B on workers, and the old one stopped before the new one \
      starts (strategy: Recreate). Or use a scheduler that holds a lock, so that a second one \
      waits:

          pip install celery-redbeat
          celery -A APP beat -S redbeat.RedBeatScheduler

      When the holder is killed, the second one waits until the lock expires: 25 min by default. A \
      shorter lock must outlive several turns of beat's loop, which sleeps up to 5 min:

          beat_max_loop_interval = 30
          redbeat_lock_timeout = 150

      Make periodic tasks safe to run twice in any case, with a lock or a unique key per period.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    guard case .value(let all) = snapshot.beat.entries else {
      return .unknown(snapshot.beat.entries.reason ?? "no schedule is known")
    }
    let entries = all.filter(\.isEnabled)
    guard !entries.isEmpty else {
      return .unknown("no schedule is known: neither RedBeat nor a worker's beat_schedule has one")
    }
    let shared = Self.sharedCalls(entries)
    let cases = entries.compactMap { entry -> EntryCase? in
      guard let clock = DueClock(entry.schedule), let track = history.beatEntries[entry.name]
      else { return nil }
      let isUnique = shared[ScheduledCall(entry)] == 1
      return EntryCase(entry, track, clock, isUnique, snapshot.takenAt, limits)
    }
    if let reason = DueClock.missing(for: entries) { return .unknown(reason) }
    let pool = EntryPool(cases, limits)
    let findings = cases.compactMap { $0.finding(inPool: pool) }
    guard findings.isEmpty else { return .findings(findings) }
    let needed = limits.count("due-moments")
    guard pool.heardDue < needed else { return .healthy }
    return Self.countedVerdict(entries, history, snapshot.takenAt, limits)
      ?? .unknown(Self.missing(pool, needed, snapshot))
  }

  /// By the workers' own counts; nil where they say too little.
  private static func countedVerdict(
    _ entries: [ScheduleEntry], _ history: SnapshotHistory, _ now: Timestamp,
    _ limits: ThresholdValues
  ) -> Verdict? {
    let runs = ScheduleRuns(
      entries, history, now: now, due: limits.number("counted-due-moments"))
    guard !runs.judged.isEmpty else { return nil }
    guard runs.isDoubled(ratio: limits.number("ratio")) else { return .healthy }
    return .findings(runs.judged.map { finding($0.entry, $0.runs) })
  }

  private static func finding(_ entry: ScheduleEntry, _ runs: BeatRuns) -> Finding {
    let due = Int(runs.due)
    return Finding(
      rule: id, severity: .critical, subject: entry.name,
      message: "\(runs.runs) runs for \(due) due moments of this entry, as its workers count them",
      since: runs.since ?? Timestamp(secondsSince1970: 0),
      evidence: [
        EvidenceItem("task", .text(entry.task)),
        EvidenceItem("schedule", .text(entry.schedule.text)),
        EvidenceItem("dueMoments", .count(due)),
        EvidenceItem("runs", .count(runs.runs)),
        EvidenceItem("runsPerDueMoment", .number((runs.ratio * 100).rounded() / 100)),
        EvidenceItem("scheduleFrom", .text(entry.source.rawValue)),
      ],
      remedy: remedyLine)
  }

  fileprivate static let remedyLine =
    "run one beat only: one replica, no worker with -B; or RedBeat, whose lock makes a second one"
    + " wait"

  private static func sharedCalls(_ entries: [ScheduleEntry]) -> [ScheduledCall: Int] {
    Dictionary(entries.map { (ScheduledCall($0), 1) }, uniquingKeysWith: +)
  }

  private static func missing(_ pool: EntryPool, _ needed: Int, _ snapshot: Snapshot) -> String {
    let mute = (snapshot.workers.value ?? []).filter { $0.sendsTaskEvents.value == false }
    if pool.heardDue == 0, let worker = mute.first {
      return "no task events: \(worker.id.name) sends none, start it with -E"
    }
    return "needs \(needed) due moments with their messages, has heard \(pool.heardDue)"
  }
}

/// One entry with what was seen of it.
private struct EntryCase {
  let entry: ScheduleEntry
  let turns: BeatPublishers.Turns?
  /// Empty where another entry calls the same.
  let short: BeatTally
  let long: BeatTally
  let limits: ThresholdValues

  init(
    _ entry: ScheduleEntry, _ track: BeatTrack, _ clock: DueClock, _ isUnique: Bool,
    _ now: Timestamp, _ limits: ThresholdValues
  ) {
    self.entry = entry
    self.limits = limits
    turns = BeatPublishers(publications: track.publications, now: now)
      .turns(clock, periods: limits.number("periods", for: entry.name))
    let count = BeatCount(track: track, now: now)
    short = isUnique ? count.tally(clock, BeatCount.short) : BeatTally()
    long = isUnique ? count.tally(clock, BeatCount.long) : BeatTally()
  }

  /// Judged alone where enough due moments were heard, else with the others in the pool.
  var isPooled: Bool { short.due < limits.count("due-moments", for: entry.name) }

  func isDoubled(_ tally: BeatTally, due: Int) -> Bool {
    tally.isDoubled(
      due: due, ratio: limits.number("ratio", for: entry.name),
      spread: limits.number("spread", for: entry.name))
  }

  private func doubledTally(_ pool: EntryPool) -> BeatTally? {
    let needed = limits.count("due-moments", for: entry.name)
    if isPooled { return pool.isDoubled && isDoubled(short, due: 1) ? short : nil }
    if isDoubled(short, due: needed) { return short }
    return isDoubled(long, due: needed * 3) ? long : nil
  }

  func finding(inPool pool: EntryPool) -> Finding? {
    let tally = doubledTally(pool)
    guard turns != nil || tally != nil else { return nil }
    let since = [turns?.since, tally?.since].compactMap(\.self).min()
    let shown = tally ?? short
    return Finding(
      rule: MultipleBeats.id, severity: .critical, subject: entry.name,
      message: message(tally), since: since ?? Timestamp(secondsSince1970: 0),
      evidence: [
        EvidenceItem("task", .text(entry.task)),
        EvidenceItem("schedule", .text(entry.schedule.text)),
        EvidenceItem("publishers", turns.map { .list($0.publishers) } ?? .unknown),
        EvidenceItem("dueMoments", .count(shown.due)),
        EvidenceItem("messages", .count(shown.receipts)),
        EvidenceItem(
          "messagesPerDueMoment",
          shown.due == 0 ? .unknown : .number((shown.ratio * 100).rounded() / 100)),
        EvidenceItem("doubledDueMoments", .count(shown.doubled)),
        EvidenceItem("scheduleFrom", .text(entry.source.rawValue)),
      ],
      remedy: MultipleBeats.remedyLine)
  }

  private func message(_ tally: BeatTally?) -> String {
    if let turns {
      let names = turns.publishers.joined(separator: ", ")
      return "published by \(turns.publishers.count) processes: \(names)"
    }
    let tally = tally ?? short
    return "\(tally.receipts) messages came for \(tally.due) due moments of this entry"
  }
}

/// The entries that have too few due moments to be judged alone.
private struct EntryPool {
  let isDoubled: Bool
  /// Due moments of entries whose messages came at all, judged alone or together.
  let heardDue: Int

  init(_ cases: [EntryCase], _ limits: ThresholdValues) {
    let pooled = cases.filter(\.isPooled).reduce(BeatTally()) { $0 + $1.short }
    isDoubled = pooled.isDoubled(
      due: limits.count("due-moments"), ratio: limits.number("ratio"),
      spread: limits.number("spread"))
    heardDue = cases.reduce(0) { $0 + ($1.short.receipts > 0 ? $1.short.due : 0) }
  }
}
