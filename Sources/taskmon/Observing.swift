import Logging
import TaskmonCollector
import TaskmonHealth
import TaskmonModel
import TaskmonTerminal
import TaskmonUnits

/// Observes for a while and gives the last view: first everything slow once, then the time asked
/// for.
struct Observing: Sendable {
  var configuration: MonitorConfiguration
  var thresholds: ThresholdOverrides
  var observe: Seconds
  /// What the first rounds and a hanging Redis may cost on top.
  var timeout: Seconds
  var history = SnapshotHistory()
  var logger = Logger(label: "taskmon") { _ in SwiftLogNoOpLogHandler() }

  /// Nil where not even one snapshot was made.
  func run() async -> SessionView? {
    let session = Session(
      configuration, thresholds: thresholds, hold: .zero, logger: logger, history: history)
    let watch = ObservationWatch(
      observe: observe, timeout: timeout, begun: SystemClock.source.uptime(),
      startedAt: SystemClock.source.now())
    await session.run { view in await watch.take(view, uptime: SystemClock.source.uptime()) }
    return await watch.last
  }
}

extension Observing {
  /// The last view and its snapshot; fails where Redis was never reached, and ends by the signal
  /// that came meanwhile.
  func reached() throws -> (view: SessionView, snapshot: Snapshot) {
    let (view, signal) = try Blocking.run { await run() }
    if let signal { Terminal.die(by: signal) }
    guard let view, let snapshot = view.history.latest, snapshot.polledAt != nil else {
      throw CommandFailure(
        view?.history.latest?.link.failure?.sentence ?? "no snapshot of Redis could be taken")
    }
    return (view, snapshot)
  }
}

/// Decides when enough has been seen.
actor ObservationWatch {
  private let observe: Seconds
  private let timeout: Seconds
  private let begun: Seconds
  private let startedAt: Timestamp
  private var roundsDoneAt: Seconds?
  private(set) var last: SessionView?

  init(observe: Seconds, timeout: Seconds, begun: Seconds, startedAt: Timestamp) {
    self.observe = observe
    self.timeout = timeout
    self.begun = begun
    self.startedAt = startedAt
  }

  /// False once enough has been seen.
  func take(_ view: SessionView, uptime: Seconds) -> Bool {
    last = view
    let elapsed = uptime - begun
    if elapsed >= observe + timeout { return false }
    if view.firstRoundsDone, roundsDoneAt == nil { roundsDoneAt = uptime }
    guard let snapshot = view.history.latest else { return true }
    if snapshot.polledAt == nil, let failure = snapshot.link.failure {
      // Tried twice, a second apart: not a passing hiccup.
      return !(failure.attempts >= 2 && elapsed >= Seconds(1))
    }
    guard let roundsDoneAt else { return true }
    return uptime - roundsDoneAt < observe
  }
}
