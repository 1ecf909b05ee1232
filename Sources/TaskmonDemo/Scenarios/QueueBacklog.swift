import TaskmonUnits

extension Scenario {
  /// Publishers send four times what the workers of a queue can do.
  static let queueBacklog = Scenario(
    name: "queue-backlog",
    summary: "images grows and grows, its worker cannot keep up: look at the Queues view",
    thresholds: [
      "queue-backlog.ready=50", "queue-backlog.window=20s", "queue-backlog.warning=30s",
    ],
    prepare: { fleet, now in
      fleet.shop.kinds.append(TaskKind("images.resize", queue: "images", runtime: 0.8...1.2))
      fleet.recruit(for: "images", at: now)
    },
    acts: [
      Act(every: .seconds(0.125)) { fleet, now in fleet.publish("images.resize", at: now) }
    ])
}
