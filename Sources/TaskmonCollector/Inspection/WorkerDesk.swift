import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Asks one worker, when somebody wants to see it, what it holds and what it will not run.
///
/// Nobody is asked who owes an answer, to whomever; and of a worker that has not answered one of
/// these questions the others are not asked.
actor WorkerDesk {
  fileprivate enum Question: CaseIterable {
    case reserved, scheduled, revoked

    var method: ControlRequest.Method {
      switch self {
      case .reserved: .reserved
      case .scheduled: .scheduled
      case .revoked: .revoked
      }
    }
  }

  private let configuration: MonitorConfiguration
  private let inspector: Inspector
  private let time: TimeSource
  private let cost: RedisCostCounter
  private var call: WorkerCall?
  /// Nobody waits for two answers at a time.
  private var isBusy = false

  private var budget: CollectionBudget { configuration.budget }

  init(
    _ configuration: MonitorConfiguration, inspector: Inspector, time: TimeSource,
    cost: RedisCostCounter
  ) {
    self.configuration = configuration
    self.inspector = inspector
    self.time = time
    self.cost = cost
  }

  /// What it holds, or why that is not known.
  func holdings(of worker: WorkerID, layout: KeyLayout) async -> WorkerHoldings {
    let now = time.now()
    func silent(_ reason: String) -> WorkerHoldings {
      WorkerHoldings(worker: worker, askedAt: now, silent: reason)
    }
    if configuration.isReadOnly { return silent("not asked: --read-only asks no worker") }
    if isBusy { return silent("not asked: another answer is waited for") }
    isBusy = true
    defer { isBusy = false }
    do throws(RedisError) {
      return try await ask(worker, layout, at: now)
    } catch {
      return silent("not asked: \(error.description)")
    }
  }

  private func ask(
    _ worker: WorkerID, _ layout: KeyLayout, at now: Timestamp
  ) async throws(RedisError) -> WorkerHoldings {
    let call = opened()
    // Late answers are worth nothing here any more, but that they came is.
    for reply in try await call.overdue() { await inspector.paid(reply.worker) }
    var found = WorkerHoldings(worker: worker, askedAt: now, silent: "not asked yet")
    for question in Question.allCases {
      do throws(RedisError) {
        switch try await answer(to: question, of: worker, call, layout) {
        case .success(let reply): found.take(reply, limit: budget.shownHoldings, question)
        case .failure(let silence): found.refuse(question, because: silence.reason)
        }
      } catch {
        // What has been answered stays.
        found.refuse(question, because: "not asked: \(error.description)")
      }
    }
    return found
  }

  private struct Silence: Error { let reason: String }

  /// Throws only where the question was not sent.
  private func answer(
    to question: Question, of worker: WorkerID, _ call: WorkerCall, _ layout: KeyLayout
  ) async throws(RedisError) -> Result<ControlReply, Silence> {
    if await inspector.book.owes(worker.name) != nil {
      return .failure(Silence(reason: "not asked: it owes an answer"))
    }
    if let reason = try await obstacle(to: question, call, layout) {
      return .failure(Silence(reason: reason))
    }
    let outcome = try await call.ask(expecting: 1, wait: budget.searchReplyWait) { slip in
      ControlRequest(
        question.method, to: [worker.name], owner: slip.owner, ticket: slip.ticket,
        expires: slip.expires, layout: layout)
    }
    switch outcome {
    case .silent(let reason): return .failure(Silence(reason: "not asked: \(reason)"))
    case .sent(let answers):
      for reply in answers.late { await inspector.paid(reply.worker) }
      if let reply = answers.replies.first(where: { $0.worker == worker.name }) {
        return .success(reply)
      }
      if !Task.isCancelled { await inspector.owe(worker) }
      return .failure(
        Silence(reason: "no answer within \(budget.searchReplyWait.text)"))
    case .broken(let error, let answers):
      for reply in answers.late { await inspector.paid(reply.worker) }
      if !Task.isCancelled { await inspector.owe(worker) }
      return .failure(Silence(reason: "no answer: \(error.description)"))
    }
  }

  /// Why its answer might weigh too much; nil where it cannot.
  ///
  /// Arguments come back whole, so that all that is held unacknowledged is taken for this worker's.
  private func obstacle(
    to question: Question, _ call: WorkerCall, _ layout: KeyLayout
  ) async throws(RedisError) -> String? {
    let free: ByteCount
    switch try await call.permission() {
    case .silent(let reason): return "not asked: \(reason)"
    case .free(let found): free = found
    }
    let expected: ByteCount
    switch question {
    case .revoked: expected = budget.revokedReply
    case .reserved, .scheduled:
      let reply = try await call.link.read([.memoryUsage(layout.unacked, samples: 200)]).first
      guard let held = reply, held.error == nil else {
        return "not asked: how much is held is not known (\(reply?.error?.message ?? "no answer"))"
      }
      // No such key: nothing is held.
      expected = ByteCount(held.integer ?? 0) + budget.assumedReply
    }
    guard expected.value > RequestBatches.limit(free: free, budget: budget) else { return nil }
    return "not asked: its answer might have \(expected.text), more than taskmon allows itself"
      + " of Redis' free memory (\(free.text))"
  }

  private func opened() -> WorkerCall {
    if let call { return call }
    let opened = WorkerCall(
      configuration, allows: [.read, .replyList, .control], time: time, cost: cost)
    call = opened
    return opened
  }

  /// Removes its reply list.
  func close() async {
    await call?.close()
    call = nil
  }
}

extension WorkerHoldings {
  fileprivate mutating func refuse(_ question: WorkerDesk.Question, because reason: String) {
    switch question {
    case .reserved: reserved = .unavailable(reason)
    case .scheduled: scheduled = .unavailable(reason)
    case .revoked: revoked = .unavailable(reason)
    }
  }

  fileprivate mutating func take(
    _ reply: ControlReply, limit: Int, _ question: WorkerDesk.Question
  ) {
    if let error = reply.error {
      return refuse(question, because: "the worker answered: \(error)")
    }
    do throws(DecodeError) {
      switch question {
      case .reserved:
        let tasks = try ActiveTasksReply(reply.answer).tasks
        reserved = .value(
          HeldRequests(
            count: tasks.count, first: tasks.prefix(limit).map { HeldRequest($0, eta: nil) }))
      case .scheduled:
        let tasks = try ScheduledTasksReply(reply.answer).tasks.sorted {
          ($0.eta ?? .init(secondsSince1970: 0)) < ($1.eta ?? .init(secondsSince1970: 0))
        }
        scheduled = .value(
          HeldRequests(
            count: tasks.count,
            first: tasks.prefix(limit).map { HeldRequest($0.request, eta: $0.eta) }))
      case .revoked:
        let ids = try RevokedReply(reply.answer).ids
        revoked = .value(RevokedTasks(count: ids.count, some: Array(ids.prefix(limit))))
      }
    } catch {
      refuse(question, because: "its answer could not be read: \(error)")
    }
  }
}

extension HeldRequest {
  fileprivate init(_ task: ActiveTasksReply.Task, eta: Timestamp?) {
    self.init(
      id: task.id, task: task.name, eta: eta, queue: task.routingKey,
      redelivered: task.redelivered, argumentsText: task.argumentsRepr,
      keywordArgumentsText: task.keywordArgumentsRepr)
  }
}
