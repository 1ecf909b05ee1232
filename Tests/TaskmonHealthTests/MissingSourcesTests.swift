import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

/// A source of facts that may be closed to taskmon, and who cannot judge without it.
private enum Source: CaseIterable {
  /// No event channel is heard: no permission, or nobody publishes.
  case events
  /// Nobody is asked, as with `--read-only`.
  case controlReplies
  case workerLogs
  /// No schedule is known, and no message of any beat.
  case beat
  /// Neither results nor chords nor reply lists are scanned.
  case results
  case server
  case queues
  case unacked

  static let reason = "this source is closed"

  /// What depends on it, by what the rules say of themselves where they do.
  var rules: Set<RuleID> {
    switch self {
    case .events: Self.needing(.events).subtracting(Self.knowingOtherwise)
    case .controlReplies:
      // A message that was received shows that beat sends.
      Self.needing(.controlReplies).subtracting(Self.knowingOtherwise.union(["beat-runs-work"]))
    case .workerLogs: Self.needing(.workerLogs)
    case .beat:
      ["beat-down", "beat-late", "beat-runs-work", "beat-without-lock", "multiple-beats"]
    case .results:
      // Where task events are heard these tell of every failure.
      Self.needing(.resultScan).subtracting(Self.knowingOtherwise.union(["unregistered-task"]))
    case .server:
      [
        "broker-evicts", "broker-flushed", "broker-memory-high", "broker-not-persistent",
        "connections-near-limit",
      ]
    case .queues:
      [
        "binding-missing", "oversized-message", "queue-backlog", "queue-explosion", "queue-stale",
        "queue-without-consumers", "stalled-worker", "visibility-timeout-too-short",
      ]
    case .unacked: ["oversized-message", "visibility-timeout-too-short"]
    }
  }

  /// One of several sources is enough for these.
  private static let knowingOtherwise: Set<RuleID> = ["async-in-task", "idle-fleet", "stuck-task"]

  private static func needing(_ need: RuleNeed) -> Set<RuleID> {
    Set(RuleRegistry.all.filter { $0.needs.contains(need) }.map { $0.id })
  }
}

/// What is not known is neither well nor wrong.
@Suite struct MissingSourcesTests {
  private static let day = 90_000.0

  /// Of a shop that was observed for more than a day, all but one source; its queue grows.
  private static func shop(without source: Source?) -> SnapshotHistory {
    stride(from: 720.0, through: 0, by: -180).reduce(into: SnapshotHistory()) { history, before in
      history.absorb(moment(ago(before), ready: 5000 - Int(before), without: source))
    }
  }

  private static func moment(_ now: Timestamp, ready: Int, without source: Source?) -> Snapshot {
    func closed<Value>(_ closing: Source, _ value: Value) -> Observation<Value> {
      source == closing ? .unavailable(Source.reason) : .value(value)
    }
    var waiting = queue(ready: ready)
    waiting.oldest = closed(.events, QueueAge(age: Seconds(9), basis: .sent))
    waiting.largest = .value(LargestMessage(size: ByteCount(900), isEstimate: false))
    return snapshot(
      at: now, observed: day, server: closed(.server, server()),
      queues: closed(.queues, [waiting]),
      unacked: closed(.unacked, UnackedFacts(count: 1, sample: [held(now)], isWhole: true)),
      workers: .value(["celery@w1", "celery@w2"].map { worker($0, now, without: source) }),
      inspection: source == .controlReplies ? InspectionFacts(suspended: Source.reason) : nil,
      heard: source == .events ? [] : nil,
      tasks: source == .events ? .unavailable(Source.reason) : statistics(at: now),
      beat: beat(now, without: source),
      results: closed(.results, ResultFacts(completedPasses: 1, updatedAt: now, count: 100)),
      chords: closed(.results, []),
      replyLists: closed(.results, ReplyListFacts(count: 0, totalSize: .zero)),
      workerLogs: source == .workerLogs ? nil : logs(now))
  }

  private static func held(_ now: Timestamp) -> UnackedMessage {
    UnackedMessage(
      queue: "celery", deliveredAt: now - Seconds(9),
      message: .value(MessageFacts(task: "shop.pay", deliveryTag: "held")), size: ByteCount(900))
  }

  private static func beat(_ now: Timestamp, without source: Source?) -> BeatFacts {
    guard source != .beat else {
      var beat = BeatFacts()
      beat.redBeat = .unavailable(Source.reason)
      beat.entries = .unavailable(Source.reason)
      return beat
    }
    // Due every two seconds, and so did its messages come.
    let minutes = Int((now - ago(day)).value) / 60
    var beat = redBeat([redBeatEntry(runs: 30 * minutes, now: now)])
    let due = (1...60).reversed().map { now - Seconds(Double($0) * 2) }
    beat.traffic = [
      EntryTraffic(
        entry: "tick", heard: [Interval(from: now - Seconds(121), to: now)],
        receipts: source == .events ? [] : due)
    ]
    return beat
  }

  private static func registered(_ name: String) -> RegisteredTask {
    RegisteredTask(
      name: name, hardLimit: Seconds(60), acksLate: true, rejectsOnWorkerLost: true,
      retriesByItself: false, ignoresResult: false)
  }

  private static func logs(_ now: Timestamp) -> WorkerLogFacts {
    let counted = CountedTime(from: now - Seconds(600), to: now, heard: Seconds(600))
    return WorkerLogFacts(
      readAt: now,
      files: ["celery@w1", "celery@w2"].map { (node: String) in
        WorkerLogFile(
          path: "/var/log/\(node).log", node: node,
          window: LogWindow(counted: counted, counts: LogCounts()), namesLoggers: true, lines: 100,
          records: 100)
      })
  }

  private static func worker(_ name: String, _ now: Timestamp, without source: Source?)
    -> WorkerFacts
  {
    let isHeard = source != .events
    var worker = TaskmonHealthTests.worker(
      name, firstHeard: day, heard: isHeard ? 1 : nil, freq: isHeard ? 2 : nil,
      sendsTaskEvents: isHeard ? true : nil, processed: isHeard ? Int((now - ago(day)).value) : nil,
      settings: WorkerSettings(isAlwaysEager: false),
      registered: ["shop.pay", "shop.tick"].map(registered),
      slots: 4, events: isHeard ? heartbeats() : nil, now: now)
    guard source == .controlReplies else { return worker }
    worker.lastReply = nil
    worker.queues = .unavailable(Source.reason)
    worker.queuesToldAt = nil
    worker.registered = .unavailable(Source.reason)
    worker.settings = .unavailable(Source.reason)
    worker.stats = .unavailable(Source.reason)
    return worker
  }

  @Test(arguments: Source.allCases)
  private func whoNeedsASourceIsUnknownWithoutIt(_ source: Source) throws {
    let history = Self.shop(without: source)
    let judging = try source.rules.filter { id in
      let rule = try #require(RuleRegistry.rule(id))
      return try verdict(rule, history).reason?.isEmpty != false
    }
    #expect(judging.map(\.rawValue).sorted() == [])
  }

  /// So that it is the closed source that makes them unknown.
  @Test(arguments: Source.allCases.reduce(into: Set()) { $0.formUnion($1.rules) }.sorted())
  func withAllSourcesEachOfThemIsJudged(_ id: RuleID) throws {
    let rule = try #require(RuleRegistry.rule(id))
    let reason = try verdict(rule, Self.shop(without: nil)).reason
    #expect(reason == nil)
  }

  /// The moment after its start, when nothing was read but that Redis answers.
  @Test(arguments: RuleRegistry.all.map { $0.id })
  func aRuleThatHasReadNothingKnowsNothing(_ id: RuleID) throws {
    guard id != BrokerUnreachable.id else { return }
    let unread = snapshot(
      observed: 0.1, presence: .unavailable("not read yet"), queues: .unavailable("not read yet"),
      workers: .unavailable("not read yet"), inspection: InspectionFacts(), heard: [],
      running: .unavailable("not read yet"))
    var evaluator = Evaluator(rules: [try #require(RuleRegistry.rule(id))])
    let report = evaluator.evaluate(history(of: unread))
    #expect(report.unknown.map(\.rule) == [id], "\(report)")
    #expect(report.present.isEmpty)
  }
}
