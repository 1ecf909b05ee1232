import TaskmonUnits

extension Scenario {
  /// A cache shares the broker's memory and has filled most of it.
  static let brokerMemoryHigh = Scenario(
    name: "broker-memory-high",
    summary: "Redis is nearly full and will refuse tasks: look at the Broker view",
    acts: [
      Act { fleet, _ in
        fleet.configure("maxmemory", "94mb")
        fleet.configure("maxmemory-policy", "noeviction")
        // Some of 80 MiB, which the allocator gives out whole.
        fleet.fill("cache:catalogue", megabytes: 79)
      }
    ])
}
