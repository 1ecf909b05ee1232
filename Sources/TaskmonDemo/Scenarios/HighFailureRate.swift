import TaskmonUnits

extension Scenario {
  /// A deploy broke one kind of record: every eighth run fails.
  static let highFailureRate = Scenario(
    name: "high-failure-rate",
    summary: "one in eight runs of billing.import fails: look at the Tasks view",
    thresholds: ["high-failure-rate.window=30s"],
    prepare: { fleet, now in
      fleet.shop.kinds.append(TaskKind("billing.import", queue: "records", runtime: 0.05...0.2))
      fleet.recruit(for: "records", at: now)
    },
    acts: [
      Act(every: .seconds(2)) { fleet, now in
        for number in 0..<8 {
          let fate = DemoWorker.Fate(outcome: .failure(.badRecord))
          fleet.publish("billing.import", fate: number == 0 ? fate : nil, at: now)
        }
      }
    ])
}
