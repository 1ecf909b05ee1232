import TaskmonUnits

extension Scenario {
  /// Neither an append-only file nor snapshots: a restart loses all that waits.
  static let brokerNotPersistent = Scenario(
    name: "broker-not-persistent",
    summary:
      "Redis writes nothing to disk, a restart loses every waiting task: see the Broker view",
    acts: [
      Act { fleet, _ in fleet.configure("save", "") }
    ])
}
