import TaskmonUnits

extension Scenario {
  /// An async client is kept between tasks, and belongs to the loop of the first one.
  static let asyncInTask = Scenario(
    name: "async-in-task",
    summary: "search.fetch fails with a closed event loop, now and then: look at the Tasks view",
    prepare: { fleet, now in
      fleet.shop.kinds.append(TaskKind("search.fetch", queue: "outward", runtime: 0.05...0.2))
      fleet.recruit(for: "outward", at: now)
    },
    acts: [
      Act(every: .seconds(0.25)) { fleet, now in fleet.publish("search.fetch", at: now) },
      Act(every: .seconds(6)) { fleet, now in
        fleet.publish(
          "search.fetch", fate: DemoWorker.Fate(outcome: .failure(.loopClosed)), at: now)
      },
    ])
}
