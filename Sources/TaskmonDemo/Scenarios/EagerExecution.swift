import TaskmonUnits

extension Scenario {
  /// A web process was started with the settings of the tests, and runs its tasks itself.
  ///
  /// It stores what they return (`task_store_eager_result`): without that nothing would show.
  static let eagerExecution = Scenario(
    name: "eager-execution",
    summary: "the web process web-1 runs billing.sync itself, in the middle of its requests",
    acts: [
      Act(every: .minutes(1)) { fleet, now in
        for second in 1...6 {
          fleet.leaveResult(
            of: "billing.sync", by: "web-1", expires: true, at: now - .seconds(Double(second)))
        }
      }
    ])
}
