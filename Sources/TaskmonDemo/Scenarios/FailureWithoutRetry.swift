import TaskmonUnits

extension Scenario {
  /// One call in thirty meets a network that has a bad moment, and nobody tries again.
  static let failureWithoutRetry = Scenario(
    name: "failure-without-retry",
    summary: "webhooks.notify fails for good at the first network error: look at the Tasks view",
    prepare: { fleet, now in
      fleet.shop.kinds.append(TaskKind("webhooks.notify", queue: "outward", runtime: 0.05...0.2))
      fleet.recruit(for: "outward", at: now)
    },
    acts: [
      Act(every: .seconds(0.25)) { fleet, now in fleet.publish("webhooks.notify", at: now) },
      Act(every: .seconds(7)) { fleet, now in
        fleet.publish(
          "webhooks.notify", fate: DemoWorker.Fate(outcome: .failure(.gatewayClosed)), at: now)
      },
    ])
}
