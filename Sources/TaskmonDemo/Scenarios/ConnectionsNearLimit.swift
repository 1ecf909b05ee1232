import TaskmonUnits

extension Scenario {
  /// Somebody opens connections and never closes them.
  static let connectionsNearLimit = Scenario(
    name: "connections-near-limit",
    summary: "90 connections lie idle and maxclients is 112: look at the Broker view",
    idleConnections: 90,
    acts: [
      Act { fleet, _ in fleet.configure("maxclients", "112") }
    ])
}
