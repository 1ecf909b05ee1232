import TaskmonUnits

extension Scenario {
  /// Redis was set up as a cache: when it is full it throws queues away.
  static let brokerEvicts = Scenario(
    name: "broker-evicts",
    summary:
      "maxmemory-policy is allkeys-lru: a full Redis throws queues away; see the Broker view",
    acts: [
      Act { fleet, _ in
        fleet.configure("maxmemory", "512mb")
        fleet.configure("maxmemory-policy", "allkeys-lru")
      }
    ])
}
