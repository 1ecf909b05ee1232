import TaskmonUnits

extension Scenario {
  /// A worker took messages behind two long tasks, and its neighbour has nothing to do.
  ///
  /// They come one by one, so that whoever begins to look sees some of them taken.
  static let prefetchHoarding = Scenario(
    name: "prefetch-hoarding",
    summary:
      "one worker of exports holds what it cannot start, the other is idle: see the Workers view",
    thresholds: ["prefetch-hoarding.duration=20s"],
    prepare: { fleet, now in
      fleet.shop.kinds.append(
        TaskKind("exports.build", queue: "exports", hardLimit: 7200, runtime: 3600...3600))
      for _ in 0..<2 { fleet.recruit(for: "exports", at: now) }
    },
    acts: [
      Act { fleet, now in
        for _ in 0..<2 { fleet.hand("exports.build", to: fleet.workers.count - 2, at: now) }
      },
      Act(after: .seconds(10), every: .seconds(10)) { fleet, now in
        let busy = fleet.workers.count - 2
        guard fleet.workers[busy].canTake > 0 else { return }
        fleet.hand("exports.build", to: busy, at: now)
      },
    ])
}
