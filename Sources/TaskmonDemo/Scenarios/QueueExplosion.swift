import TaskmonUnits

extension Scenario {
  /// A queue for each customer, made at the first message and never removed.
  static let queueExplosion = Scenario(
    name: "queue-explosion",
    summary: "250 queues, one for each customer: look at the Queues view",
    acts: [
      Act { fleet, _ in
        for customer in 1...250 { fleet.declare(queue: "customer-\(customer)") }
      }
    ])
}
