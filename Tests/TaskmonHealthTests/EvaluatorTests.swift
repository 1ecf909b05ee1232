import FoundationEssentials
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

/// Says of every queue what its name tells it to: `warning:mail`, or `unknown:` for the whole rule.
private struct Echo: Rule {
  static let id: RuleID = "echo"
  static let antipattern = Antipattern.antipattern(1)
  static let kind = RuleKind.incident
  static let needs: [RuleNeed] = [.instant]
  static let page = RulePage(
    summary: "", whyItHurts: "", detection: "", blindSpots: "", confirm: "", remedy: "")
  static let thresholds: [Threshold] = []

  func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    let parts = (snapshot.queues.value ?? []).map { $0.name.split(separator: ":").map(String.init) }
    if parts.contains(where: { $0.first == "unknown" }) { return .unknown("told to be") }
    return .judged(
      parts.compactMap { part in
        guard part.count == 2, let severity = Severity(rawValue: part[0]) else { return nil }
        return Finding(
          rule: Self.id, severity: severity, subject: part[1], message: "m",
          since: snapshot.takenAt, evidence: [], remedy: "r")
      })
  }
}

@Suite struct EvaluatorTests {
  private static func seen(_ at: Double, _ queues: String...) -> SnapshotHistory {
    history(of: snapshot(at: noon + Seconds(at), queues: .value(queues.map { queue($0) })))
  }

  private static func lines(_ report: HealthReport) -> [String] {
    report.findings.map { finding in
      let ended = finding.endedAt.map { " ended \(Int(($0 - noon).value))" } ?? ""
      return "\(finding.severity.rawValue) \(finding.subject)"
        + " since \(Int((finding.since - noon).value))" + ended
    }
  }

  @Test func sinceIsTheEarliestWhileTheConditionLasts() {
    var evaluator = Evaluator(rules: [Echo.self])
    _ = evaluator.evaluate(Self.seen(0, "warning:mail"))
    let worse = evaluator.evaluate(Self.seen(10, "critical:mail"))
    #expect(Self.lines(worse) == ["critical mail since 0"])
  }

  @Test func anEndedFindingIsShownForTheHoldTime() {
    var evaluator = Evaluator(rules: [Echo.self], hold: Seconds(60))
    _ = evaluator.evaluate(Self.seen(0, "warning:mail"))
    #expect(Self.lines(evaluator.evaluate(Self.seen(5))) == ["warning mail since 0 ended 5"])
    #expect(Self.lines(evaluator.evaluate(Self.seen(64))) == ["warning mail since 0 ended 5"])
    #expect(Self.lines(evaluator.evaluate(Self.seen(65))) == [])
  }

  @Test func anEndedFindingChangesNoStatusAndItsRuleIsHealthy() {
    var evaluator = Evaluator(rules: [Echo.self])
    _ = evaluator.evaluate(Self.seen(0, "critical:mail"))
    let report = evaluator.evaluate(Self.seen(5))
    #expect(report.status == .healthy)
    #expect(report.present.isEmpty && report.healthy == [Echo.id])
  }

  @Test func aFindingThatComesBackBeganAnew() {
    var evaluator = Evaluator(rules: [Echo.self])
    _ = evaluator.evaluate(Self.seen(0, "warning:mail"))
    _ = evaluator.evaluate(Self.seen(5))
    #expect(
      Self.lines(evaluator.evaluate(Self.seen(9, "warning:mail"))) == ["warning mail since 9"])
  }

  @Test func withoutHoldTimeNothingThatEndedIsShown() {
    var evaluator = Evaluator(rules: [Echo.self], hold: .zero)
    _ = evaluator.evaluate(Self.seen(0, "warning:mail"))
    #expect(evaluator.evaluate(Self.seen(0.1)).findings.isEmpty)
    #expect(evaluator.memory == EvaluatorMemory())
  }

  @Test func notKnowingEndsNothing() {
    var evaluator = Evaluator(rules: [Echo.self])
    _ = evaluator.evaluate(Self.seen(0, "warning:mail"))
    let blind = evaluator.evaluate(Self.seen(20, "unknown:x"))
    #expect(blind.findings.isEmpty)
    #expect(blind.unknown == [UnknownRule(rule: Echo.id, missing: "told to be")])
    #expect(
      Self.lines(evaluator.evaluate(Self.seen(40, "warning:mail"))) == ["warning mail since 0"])
  }

  @Test func sinceSurvivesARunOfTaskmon() throws {
    var first = Evaluator(rules: [Echo.self], hold: .zero)
    _ = first.evaluate(Self.seen(0, "warning:mail"))
    let memory = try JSONDecoder().decode(
      EvaluatorMemory.self, from: try JSONEncoder().encode(first.memory))
    #expect(memory == first.memory)
    var second = Evaluator(rules: [Echo.self], hold: .zero, memory: memory)
    #expect(
      Self.lines(second.evaluate(Self.seen(60, "warning:mail"))) == ["warning mail since 0"])
  }

  @Test func theWorstComeFirstThenByRuleThenBySubject() {
    var evaluator = Evaluator(rules: [Echo.self])
    _ = evaluator.evaluate(Self.seen(0, "critical:gone"))
    let report = evaluator.evaluate(
      Self.seen(1, "info:a", "warning:z", "critical:c", "warning:b"))
    #expect(
      report.findings.map(\.subject) == ["c", "b", "z", "a", "gone"])
    #expect(report.status == .critical)
  }

  @Test func oneSubjectIsOneFindingTheWorst() {
    var evaluator = Evaluator(rules: [Echo.self])
    let report = evaluator.evaluate(Self.seen(0, "info:a", "critical:a", "warning:a"))
    #expect(Self.lines(report) == ["critical a since 0"])
  }

  @Test func subjectsOverTheCapBecomeOneFindingOnOther() {
    var evaluator = Evaluator(rules: [Echo.self])
    let names = (0..<60).map { "warning:q\($0 + 100)" } + ["critical:z"]
    let report = evaluator.evaluate(
      history(of: snapshot(queues: .value(names.map { queue($0) }))))
    #expect(report.findings.count == 51)
    #expect(report.findings.first?.subject == "z")
    let other = report.findings.first { $0.subject == Evaluator.otherSubject }
    #expect(other?.severity == .warning)
    #expect(other?.evidence("count") == .number(11))
  }

  @Test func aBrokerThatIsAwayLeavesOneVerdict() {
    var evaluator = Evaluator()
    let failure = LinkFailure(kind: .refused, sentence: "refused", since: ago(3), attempts: 1)
    let report = evaluator.evaluate(history(of: snapshot(link: .down(failure))))
    #expect(report.findings.map(\.rule) == [BrokerUnreachable.id])
    #expect(report.status == .critical)
    #expect(report.healthy.isEmpty)
    #expect(report.unknown.map(\.rule) == RuleRegistry.all.dropFirst().map { $0.id })
    #expect(report.unknown.allSatisfy { $0.missing == "broker unreachable" })
  }

  /// One marker opens the gate, and the queues known by then need not be all.
  @Test(arguments: RuleRegistry.all.filter { $0.needs.contains(.queueScan) }.map { $0.id })
  func beforeTheScanForQueuesIsDoneNoneIsHealthy(_ id: RuleID) throws {
    let rule = try #require(RuleRegistry.rule(id))
    func judge(_ presence: CeleryPresence, _ pass: CollectorStatus? = nil) -> HealthReport {
      var quiet = snapshot(
        presence: .value(presence), queues: .value([queue(ready: 0, head: nil)]),
        unacked: .value(UnackedFacts(count: 0, isWhole: true)), workers: .value([worker()]))
      quiet.collectors = [pass].compactMap(\.self)
      var evaluator = Evaluator(rules: [rule])
      return evaluator.evaluate(history(of: quiet))
    }
    #expect(judge(CeleryPresence(markers: ["unacked"], scanComplete: true)).healthy == [id])
    let searching = CeleryPresence(markers: ["unacked"])
    #expect(judge(searching).unknown.map(\.missing) == ["the scan for queues is not done"])
    let refused = CollectorStatus(
      name: "bindings", ranAt: noon, duration: Seconds(1), failure: "SCAN: no permission")
    #expect(judge(searching, refused).unknown.map(\.missing) == ["SCAN: no permission"])
  }

  @Test func whatIsFoundBeforeTheScanIsDoneCounts() {
    var evaluator = Evaluator(rules: [QueueExplosion.self])
    let queues = (0...200).map { queue("q\($0)", ready: 0, head: nil) }
    let report = evaluator.evaluate(
      history(
        of: snapshot(
          presence: .value(CeleryPresence(markers: ["unacked"])), queues: .value(queues))))
    #expect(report.present.map(\.rule) == [QueueExplosion.id])
  }

  @Test func beforeTheFirstSnapshotEverythingIsUnknown() {
    var evaluator = Evaluator()
    let report = evaluator.evaluate(SnapshotHistory())
    #expect(report.status == .unknown)
    #expect(report.unknown.count == RuleRegistry.all.count)
  }

  @Test func aHealthyShopHasNoFindings() {
    var beat = redBeat([redBeatEntry()])
    let receipts = stride(from: 59.0, through: 1, by: -2).map { ago($0) }
    let traffic = EntryTraffic(
      entry: "tick", heard: [Interval(from: ago(60), to: noon)], receipts: receipts)
    beat.traffic = [traffic]
    let run = RunningTask(
      id: "id", task: "shop.slow", worker: WorkerID(name: "celery@w1", pid: 100),
      startedAt: ago(55), limits: TaskLimits(hard: Seconds(60), isKnown: true))
    let live = worker(
      active: 1, settings: WorkerSettings(isAlwaysEager: false),
      registered: [
        RegisteredTask(
          name: "shop.pay", hardLimit: Seconds(60), acksLate: false, rejectsOnWorkerLost: false,
          retriesByItself: true)
      ], totals: ["shop.pay": 900], slots: 1, prefetched: 0, events: heartbeats())
    let log = WorkerLogFile(
      path: "/var/log/w1.log", node: "celery@w1",
      window: LogWindow(
        counted: CountedTime(from: ago(600), to: noon, heard: Seconds(600)),
        counts: LogCounts(ofTasks: 900)))
    var evaluator = Evaluator()
    let report = evaluator.evaluate(
      history(
        of: snapshot(
          at: ago(5), observed: 3695, queues: .value([queue(ready: 19_999)]),
          workers: .value([worker()])),
        snapshot(
          observed: 3700, server: .value(server()), queues: .value([queue(ready: 20_000)]),
          unacked: .value(UnackedFacts(count: 0, isWhole: true)),
          workers: .value([live, worker("celery@old", heard: 90, offline: 90)]),
          running: .value([run]), tasks: statistics(), beat: beat,
          results: .value(ResultFacts(completedPasses: 1, updatedAt: noon)),
          chords: .value([ChordFacts(groupID: "g", size: 9, done: 3, unchangedSince: ago(1800))]),
          replyLists: .value(ReplyListFacts(count: 3, totalSize: .kibibytes(8))),
          workerLogs: WorkerLogFacts(readAt: noon, files: [log]))))
    #expect(report.findings == [])
    #expect(report.unknown == [])
    #expect(report.healthy == RuleRegistry.all.map { $0.id })
  }

  /// A schedule in which every moment and span is the same odd one.
  private static func beat(_ moment: Timestamp, _ span: Seconds) -> BeatFacts {
    let schedules = [Schedule.every(span), .every(Seconds(1)), .crontab("* * * * *")]
    let entries = schedules.enumerated().map {
      ScheduleEntry(
        name: "\($0)", task: "\($0)", schedule: $1, source: .redBeat, lastRun: moment,
        runCount: .max, dueAt: moment)
    }
    let traffic = entries.map {
      EntryTraffic(
        entry: $0.name,
        heard: [Interval(from: ago(60), to: moment), Interval(from: moment, to: noon)],
        receipts: [moment, ago(1), moment],
        publications: (0..<9).map { index in
          Publication(at: index.isMultiple(of: 2) ? moment : ago(1), publisher: "p\(index % 3)")
        })
    }
    let lock = BeatLock(token: "t", timeToLive: span, holderSince: moment)
    return BeatFacts(
      redBeat: .value(RedBeatFacts(lock: lock, entryCount: .max, nextDue: moment)),
      entries: .value(entries), traffic: traffic)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300, -1, 0])
  func noNumberFromElsewhereTrapsARule(_ wild: Double) {
    let moment = Timestamp(secondsSince1970: wild)
    let span = Seconds(wild)
    var odd = worker(oldestStart: 5)
    odd.heartbeatInterval = span
    odd.lastHeard = moment
    odd.offlineSince = moment
    odd.active = .max
    odd.prefetched = .max
    odd.events = WorkerEventFacts(
      heartbeats: .max, taskEvents: .max, lastTaskEvent: moment,
      heartbeatDelays: [span, span, span], unseenRuns: .max, held: .max, scheduled: .min,
      longestHeld: [HeldTask(id: "h", task: nil, since: moment)])
    var second = odd
    second.id.name = "celery@w2"
    second.offlineSince = nil
    let counts = TaskCounts(
      started: .max, succeeded: .max, failed: .max, retried: .max, expired: .max, workerLost: .max)
    let tally = TaskTally(
      counts, failures: ["Reject": .max, "Ignore": .max, "A": .max], retries: ["A": .max],
      marks: TaskMarks(
        transient: ["A": .max, "B": .max], loopFaults: ["A": .max, "B": .max],
        duplicates: [odd.id: .max, second.id: .max], handedBack: .max, laterAttempts: .max,
        fanouts: [
          ["a", "b", "c"]: FanoutCounts(count: .max, parts: .max, single: .max),
          ["a", "b", "d"]: FanoutCounts(count: .max, parts: .min, single: .min),
        ]))
    let unacked = UnackedMessage(
      queue: "celery", deliveredAt: moment,
      message: .value(MessageFacts(taskID: "id", deliveryTag: "t")), size: ByteCount(Int64.max))
    let run = RunningTask(
      id: "id", task: nil, worker: odd.id, startedAt: moment, confirmedAt: moment,
      limits: TaskLimits(hard: span, soft: span, isKnown: true),
      usual: RuntimeStatistics(runs: .max, p99: span))
    let sizes = TaskResultSizes(
      task: "t", count: .max, totalSize: ByteCount(Int64.max), largest: ByteCount(Int64.max),
      largestID: "")
    var evaluator = Evaluator()
    let report = evaluator.evaluate(
      history(
        of: snapshot(
          queues: .value([queue(ready: .max)]),
          unacked: .value(UnackedFacts(count: .max, sample: [unacked], isWhole: true)),
          workers: .value([odd, second]), running: .value([run]),
          tasks: statistics(["a": tally, "b": tally], nodes: ["celery@w1": counts]),
          beat: Self.beat(moment, span),
          results: .value(
            ResultFacts(completedPasses: .max, updatedAt: moment, count: .max, tasks: [sizes])))))
    let document = HealthDocument(report, taskmon: "0", broker: "b")
    #expect(document.text(.critical).hasPrefix("TASKMON"))
    #expect(throws: Never.self) { try HealthDocument(json: document.json()) }
  }
}
