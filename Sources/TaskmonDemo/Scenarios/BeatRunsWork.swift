import TaskmonUnits

extension Scenario {
  /// A scheduler class of the shop calls the function where it should send the task.
  static let beatRunsWork = Scenario(
    name: "beat-runs-work",
    summary: "beat runs the entry reconcile itself and never sends its task: look at the Beat view",
    prepare: { fleet, now in
      fleet.shop.kinds.append(
        TaskKind("shop.reconcile", queue: "celery", runtime: 0.2...0.6))
      let entry = RedBeatEncoder.Entry(
        name: "reconcile", task: "shop.reconcile", arguments: [], every: .seconds(4))
      fleet.schedule(entry, isSent: false, at: now)
    })
}
