import TaskmonModel
import TaskmonUnits

/// What was heard of tasks lately, and what stands against judging by it.
struct HeardTasks {
  private let watch: WorkerWatch
  /// Why what workers do may not have been heard, though the stream was; nil where it was.
  let blindness: String?
  /// Nil where nothing was heard.
  let window: TaskWindow?
  /// Of each task with which all is not well, by name.
  let troubled: [(name: String, tally: TaskTally)]
  /// Those of which more is told than how their runs ended.
  let marked: [(name: String, tally: TaskTally)]

  /// Windows are counted in whole minutes: the last ten of them are up to a minute shorter.
  static let slack = 0.9
  /// Runs without a task event after which a worker is known to send none.
  static let unseenRuns = 3
  /// An event may be on its way for so long.
  static let patience = Seconds(10)

  init(_ watch: WorkerWatch) {
    self.watch = watch
    blindness = Self.blindness(watch)
    window = watch.history.tasks.window(at: watch.snapshot.takenAt)
    // Of thousands of names few are in trouble: no more than those are sorted.
    troubled = (window?.tasks ?? [:]).lazy.filter { $0.value.isTroubled }
      .map { (name: $0.key, tally: $0.value) }.sorted { $0.name < $1.name }
    marked = troubled.filter { $0.tally.marks != .none }
  }

  var heard: Seconds { window?.heard ?? .zero }

  /// Why a window of this length cannot be judged yet; nil where it can.
  func missing(_ needed: Seconds) -> String? {
    guard heard < needed * Self.slack else { return nil }
    if heard == .zero, let reason = watch.snapshot.tasks.reason { return reason }
    return "needs \(needed.compact) of observation, has \(heard.compact)"
  }

  private static func blindness(_ watch: WorkerWatch) -> String? {
    watch.workers.lazy.filter(\.consumes).compactMap { worker in
      let isUnheard = isUnheard(worker, at: watch.snapshot.takenAt)
      guard isUnheard || worker.events == nil && worker.sendsTaskEvents.value == nil else {
        return nil
      }
      return isUnheard
        ? "\(worker.id.name) sends no task events" : "no event of \(worker.id.name) was heard"
    }.first
  }

  /// Nothing found is health only where all was heard for long enough.
  func verdict(_ findings: [Finding], over needed: Seconds) -> Verdict {
    guard findings.isEmpty else { return .findings(findings) }
    if let reason = missing(needed) ?? blindness { return .unknown(reason) }
    return .healthy
  }

  /// Whether it has run tasks without saying so.
  static func isUnheard(_ worker: SeenWorker, at now: Timestamp) -> Bool {
    if worker.sendsTaskEvents == .value(false) { return true }
    guard let events = worker.events, (events.unseenRuns ?? 0) >= unseenRuns else { return false }
    return events.lastTaskEvent.map { now - $0 > patience } ?? true
  }
}

extension TaskTally {
  fileprivate var isTroubled: Bool {
    counts.failed > 0 || counts.retried > 0 || counts.expired > 0 || marks != .none
  }
}

extension [String: Int] {
  /// The most frequent first: `TimeoutError 98, ValueError 2`; at most three.
  var mostFrequent: [(key: String, value: Int)] {
    Array(sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(3))
  }
}

extension Double {
  /// A share in whole percent, never more than it is: `31 %`.
  var percent: String {
    let share = self * 100
    guard share.isFinite else { return "0 %" }
    return share > 0 && share < 1 ? "under 1 %" : "\(Int(Swift.min(Swift.max(0, share), 1e6))) %"
  }
}
