import TaskmonUnits

extension Scenario {
  /// A worker was started with an embedded beat beside the one that holds RedBeat's lock.
  static let multipleBeats = Scenario(
    name: "multiple-beats",
    summary: "a second beat sends every periodic task again: look at the Beat view",
    acts: [
      Act { fleet, now in fleet.addEmbeddedBeat(lag: .seconds(0.1), at: now) }
    ])
}
