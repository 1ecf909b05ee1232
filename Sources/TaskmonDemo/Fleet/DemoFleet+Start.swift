import CeleryProtocol
import RedisClient
import TaskmonUnits

// What processes leave in Redis when they start.
extension DemoFleet {
  /// kombu declares a worker's queues, its mailbox and its ear for gossip.
  mutating func declare(_ worker: DemoWorker) {
    for queue in worker.queues {
      let name = QueueName(queue)
      let member = binding(routingKey: queue, pattern: "", queue: queue)
      outbox.append(.add(member, to: layout.binding(exchange: name)))
      outbox.append(.add(member, to: layout.permanentBinding(exchange: name)))
    }
    let mailbox = "\(worker.node).\(layout.pidboxExchange.text)"
    outbox.append(
      .add(
        binding(routingKey: "", pattern: "", queue: mailbox),
        to: layout.binding(exchange: layout.pidboxExchange)))
    let gossip = "\(layout.eventExchange).\(worker.oid)"
    outbox.append(
      .add(
        binding(routingKey: "worker.#", pattern: "", queue: gossip),
        to: layout.binding(exchange: QueueName(layout.eventExchange))))
  }

  /// One more worker, an hour old, for a queue of its own; gives its number.
  ///
  /// Only while nothing has been written yet: its birth is told with that of the others.
  @discardableResult
  mutating func recruit(
    for queue: String, slots: Int = 2, at now: Timestamp,
    _ change: (inout DemoWorker) -> Void = { _ in }
  ) -> Int {
    let number = workers.count + 1
    let pid = random.whole(2000...30_000)
    var worker = DemoWorker(
      node: "celery@worker-\(number)", host: "worker-\(number)", pid: pid, pool: .prefork,
      slots: slots, processes: (1...max(1, slots)).map { pid + $0 * 2 }, queues: [queue],
      oid: random.uuid(version: 3), startedAt: now - .hours(1),
      nextHeartbeat: now + .seconds(1))
    change(&worker)
    workers.append(worker)
    return number - 1
  }

  /// A publisher declares the queues it sends to as well.
  mutating func declare(queue: String, exchange: String? = nil) {
    let member = binding(routingKey: queue, pattern: "", queue: queue)
    outbox.append(.add(member, to: layout.binding(exchange: QueueName(exchange ?? queue))))
  }

  private func binding(routingKey: String, pattern: String, queue: String) -> [UInt8] {
    layout.bytes(
      of: BindingMember(
        routingKey: QueueName(routingKey), pattern: QueueName(pattern), queue: QueueName(queue)))
  }

  /// Says for another hour that these binding tables are in use.
  mutating func refreshDeadlines(at now: Timestamp) {
    let milliseconds = Int64(((now.secondsSince1970 + 3600) * 1000).rounded())
    let exchanges = [
      layout.replyExchange, QueueName(layout.eventExchange), layout.pidboxExchange,
    ]
    for exchange in exchanges {
      outbox.append(
        .add(exchange.bytes, wholeScore: milliseconds, to: layout.bindingDeadlines))
    }
    nextDeadlines = now + .minutes(1)
  }
}
