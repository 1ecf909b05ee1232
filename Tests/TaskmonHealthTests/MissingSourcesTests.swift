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
    case .controlReplies: Self.needing(.controlReplies)
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
  private static let knowingOtherwise: Set<RuleID> = []

  private static func needing(_ need: RuleNeed) -> Set<RuleID> {
    Set(RuleRegistry.all.filter { $0.needs.contains(need) }.map { $0.id })
  }
}

/// What is not known is neither well nor wrong.
@Suite struct MissingSourcesTests {
  private static let day = 90_000.0

  /// Of a shop that was observed for more than a day, all but one source.
  private static func shop(without source: Source?) -> SnapshotHistory {
    func closed<Value>(_ closing: Source, _ value: Value) -> Observation<Value> {
      source == closing ? .unavailable(Source.reason) : .value(value)
    }
    return history(
      of: snapshot(
        observed: day, server: closed(.server, server()), queues: closed(.queues, [queue()]),
        unacked: source == .queues ? .unavailable(Source.reason) : .unavailable("not read yet"),
        workers: .value([worker(without: source)]),
        inspection: source == .controlReplies
          ? InspectionFacts(suspended: Source.reason) : nil,
        heard: source == .events ? [] : nil,
        tasks: source == .events ? .unavailable(Source.reason) : statistics(),
        results: .unavailable(Source.reason), chords: .unavailable(Source.reason),
        replyLists: .unavailable(Source.reason)))
  }

  private static func worker(without source: Source?) -> WorkerFacts {
    var worker = TaskmonHealthTests.worker(
      firstHeard: day, heard: source == .events ? nil : 1,
      freq: source == .events ? nil : 2,
      sendsTaskEvents: source == .events ? nil : true,
      events: source == .events ? nil : heartbeats())
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
    for id in source.rules.sorted(by: { $0.rawValue < $1.rawValue }) {
      let rule = try #require(RuleRegistry.rule(id))
      let said = try verdict(rule, history)
      let reason = try #require(said.reason, "\(id.rawValue) without \(source): \(said)")
      #expect(!reason.isEmpty)
    }
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
