import CeleryProtocol
import TaskmonUnits

extension Scenario {
  /// An order is told to three services, each by a task of its own with the same arguments.
  static let messageBus = Scenario(
    name: "message-bus",
    summary: "events.order_placed goes to three services at once: a message, not work",
    prepare: { fleet, now in
      fleet.shop.kinds.append(
        TaskKind(
          "events.order_placed", queue: "orders-mail", acksLate: true, runtime: 4...6,
          arguments: { random in
            [
              .string("order-\(random.whole(10_000...99_999))"),
              .string("placed by customer \(random.whole(1000...9999)), Berlin, 129.90 EUR, paid"),
            ]
          }))
      for queue in services { fleet.recruit(for: queue, slots: 8, at: now) }
    },
    acts: [
      Act(every: .seconds(2)) { fleet, now in
        var arguments: [JSONValue]?
        for queue in services {
          fleet.publish("events.order_placed", at: now) { task in
            task.queue = queue
            task.arguments = arguments ?? task.arguments
            arguments = task.arguments
          }
        }
      }
    ])

  private static let services = ["orders-mail", "orders-billing", "orders-search"]
}
