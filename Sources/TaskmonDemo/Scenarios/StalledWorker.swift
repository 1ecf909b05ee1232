import TaskmonUnits

extension Scenario {
  /// A worker beats, answers and takes nothing: what a reconnection may leave of it.
  static let stalledWorker = Scenario(
    name: "stalled-worker",
    summary: "the worker of imports is idle and takes nothing from it: look at the Workers view",
    thresholds: ["stalled-worker.unmoved=20s"],
    prepare: { fleet, now in
      fleet.shop.kinds.append(TaskKind("imports.load", queue: "imports", runtime: 0.1...0.3))
      fleet.recruit(for: "imports", at: now) { $0.isDeaf = true }
    },
    acts: [
      Act(every: .seconds(10)) { fleet, now in fleet.publish("imports.load", at: now) }
    ])
}
