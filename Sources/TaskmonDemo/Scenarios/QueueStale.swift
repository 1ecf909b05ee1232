import TaskmonUnits

extension Scenario {
  /// A worker with one slot and long tasks: whatever comes waits for minutes.
  static let queueStale = Scenario(
    name: "queue-stale",
    summary: "messages wait long in archive, behind tasks of two minutes: look at the Queues view",
    thresholds: ["queue-stale.warning=20s"],
    prepare: { fleet, now in fleet.recruitSlowWorker(at: now) },
    acts: [
      Act { fleet, now in
        for _ in 0..<4 { fleet.publish("archive.store", at: now) }
      },
      Act(after: .minutes(2), every: .minutes(2)) { fleet, now in
        fleet.publish("archive.store", at: now)
      },
    ])
}
