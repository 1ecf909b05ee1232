import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Does what an operator wants done, where the user has allowed it.
///
/// Its connection is the only one with the right to act, and lives as long as one action. So does
/// its reply list: deleted once everybody has answered, else left to its expiry, because a late
/// answer would make it anew without one.
struct FleetOperator: Sendable {
  private let configuration: MonitorConfiguration
  private let time: TimeSource
  private let cost: RedisCostCounter

  init(_ configuration: MonitorConfiguration, time: TimeSource, cost: RedisCostCounter) {
    self.configuration = configuration
    self.time = time
    self.cost = cost
  }

  /// `layout` names the lists of queues as workers are configured.
  func perform(_ action: ControlAction, layout: KeyLayout) async -> ControlOutcome {
    guard !configuration.isReadOnly else { return .notSent("--read-only changes nothing") }
    guard configuration.allowsControl else { return .notSent("it takes --allow-control") }
    switch action {
    case .purge(let queue): return await purge(QueueName(queue), layout)
    case .revoke(let id, let terminates, let workers):
      return await tell(workers, isForAll: true) { slip in
        OperatorCommand(
          revoking: id, terminates: terminates, owner: slip.owner, ticket: slip.ticket,
          expires: slip.expires, layout: layout)
      }
    case .shutDown: return await tell(.shutdown, action.workers, layout, awaits: false)
    case .rateLimit(let task, let rate, let workers):
      return await tell(.rateLimit(task: task, rate: rate), workers, layout)
    case .timeLimit(let task, let soft, let hard, let workers):
      return await tell(.timeLimit(task: task, soft: soft, hard: hard), workers, layout)
    case .growPool(let count, let workers):
      return await tell(.poolGrow(by: count), workers, layout)
    case .shrinkPool(let count, let workers):
      return await tell(.poolShrink(by: count), workers, layout)
    case .addConsumer(let queue, let workers):
      return await tell(.addConsumer(queue: queue), workers, layout)
    case .cancelConsumer(let queue, let workers):
      return await tell(.cancelConsumer(queue: queue), workers, layout)
    }
  }

  private func tell(
    _ method: OperatorCommand.Method, _ workers: [String], _ layout: KeyLayout,
    awaits: Bool = true
  ) async -> ControlOutcome {
    guard !workers.isEmpty else { return .notSent("no worker was named") }
    return await tell(workers, isForAll: false, awaits: awaits) { slip in
      OperatorCommand(
        method, to: workers, owner: slip.owner, ticket: slip.ticket, expires: slip.expires,
        layout: layout)
    }
  }

  private func tell(
    _ workers: [String], isForAll: Bool, awaits: Bool = true,
    _ make: @Sendable (WorkerCall.Slip) -> any WireCommand
  ) async -> ControlOutcome {
    let call = call()
    let expected = awaits ? (isForAll ? nil : workers.count) : 0
    let outcome: WorkerCall.Outcome
    do throws(RedisError) {
      outcome = try await call.ask(
        expecting: expected, wait: configuration.budget.actionReplyWait, make)
    } catch {
      await call.close()
      return .notSent(error.description)
    }
    await call.close()
    switch outcome {
    case .silent(let reason): return .notSent(reason)
    case .broken(let error, _): return .unclear(error.description)
    case .sent(let answers):
      guard answers.receivers > 0 else { return .notSent("no worker listens for it") }
      return awaits
        ? .answered(ControlAnswers(answers.replies, expecting: workers))
        : .toldToEnd(saidGoodbye: false)
    }
  }

  /// Looks first whether all of it are lists: what is removed is whatever has the name.
  private func purge(
    _ queue: QueueName, _ layout: KeyLayout
  ) async -> ControlOutcome {
    guard !queue.text.contains("\u{FFFD}") else {
      return .notSent("the queue's name is no text, so it cannot be named")
    }
    let link = call().link
    let lists = layout.prioritySteps.map { layout.messages(of: queue, step: $0) }
    do throws(RedisError) {
      let lengths = try await link.read(lists.map { .listLength($0) })
      if let error = lengths.compactMap(\.error).first {
        await link.close()
        return .notSent(error.sentence(on: layout))
      }
    } catch {
      return .notSent(error.description)
    }
    var replies: [RedisReply]
    do throws(RedisError) {
      replies = try await link.send(OperatorCommand.purge(queue, layout))
      if replies.contains(where: { $0.error?.code == "OOM" }) {
        replies = try await link.send(OperatorCommand.purge(queue, layout, atOnce: false))
      }
    } catch {
      return .unclear(error.description)
    }
    await link.close()
    do throws(PurgeRefusal) {
      return .purged(queue: queue.text, messages: try OperatorCommand.removed(replies))
    } catch {
      let reason = error.error.sentence(on: layout)
      return error.isPartial
        ? .unclear("a part of it was removed, then: \(reason)") : .notSent(reason)
    }
  }

  private func call() -> WorkerCall {
    WorkerCall(configuration, allows: [.read, .replyList, .act], time: time, cost: cost)
  }
}

extension ControlAnswers {
  /// `expected` are the node names that should have answered; others may have.
  init(_ replies: [ControlReply], expecting expected: [String]) {
    let ordered = replies.sorted { $0.worker < $1.worker }
    let agreed = ordered.filter { $0.error == nil }.map { reply in
      let text = reply.answer["ok"]?.string ?? PythonRepr.text(of: reply.answer)
      return Answer(worker: reply.worker, text: text)
    }
    let refused = ordered.compactMap { reply in
      reply.error.map { Answer(worker: reply.worker, text: $0) }
    }
    let answered = Set(replies.map(\.worker))
    self.init(
      agreed: agreed, refused: refused,
      silent: Set(expected).subtracting(answered).sorted())
  }
}
