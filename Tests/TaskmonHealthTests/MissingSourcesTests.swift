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

  static let reason = "this source is closed"

  /// What depends on it, by what the rules say of themselves where they do.
  var rules: Set<RuleID> {
    switch self {
    case .events: Self.needing(.events).subtracting(Self.knowingOtherwise)
    case .controlReplies: Self.needing(.controlReplies).subtracting(Self.knowingOtherwise)
    case .workerLogs: Self.needing(.workerLogs)
    case .beat:
      ["beat-down", "beat-late", "beat-runs-work", "beat-without-lock", "multiple-beats"]
    case .results: Self.needing(.resultScan).subtracting(Self.knowingOtherwise)
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
  private static func shop(without source: Source) -> SnapshotHistory {
    stride(from: 720.0, through: 0, by: -180).reduce(into: SnapshotHistory()) { history, before in
      history.absorb(moment(ago(before), ready: 5000 - Int(before), without: source))
    }
  }

  private static func moment(_ now: Timestamp, ready: Int, without source: Source) -> Snapshot {
    func closed<Value>(_ closing: Source, _ value: Value) -> Observation<Value> {
      source == closing ? .unavailable(Source.reason) : .value(value)
    }
    var waiting = queue(ready: ready)
    waiting.oldest = closed(.events, QueueAge(age: Seconds(9), basis: .sent))
    return snapshot(
      at: now, observed: day, server: closed(.server, server()),
      queues: closed(.queues, [waiting]), unacked: .unavailable(Source.reason),
      workers: .value(["celery@w1", "celery@w2"].map { worker($0, now, without: source) }),
      inspection: source == .controlReplies ? InspectionFacts(suspended: Source.reason) : nil,
      heard: source == .events ? [] : nil,
      tasks: source == .events ? .unavailable(Source.reason) : statistics(at: now),
      results: .unavailable(Source.reason), chords: .unavailable(Source.reason),
      replyLists: .unavailable(Source.reason))
  }

  private static func worker(_ name: String, _ now: Timestamp, without source: Source)
    -> WorkerFacts
  {
    let isHeard = source != .events
    var worker = TaskmonHealthTests.worker(
      name, firstHeard: day, heard: isHeard ? 1 : nil, freq: isHeard ? 2 : nil,
      sendsTaskEvents: isHeard ? true : nil, events: isHeard ? heartbeats() : nil, now: now)
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
