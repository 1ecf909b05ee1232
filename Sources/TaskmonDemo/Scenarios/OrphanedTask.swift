import TaskmonUnits

extension Scenario {
  /// A worker is killed amid a task that was acknowledged before it ran.
  ///
  /// That it is gone is `lost-worker` and told as well: no task is orphaned without that.
  static let orphanedTask = Scenario(
    name: "orphaned-task",
    summary: "after 30 s a worker is killed amid imports.load, which nobody will run again",
    prepare: { fleet, now in
      fleet.shop.kinds.append(
        TaskKind("imports.load", queue: "imports", hardLimit: 7200, runtime: 3600...3600))
      fleet.recruit(for: "imports", at: now)
    },
    acts: [
      Act { fleet, now in fleet.publish("imports.load", at: now) },
      Act(after: .seconds(30)) { fleet, _ in fleet.kill(worker: fleet.workers.count - 1) },
    ])
}
