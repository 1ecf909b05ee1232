import TaskmonUnits

extension Scenario {
  /// A worker is killed amid work: no goodbye, one task gone, another held back for an hour.
  static let lostWorker = Scenario(
    name: "lost-worker",
    summary: "after 15 s a worker is killed with tasks in its hands: look at the Workers view",
    acts: [
      // One is acknowledged before it runs, the other after.
      Act(after: quietStart) { fleet, now in
        fleet.killFirstWorker(amid: ["shop.reindex_product", "billing.charge"], at: now)
      }
    ])
}
