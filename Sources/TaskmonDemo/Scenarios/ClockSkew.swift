import TaskmonUnits

extension Scenario {
  /// The clock of one machine is 40 s behind.
  static let clockSkew = Scenario(
    name: "clock-skew",
    summary: "the clock of one worker is 40 s behind: look at the Workers view",
    prepare: { fleet, now in
      fleet.shop.kinds.append(TaskKind("imports.load", queue: "imports", runtime: 0.1...0.3))
      fleet.recruit(for: "imports", at: now) { $0.clockOffset = .seconds(-40) }
    },
    acts: [
      Act(every: .seconds(5)) { fleet, now in fleet.publish("imports.load", at: now) }
    ])
}
