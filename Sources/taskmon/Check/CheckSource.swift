import TaskmonCollector
import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonTerminal
import TaskmonUnits

/// What a `check` found, wherever it looked.
struct CheckFindings {
  var document: HealthDocument
  /// Nil where a daemon was asked, who tells its judgement only.
  var history: SnapshotHistory?
  var report: HealthReport?
  var broker: BrokerIdentity

  /// A judgement of what this process saw itself.
  init(_ history: SnapshotHistory, _ report: HealthReport, broker: BrokerIdentity) {
    document = HealthDocument(report, taskmon: Version.text, broker: broker.url)
    self.history = history
    self.report = report
    self.broker = broker
  }

  /// A judgement of a daemon.
  init(_ document: HealthDocument, from url: ServeURL) {
    self.document = document
    broker = BrokerIdentity(url: url.text)
  }

  /// Numbers for graphs; what is not known is not among them.
  var performance: [PerformanceValue] {
    guard let history, let report, let snapshot = history.latest, snapshot.link.isUp else {
      return []
    }
    let context = ViewContext(
      snapshot: snapshot, history: history, report: report,
      moments: MomentFormat(style: .utc), pages: { _ in nil })
    let queued = snapshot.queues.value.map { $0.reduce(0) { $0 &+ $1.ready } }
    let values: [(String, Int?)] = [
      ("queued", queued), ("unacked", snapshot.unacked.value?.count),
      ("workers", snapshot.workers.value.map { Fleet($0, context).up }),
    ]
    return values.compactMap { label, value in value.map { PerformanceValue(label, $0) } }
  }
}

/// Where a `check` looks: at Redis, at a daemon, or at a file.
enum CheckSource {
  case redis(MonitorConfiguration, observe: Seconds)
  case daemon(ServeURL)
  case snapshot(Snapshot)

  /// What is remembered between runs is about this.
  var identity: BrokerIdentity {
    switch self {
    case .redis(let configuration, _): configuration.identity
    case .daemon(let url): BrokerIdentity(url: url.text)
    case .snapshot(let snapshot): snapshot.broker
    }
  }

  /// Looks, judges, and brings the state up to date where this process itself has seen something.
  func findings(
    thresholds: ThresholdOverrides, silences: SilenceKeeper, state: CheckState, timeout: Seconds
  ) throws -> CheckFindings {
    switch self {
    case .redis(let configuration, let observe):
      let observation = Observing(
        configuration: configuration, thresholds: thresholds, observe: observe, timeout: timeout,
        history: state.history)
      let (view, signal) = try Blocking.run { await observation.run() }
      // Killed: nothing is said and nothing is remembered.
      if let signal { Terminal.die(by: signal) }
      guard let view, view.history.latest != nil else {
        throw CommandFailure("not even one snapshot was taken within \(timeout.text)", code: 3)
      }
      var evaluator = Evaluator(thresholds: thresholds, hold: .zero, memory: state.memory)
      var book = SilenceBook(silences.current(), memory: state.memory)
      let (report, over) = book.apply(to: evaluator.evaluate(view.history))
      silences.drop(over)
      state.history = view.history
      state.memory = evaluator.memory
      return CheckFindings(view.history, report, broker: configuration.identity)
    case .daemon(let url):
      let document = try RemoteHealth(url: url, timeout: timeout).fetch()
      return CheckFindings(document.silenced(by: silences.current()), from: url)
    case .snapshot(let snapshot):
      let (history, judged) = Replay.judged(snapshot, thresholds: thresholds)
      // The file speaks of today.
      var book = SilenceBook(silences.configured)
      return CheckFindings(history, book.apply(to: judged).report, broker: snapshot.broker)
    }
  }
}

/// One snapshot of another time, judged as if it were taken now.
enum Replay {
  static func judged(
    _ snapshot: Snapshot, thresholds: ThresholdOverrides
  ) -> (history: SnapshotHistory, report: HealthReport) {
    var history = SnapshotHistory()
    history.absorb(snapshot)
    var evaluator = Evaluator(thresholds: thresholds, hold: .zero)
    return (history, evaluator.evaluate(history))
  }
}
