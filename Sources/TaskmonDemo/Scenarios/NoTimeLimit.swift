import TaskmonUnits

extension Scenario {
  /// A task without any limit: one that hangs, hangs for ever.
  static let noTimeLimit = Scenario(
    name: "no-time-limit",
    summary: "shop.import_feed runs without a time limit: look at the Audit view",
    prepare: { fleet, _ in
      fleet.shop.kinds.append(
        TaskKind(
          "shop.import_feed", queue: "celery", hardLimit: nil, acksLate: true,
          runtime: 0.1...0.6))
    },
    acts: [
      Act(every: .seconds(2)) { fleet, now in fleet.publish("shop.import_feed", at: now) }
    ])
}
