import Logging
import RedisClient
import Synchronization
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// A monitor at work, its snapshots, and what a test holds every one of them to.
final class ObservedMonitor: Sendable {
  private struct State {
    var latest: Snapshot?
    var isDone = false
    var breaches: [String] = []
  }

  private let state = Mutex(State())
  let monitor: Monitor
  private let invariant: @Sendable (Snapshot) -> String?

  private init(_ monitor: Monitor, invariant: @escaping @Sendable (Snapshot) -> String?) {
    self.monitor = monitor
    self.invariant = invariant
  }

  var latest: Snapshot? { state.withLock { $0.latest } }
  var firstRoundsDone: Bool { state.withLock { $0.isDone } }

  private func take(_ update: MonitorUpdate) {
    guard let snapshot = update.history.latest else { return }
    let breach = invariant(snapshot)
    state.withLock { state in
      state.latest = snapshot
      state.isDone = update.firstRoundsDone
      if let breach { state.breaches.append(breach) }
    }
  }

  /// Runs a monitor while `body` looks at it, then cancels it and waits for its end.
  ///
  /// `invariant` says what is wrong with a snapshot, if anything.
  static func observe(
    _ configuration: MonitorConfiguration,
    invariant: @escaping @Sendable (Snapshot) -> String? = { _ in nil },
    _ body: @escaping @Sendable (ObservedMonitor) async throws -> Void
  ) async throws {
    let monitor = Monitor(
      configuration, time: SystemTime.source,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let observed = ObservedMonitor(monitor, invariant: invariant)
    let reader = Task { for await update in monitor.updates { observed.take(update) } }
    let runner = Task { await monitor.run() }
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body(observed)) } catch { outcome = .failure(error) }
    runner.cancel()
    await runner.value
    await reader.value
    #expect(observed.state.withLock { $0.breaches } == [])
    try outcome.get()
  }
}

extension MonitorConfiguration {
  /// Impatient: everything comes round within a second.
  static func quick(
    _ url: RedisURL, isReadOnly: Bool = false,
    budget change: (inout CollectionBudget) -> Void = { _ in }
  ) -> MonitorConfiguration {
    var budget = CollectionBudget()
    budget.discoveryPause = Seconds(0.2)
    budget.resultPause = Seconds(0.2)
    budget.replyWait = Seconds(0.1)
    change(&budget)
    return MonitorConfiguration(
      broker: url, isReadOnly: isReadOnly, pollInterval: Seconds(0.1),
      inspectInterval: Seconds(0.5), budget: budget, limits: .quick)
  }
}

extension CollectedFacts {
  /// A poll that asked for every queue there is.
  mutating func take(_ facts: FastFacts, at now: Timestamp, duration: Seconds) {
    let queues = (try? facts.lengths.get())?.queues.map(\.queue) ?? []
    take(facts, known: queues, asked: queues, at: now, duration: duration)
  }
}
