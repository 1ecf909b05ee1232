import TaskmonUnits

extension Scenario {
  /// Another application publishes to a queue that no worker of this one takes from.
  static let queueWithoutConsumers = Scenario(
    name: "queue-without-consumers",
    summary: "exports.build is sent to a queue that nobody consumes: look at the Queues view",
    thresholds: ["queue-without-consumers.warning=20s"],
    acts: [
      Act { fleet, _ in fleet.declare(queue: "exports") },
      Act(every: .seconds(10)) { fleet, now in
        fleet.publish(unknownTask: "exports.build", to: "exports", at: now)
      },
    ])
}
