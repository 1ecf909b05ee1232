import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// What became of asking workers to send task events.
package enum EventsOutcome: Sendable, Equatable {
  /// Nobody was asked, and why.
  case silent(String)
  /// Node names: who agreed, who refused and why, and who did not answer in time, be it now or when
  /// it was asked something before.
  case asked(agreed: [String], refused: [String: String], silent: [String])
}

/// Asks workers to send task events: each process until it has answered, three times at most, and
/// none that owes an answer, to whomever.
///
/// Its connection is the only one with the right to change a worker, and is opened only when it is
/// used.
actor EventsEnabler {
  private let configuration: MonitorConfiguration
  private let inspector: Inspector
  private let time: TimeSource
  private let cost: RedisCostCounter
  private var call: WorkerCall?
  /// When each process agreed.
  private(set) var enabled: [WorkerID: Timestamp] = [:]
  private var attempts: [WorkerID: Attempts] = [:]
  /// Of each process that has not answered, the ticket of its question.
  private var unanswered: [WorkerID: String] = [:]
  /// Of two that take answers out of one list each would lose some.
  private var isBusy = false

  private struct Attempts {
    var count = 0
    /// On the clock that never jumps.
    var last: Seconds
  }

  private static let attempts = 3
  private static let pause = Seconds(10)

  init(
    _ configuration: MonitorConfiguration, inspector: Inspector, time: TimeSource,
    cost: RedisCostCounter
  ) {
    self.configuration = configuration
    self.inspector = inspector
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
    guard !workers.isEmpty else { return .asked(agreed: [], refused: [:], silent: []) }
    guard !isBusy else { return .silent("another answer is waited for") }
    isBusy = true
    defer { isBusy = false }
    let call = opened()
    // Whoever has answered meanwhile need not be asked.
    let late = try await overdue(call).filter { workers.contains($0.id) }
    var tally = Tally()
    for answer in late { tally.take(answer.reply) }
    let open = workers.filter { id in !late.contains { $0.id == id } }
    let book = await inspector.book
    let owing = Set(open.map(\.name).filter { book.owes($0) != nil })
    let asked = open.filter { !owing.contains($0.name) }
    if !asked.isEmpty {
      if let reason = try await ask(asked, over: call, &tally) { return .silent(reason) }
    } else if late.isEmpty {
      return .silent("an answer is owed by \(owing.sorted().joined(separator: ", "))")
    }
    return tally.outcome(of: workers)
  }

  /// Answers that came when nobody waited for them any more; gives whose they are.
  func drainLate() async throws(RedisError) -> Set<String> {
    guard let call, !isBusy, !unanswered.isEmpty else { return [] }
    isBusy = true
    defer { isBusy = false }
    return Set(try await overdue(call).map(\.id.name))
  }

  private func overdue(
    _ call: WorkerCall
  ) async throws(RedisError) -> [(id: WorkerID, reply: ControlReply)] {
    await settle(try await call.overdue())
  }

  /// Notes late answers; gives those whose process is still known.
  private func settle(_ late: [ControlReply]) async -> [(id: WorkerID, reply: ControlReply)] {
    var found: [(id: WorkerID, reply: ControlReply)] = []
    for reply in late {
      await inspector.paid(reply.worker)
      let asked = unanswered.first { $0.key.name == reply.worker && $0.value == reply.ticket }
      guard let id = asked?.key else { continue }
      unanswered[id] = nil
      if reply.error == nil { enabled[id] = time.now() }
      found.append((id, reply))
    }
    return found
  }

  /// Gives why nobody was asked; nil where they were.
  private func ask(
    _ workers: [WorkerID], over call: WorkerCall, _ tally: inout Tally
  ) async throws(RedisError) -> String? {
    let names = Set(workers.map(\.name)).sorted()
    let outcome = try await call.ask(
      expecting: names.count, wait: configuration.budget.replyWait
    ) { [layout = configuration.layout] slip in
      WorkerChange(
        .enableEvents, to: names, owner: slip.owner, ticket: slip.ticket, expires: slip.expires,
        layout: layout)
    }
    switch outcome {
    case .silent(let reason): return reason
    case .sent(let answers), .broken(_, let answers):
      for reply in answers.replies { tally.take(reply) }
      _ = await settle(answers.late)
      await note(tally, of: workers, ticket: answers.ticket)
      return nil
    }
  }

  private func note(_ tally: Tally, of workers: [WorkerID], ticket: String) async {
    let now = time.now()
    for id in workers {
      attempts[id, default: Attempts(last: .zero)].count += 1
      attempts[id]?.last = time.uptime()
      if tally.agreed.contains(id.name) {
        enabled[id] = now
      } else if tally.refused[id.name] == nil {
        unanswered[id] = ticket
        // Nobody owes what there was no time to answer.
        if !Task.isCancelled { await inspector.owe(id) }
      }
    }
  }

  /// What workers have answered, by node name.
  private struct Tally {
    var agreed: Set<String> = []
    var refused: [String: String] = [:]

    mutating func take(_ reply: ControlReply) {
      if let error = reply.error {
        refused[reply.worker] = error
      } else {
        agreed.insert(reply.worker)
      }
    }

    func outcome(of workers: [WorkerID]) -> EventsOutcome {
      let names = Set(workers.map(\.name))
      let agreed = agreed.intersection(names).subtracting(refused.keys)
      return .asked(
        agreed: agreed.sorted(), refused: refused,
        silent: names.subtracting(agreed).subtracting(refused.keys).sorted())
    }
  }

  private func opened() -> WorkerCall {
    if let call { return call }
    let opened = WorkerCall(
      configuration, allows: [.read, .replyList, .change], time: time, cost: cost)
    call = opened
    return opened
  }

  /// Forgets processes that are no longer known.
  func keepOnly(_ known: Set<WorkerID>) {
    enabled = enabled.filter { known.contains($0.key) }
    attempts = attempts.filter { known.contains($0.key) }
    unanswered = unanswered.filter { known.contains($0.key) }
  }

  /// Removes its reply list.
  func close() async {
    await call?.close()
    call = nil
  }
}
