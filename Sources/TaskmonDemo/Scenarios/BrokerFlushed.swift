import TaskmonUnits

extension Scenario {
  /// Somebody calls FLUSHALL, as a test suite does that was pointed at the wrong Redis.
  ///
  /// Again every minute, for those who came late; beat dies of its lost lock and is restarted.
  static let brokerFlushed = Scenario(
    name: "broker-flushed",
    summary: "after 20 s FLUSHALL empties Redis, and every minute again: look at the Broker view",
    acts: [
      Act(after: .seconds(20), every: .minutes(1)) { fleet, now in fleet.flush(at: now) }
    ])
}
