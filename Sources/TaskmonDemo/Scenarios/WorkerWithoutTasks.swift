import TaskmonUnits

extension Scenario {
  /// Autodiscovery has found nothing in one worker, and nothing says so.
  static let workerWithoutTasks = Scenario(
    name: "worker-without-tasks",
    summary: "a worker for a new queue has registered no task: look at the Workers view",
    prepare: { fleet, now in
      fleet.recruit(for: "imports", at: now) { $0.knowsTasks = false }
    })
}
