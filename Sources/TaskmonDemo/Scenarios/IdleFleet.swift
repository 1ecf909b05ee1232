import TaskmonUnits

extension Scenario {
  /// Workers, queues, and nobody who sends anything: the work happens elsewhere.
  static let idleFleet = Scenario(
    name: "idle-fleet",
    summary: "workers are online and nothing is ever published: the work happens elsewhere",
    thresholds: ["idle-fleet.quiet=30s"],
    prepare: { fleet, _ in
      fleet.isQuiet = true
      fleet.shop.schedule = []
      fleet.beats = []
    })
}
