import TaskmonUnits

extension Scenario {
  /// Acknowledged early, never tried again, without a limit: whatever goes wrong, it is lost.
  ///
  /// That a task has no limit is `no-time-limit`, too.
  static let fragileTask = Scenario(
    name: "fragile-task",
    summary: "shop.import_feed survives nothing that may go wrong: look at the Audit view",
    prepare: { fleet, _ in
      fleet.shop.kinds.append(
        TaskKind("shop.import_feed", queue: "celery", hardLimit: nil, runtime: 0.1...0.6))
    },
    acts: [
      Act(every: .seconds(2)) { fleet, now in fleet.publish("shop.import_feed", at: now) }
    ])
}
