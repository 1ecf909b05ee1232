import TaskmonUnits

extension Scenario {
  /// One part of a chord was lost: its body waits for ever.
  static let stuckChord = Scenario(
    name: "stuck-chord",
    summary:
      "after 20 s a chord of reports.render has 11 of its 12 parts: look at the Results view",
    thresholds: ["stuck-chord.unchanged=10s"],
    acts: [
      Act(after: .seconds(20)) { fleet, now in
        fleet.publishChord(of: "reports.render", body: "reports.bind", size: 12, at: now)
      }
    ])
}
