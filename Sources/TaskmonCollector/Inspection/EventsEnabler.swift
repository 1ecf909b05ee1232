import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// What became of asking workers to send task events.
package enum EventsOutcome: Sendable, Equatable {
  /// Nobody was asked, and why.
  case silent(String)
  /// Node names: who agreed, who refused and why, and who did not answer in time.
  case asked(agreed: [String], refused: [String: String], silent: [String])
}

/// Asks workers to send task events: each process until it has answered, three times at most.
///
/// Its connection is the only one with the right to change a worker, and is opened only when it is
/// used.
actor EventsEnabler {
  private let configuration: MonitorConfiguration
  private let time: TimeSource
  private let cost: RedisCostCounter
  private var call: WorkerCall?
  /// When each process agreed.
  private(set) var enabled: [WorkerID: Timestamp] = [:]
  private var attempts: [WorkerID: Attempts] = [:]

  private struct Attempts {
    var count = 0
    /// On the clock that never jumps.
    var last: Seconds
  }

  private static let attempts = 3
  private static let pause = Seconds(10)

  init(_ configuration: MonitorConfiguration, time: TimeSource, cost: RedisCostCounter) {
    self.configuration = configuration
    self.time = time
    self.cost = cost
  }

  /// Those of the workers that have not answered yet and may be asked again.
  func due(_ workers: [WorkerFacts]) -> [WorkerID] {
    let now = time.uptime()
    return workers.filter { worker in
      guard worker.id.pid != nil, worker.owesReplySince == nil, enabled[worker.id] == nil else {
        return false
      }
      guard let before = attempts[worker.id] else { return true }
      return before.count < Self.attempts && now - before.last >= Self.pause
    }.map(\.id)
  }

  /// Asks these workers and waits a moment for their answers.
  func enable(_ workers: [WorkerID]) async throws(RedisError) -> EventsOutcome {
    guard !configuration.isReadOnly else { return .silent("--read-only asks no worker") }
    let names = Array(Set(workers.map(\.name))).sorted()
    guard !names.isEmpty else { return .asked(agreed: [], refused: [:], silent: []) }
    let call = opened()
    let outcome = try await call.ask(
      expecting: names.count, wait: configuration.budget.replyWait
    ) { [layout = configuration.layout] slip in
      WorkerChange(
        .enableEvents, to: names, owner: slip.owner, ticket: slip.ticket, expires: slip.expires,
        layout: layout)
    }
    switch outcome {
    case .silent(let reason): return .silent(reason)
    case .broken(let error, _): throw error
    case .sent(let answers): return take(answers.replies, from: workers, names: names)
    }
  }

  private func opened() -> WorkerCall {
    if let call { return call }
    let opened = WorkerCall(
      configuration, allows: [.read, .replyList, .change], time: time, cost: cost)
    call = opened
    return opened
  }

  private func take(
    _ replies: [ControlReply], from workers: [WorkerID], names: [String]
  ) -> EventsOutcome {
    let refused = Dictionary(
      replies.compactMap { reply in reply.error.map { (reply.worker, $0) } },
      uniquingKeysWith: { $1 })
    let agreed = Set(replies.map(\.worker)).intersection(names).subtracting(refused.keys)
    let now = time.now()
    for id in workers {
      attempts[id, default: Attempts(last: .zero)].count += 1
      attempts[id]?.last = time.uptime()
      if agreed.contains(id.name) { enabled[id] = now }
    }
    return .asked(
      agreed: agreed.sorted(), refused: refused,
      silent: names.filter { !agreed.contains($0) && refused[$0] == nil })
  }

  /// Forgets processes that are no longer known.
  func keepOnly(_ known: Set<WorkerID>) {
    enabled = enabled.filter { known.contains($0.key) }
    attempts = attempts.filter { known.contains($0.key) }
  }

  /// Removes its reply list.
  func close() async {
    await call?.close()
    call = nil
  }
}
