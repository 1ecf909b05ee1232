/// Every scenario of the demo, in the order `--list` shows them.
package enum ScenarioRegistry {
  /// What plays where none is named: healthy for 15 s, then the three headline mistakes.
  package static let show = Scenario.show

  package static let all: [Scenario] = [
    .show,
    .healthy,
    .multipleBeats,
    .stuckTask,
    .oversizedResult,
    .lostWorker,
    .beatDown,
    .workerWithoutTasks,
    .unregisteredTask,
  ]

  package static func named(_ name: String) -> Scenario? { all.first { $0.name == name } }
}
