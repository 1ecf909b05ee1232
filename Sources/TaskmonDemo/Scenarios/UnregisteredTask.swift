import TaskmonUnits

extension Scenario {
  /// A publisher is newer than the workers: it sends a task that none of them knows.
  static let unregisteredTask = Scenario(
    name: "unregistered-task",
    summary: "shop.sync_prices is sent and no worker has registered it: each message is lost",
    acts: [
      Act(every: .seconds(10)) { fleet, now in
        fleet.publish(unknownTask: "shop.sync_prices", to: "celery", at: now)
      }
    ])
}
