import TaskmonUnits

extension Scenario {
  /// The server goes away and does not come back.
  static let brokerUnreachable = Scenario(
    name: "broker-unreachable",
    summary: "after 20 s Redis is shut down: the last data stay in sight with their age",
    acts: [
      Act(after: .seconds(20)) { fleet, _ in fleet.shutDownServer() }
    ])
}
