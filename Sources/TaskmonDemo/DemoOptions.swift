/// How large the demo's fleet is and what goes wrong in it.
package struct DemoOptions: Sendable {
  package var scenario: Scenario
  /// 1 to 64.
  package var workers: Int
  /// 1 to 64.
  package var queues: Int
  /// 0.1 to 500, on average and without bursts.
  package var tasksPerSecond: Double
  /// The same seed and the same clock give the same fleet.
  package var seed: UInt64

  /// Values out of range are brought into it.
  package init(
    scenario: Scenario = ScenarioRegistry.show, workers: Int = 4, queues: Int = 4,
    tasksPerSecond: Double = 20, seed: UInt64 = 20_260_101
  ) {
    self.scenario = scenario
    self.workers = min(max(1, workers), 64)
    self.queues = min(max(1, queues), 64)
    self.tasksPerSecond =
      tasksPerSecond.isFinite ? min(max(0.1, tasksPerSecond), 500) : 20
    self.seed = seed
  }
}
