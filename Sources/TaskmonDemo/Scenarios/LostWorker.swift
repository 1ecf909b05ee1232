import TaskmonUnits

extension Scenario {
  /// The only worker of a queue is killed: no goodbye, and its messages wait.
  static let lostWorker = Scenario(
    name: "lost-worker",
    summary: "after 30 s the only worker of imports is killed: look at the Workers view",
    thresholds: ["lost-worker.silence=8s"],
    prepare: { fleet, now in
      fleet.shop.kinds.append(TaskKind("imports.load", queue: "imports", runtime: 0.1...0.3))
      fleet.recruit(for: "imports", at: now)
    },
    acts: [
      Act(every: .seconds(5)) { fleet, now in fleet.publish("imports.load", at: now) },
      // Between two messages, so that it has nothing in its hands.
      Act(after: .seconds(32.5)) { fleet, _ in fleet.kill(worker: fleet.workers.count - 1) },
    ])
}
