import TaskmonUnits

extension Scenario {
  /// The search engine is away, and each task asks for it eight times.
  static let retryStorm = Scenario(
    name: "retry-storm",
    summary: "search.push is tried again and again for one reason: look at the Tasks view",
    thresholds: ["retry-storm.window=30s", "retry-storm.retries=40"],
    prepare: { fleet, now in
      fleet.shop.kinds.append(
        TaskKind(
          "search.push", queue: "outward", runtime: 0.05...0.2, retryChance: 1, maxRetries: 8,
          longestPause: 2))
      fleet.recruit(for: "outward", slots: 4, at: now)
    },
    acts: [
      Act(every: .seconds(0.5)) { fleet, now in fleet.publish("search.push", at: now) }
    ])
}
