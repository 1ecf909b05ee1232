import TaskmonUnits

extension Scenario {
  /// Two workers of one queue, of which a deploy has forgotten one.
  ///
  /// The messages of the new task lie with the worker that knows it, so that none is lost yet.
  static let splitRegistry = Scenario(
    name: "split-registry",
    summary:
      "two workers take from imports and only one knows imports.parse: look at the Queues view",
    thresholds: ["split-registry.window=20s"],
    prepare: { fleet, now in
      fleet.shop.kinds += [
        TaskKind("imports.load", queue: "imports", runtime: 0.1...0.3),
        TaskKind("imports.parse", queue: "imports", runtime: 0.1...0.3),
      ]
      fleet.recruit(for: "imports", at: now)
      fleet.recruit(for: "imports", at: now) { $0.lacks = ["imports.parse"] }
    },
    acts: [
      Act { fleet, now in
        let knowing = fleet.workers.count - 2
        fleet.hand("imports.parse", to: knowing, at: now) { $0.eta = now + .minutes(30) }
      },
      Act(every: .seconds(2)) { fleet, now in fleet.publish("imports.load", at: now) },
    ])
}
