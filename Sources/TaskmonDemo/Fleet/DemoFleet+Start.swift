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
