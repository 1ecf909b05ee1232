import TaskmonUnits

extension Scenario {
  /// Large pictures: the kernel kills the process that holds one.
  static let workerChildKilled = Scenario(
    name: "worker-child-killed",
    summary: "processes are killed in images.thumbnail, signal 9: look at the Workers view",
    prepare: { fleet, now in
      fleet.shop.kinds.append(TaskKind("images.thumbnail", queue: "images", runtime: 0.05...0.2))
      fleet.recruit(for: "images", at: now)
    },
    acts: [
      Act(every: .seconds(0.25)) { fleet, now in fleet.publish("images.thumbnail", at: now) },
      Act(every: .seconds(7)) { fleet, now in
        fleet.publish(
          "images.thumbnail", fate: DemoWorker.Fate(outcome: .killed, runtime: 0.3), at: now)
      },
    ])
}
