import CeleryProtocol
package import TaskmonUnits

// What workers answer.
extension DemoFleet {
  /// A worker's answer and where it goes.
  package struct Answer: Sendable, Equatable {
    package let replyTo: ControlQuestion.Address
    package let message: [UInt8]
  }

  /// Nil where the question is not this worker's or comes too late.
  package mutating func answer(
    _ question: ControlQuestion, by index: Int, at now: Timestamp
  ) -> Answer? {
    guard workers.indices.contains(index), !workers[index].isKilled,
      question.concerns(workers[index].node, at: now)
    else { return nil }
    let clock = workers[index].tick()
    let message = ReplyEncoder.reply(
      content(of: question, by: workers[index], at: now), from: workers[index].node,
      ticket: question.ticket, clock: clock, exchange: question.replyTo.exchange,
      routingKey: question.replyTo.routingKey, deliveryTag: replyRandom.uuid())
    return Answer(replyTo: question.replyTo, message: message)
  }

  private func content(
    of question: ControlQuestion, by worker: DemoWorker, at now: Timestamp
  ) -> JSONValue {
    let safe = question.arguments["safe"]?.bool ?? false
    switch question.method {
    case "ping": return ["ok": "pong"]
    case "clock": return ["clock": .whole(worker.clock)]
    case "revoked": return []
    case "enable_events": return ["ok": "task events already enabled"]
    case "active_queues": return ReplyEncoder.activeQueues(worker.queues.sorted())
    case "stats": return stats(of: worker, at: now)
    case "active":
      return .array(worker.active.map { ReplyEncoder.request(request($0, worker), safe: safe) })
    case "reserved":
      return .array(worker.reserved.map { ReplyEncoder.request(request($0, worker), safe: safe) })
    case "scheduled":
      return .array(
        worker.scheduled.map { ReplyEncoder.scheduled(request($0, worker), safe: safe) })
    case "registered":
      guard worker.knowsTasks else { return [] }
      let items = question.arguments["taskinfoitems"]?.array?.compactMap(\.string) ?? []
      let known = shop.kinds.filter { !worker.lacks.contains($0.name) }
      return .array(
        known.sorted { $0.name < $1.name }.map { .string($0.registered(items: items)) })
    case "conf":
      let defaults = question.arguments["with_defaults"]?.bool ?? false
      let lock = beats.first { $0.lockToken != nil }?.lockMilliseconds ?? 25_000
      let changes = ShopSettings.changes(
        address: address, schedule: shop.schedule, lockMilliseconds: lock)
      return ShopSettings.conf(changes, withDefaults: defaults)
    default:
      let name = PythonRepr.text(of: JSONValue.string(question.method))
      return ["error": .string("KeyError(\(name))")]
    }
  }

  private func request(_ run: DemoWorker.Run, _ worker: DemoWorker) -> ReplyEncoder.Request {
    ReplyEncoder.Request(
      task: run.held.task, hostname: worker.node, startedAt: run.startedAt,
      acknowledged: run.acknowledged, workerPID: run.pid)
  }

  private func request(_ held: DemoWorker.Held, _ worker: DemoWorker) -> ReplyEncoder.Request {
    ReplyEncoder.Request(
      task: held.task, hostname: worker.node, startedAt: nil, acknowledged: false,
      workerPID: nil)
  }

  private func stats(of worker: DemoWorker, at now: Timestamp) -> JSONValue {
    let uptime = max(0, Int((now - worker.startedAt).value))
    let pool =
      switch worker.pool {
      case .prefork:
        ReplyEncoder.preforkPool(processes: worker.processes, writes: worker.accepted)
      case .threads:
        ReplyEncoder.threadPool(slots: worker.slots, threads: min(worker.slots, worker.accepted))
      }
    return ReplyEncoder.stats(
      ReplyEncoder.Stats(
        totals: worker.totals, pid: worker.pid, clock: worker.clock, uptime: uptime, pool: pool,
        broker: ReplyEncoder.Broker(
          hostname: "redis+socket://\(address)?virtual_host=0", virtualHost: "/", port: 6379,
          uriPrefix: "redis"),
        prefetchCount: worker.prefetchCount, userTime: 1.341908, systemTime: 0.277875))
  }
}
