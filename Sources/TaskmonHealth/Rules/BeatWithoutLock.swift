import TaskmonModel
import TaskmonUnits

/// RedBeat works without the lock that keeps a second one from working beside it.
package struct BeatWithoutLock: Rule {
  package static let id: RuleID = "beat-without-lock"
  package static let antipattern = Antipattern.antipattern(9)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds(10))]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("moves", 3, .count, help: "times that entries must move on without the lock"),
    Threshold("open", Seconds(10), help: "how long the lock must have been missing"),
    Threshold("handover", Seconds(30), help: "how long a former holder may still publish"),
  ]
  package static let page = RulePage(
    summary: "RedBeat runs its schedule without a lock, or beside the one who holds it.",
    whyItHurts: """
      The lock is what lets two RedBeats be started and only one work. Without it both work: they \
      share the schedule in Redis and take turns, which hides it most of the time, and now and \
      then an entry is sent twice. The next deploy that runs two of them for a minute sends \
      everything twice. A lock without an expiry is worse in another way: after a crash nobody \
      ever gets it again.
      """,
    detection: """
      The lock key is missing, or has no time to live, and meanwhile entries of redbeat::schedule \
      run, at least 3 times over at least 10 s: their due moments move on, and their run counts \
      grow. Or the lock's token has become another one, and more than 30 s later the process that \
      published entries before still keeps the pace of one, beside another that does.
      """,
    blindSpots: """
      An entry that runs shows that somebody runs it, not who. Former holders are told apart by \
      when they publish, which takes task-sent events. Two beats that share the \
      schedule without a lock take turns and seldom send twice, so multiple-beats may see nothing. \
      A schedule behind a prefix of its own (redbeat_key_prefix) or on another Redis is not seen.
      """,
    confirm: """
      Ask for the lock a few times, and watch the entries move:

          redis-cli -u redis://HOST:6379/0 GET redbeat::lock
          redis-cli -u redis://HOST:6379/0 PTTL redbeat::lock
          redis-cli -u redis://HOST:6379/0 ZRANGEBYSCORE redbeat::schedule 0 inf WITHSCORES | head
          python -c 'from APP import app; print(app.conf.get("redbeat_lock_key", "default"))'

      PTTL answers -2 where there is no lock and -1 where it never expires. The last must not \
      print None; celery report hides the value.
      """,
    remedy: """
      Give RedBeat its lock back: take redbeat_lock_key = None out of the settings. The time to \
      live must be longer than beat_max_loop_interval, whose default is 300:

          beat_max_loop_interval = 60
          redbeat_lock_timeout = 300

      Then restart beat, and see that one process runs. If somebody deletes the key or makes it \
      persistent (a script, PERSIST, a copy between databases), stop that.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    guard case .value(let found) = snapshot.beat.redBeat else {
      return .unknown(snapshot.beat.redBeat.reason ?? "RedBeat's keys were not read")
    }
    guard let redBeat = found else { return .healthy }
    let track = history.schedule
    if let since = track.openSince {
      return judgeOpen(since, redBeat, history, snapshot, limits)
    }
    if let finding = formerHolder(track, history, snapshot, limits) { return .findings([finding]) }
    return redBeat.isLockCertain ? .healthy : Self.uncertain
  }

  private static let uncertain = Verdict.unknown("RedBeat's lock: \(RedBeatFacts.unsought)")

  private func judgeOpen(
    _ since: Timestamp, _ redBeat: RedBeatFacts, _ history: SnapshotHistory, _ snapshot: Snapshot,
    _ limits: ThresholdValues
  ) -> Verdict {
    let moves = history.schedule.openMoves
    let open = snapshot.takenAt - since
    if moves.count >= limits.count("moves"), open >= limits.seconds("open") {
      return .findings([finding(redBeat.lock, moves, since, snapshot)])
    }
    // A lock that is gone with its beat is no news of this rule.
    guard let reason = snapshot.beat.entries.reason else {
      return redBeat.isLockCertain ? .healthy : Self.uncertain
    }
    return .unknown("whether entries move on without the lock: \(reason)")
  }

  private func finding(
    _ lock: BeatLock?, _ moves: [Timestamp], _ since: Timestamp, _ snapshot: Snapshot
  ) -> Finding {
    let state = lock == nil ? "missing" : "without an expiry"
    return Finding(
      rule: Self.id, severity: .warning, subject: "beat",
      message: "RedBeat's lock has been \(state) for \((snapshot.takenAt - since).text),"
        + " and entries are run all the same",
      since: since,
      evidence: [
        EvidenceItem("lock", .text(state)),
        EvidenceItem("openSeconds", .seconds(snapshot.takenAt - since)),
        EvidenceItem("timesEntriesMoved", .count(moves.count)),
        EvidenceItem("lastMoveSecondsAgo", .seconds(moves.last.map { snapshot.takenAt - $0 })),
        EvidenceItem("lockToken", .text(orUnknown: lock?.token)),
      ],
      remedy: "do not set redbeat_lock_key to None, and restart beat so that it takes its lock")
  }

  /// The process that published before the token changed and does so still, beside another.
  private func formerHolder(
    _ track: ScheduleTrack, _ history: SnapshotHistory, _ snapshot: Snapshot,
    _ limits: ThresholdValues
  ) -> Finding? {
    guard let changed = track.tokenChangedAt else { return nil }
    let all = history.beatEntries.values.lazy.flatMap(\.publications)
    let before = Set(all.filter { $0.at < changed }.map(\.process))
    let end = changed + limits.seconds("handover")
    let pairs = (snapshot.beat.entries.value ?? []).lazy.filter(\.isEnabled).compactMap { entry in
      Self.pair(entry, history.beatEntries[entry.name], since: end, now: snapshot.takenAt)
    }
    let found = pairs.compactMap { pair in
      pair.first { before.contains($0) }.map { (former: $0, publishers: pair) }
    }.first
    guard let (former, publishers) = found else { return nil }
    return Finding(
      rule: Self.id, severity: .warning, subject: "beat",
      message: "\(former) still publishes entries, although RedBeat's lock went to another"
        + " \((snapshot.takenAt - changed).text) ago",
      since: end,
      evidence: [
        EvidenceItem("lock", .text("held by another")),
        EvidenceItem("formerHolder", .text(former)),
        EvidenceItem("publishers", .list(publishers)),
        EvidenceItem("lockToken", .text(orUnknown: track.lock?.token)),
      ],
      remedy: "stop the beat that lost the lock: run one, or let the second wait for the lock")
  }
  /// Two processes that both published an entry at its pace since then, by name.
  ///
  /// Whoever calls its task now and then is no beat.
  private static func pair(
    _ entry: ScheduleEntry, _ track: BeatTrack?, since end: Timestamp, now: Timestamp
  ) -> [String]? {
    guard let track, let clock = DueClock(entry.schedule) else { return nil }
    let published = track.publications.filter { $0.at > end && $0.isDated }
    return BeatPublishers(publications: published, now: now).turns(clock, periods: periods)?
      .publishers
  }

  /// Periods in which two must both have published.
  private static let periods = 3.0
}
