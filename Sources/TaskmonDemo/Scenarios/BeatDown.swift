import TaskmonUnits

extension Scenario {
  /// The only beat was killed and left its lock, which runs out.
  ///
  /// It has been dead for ten minutes, so that nobody has to wait until that shows.
  static let beatDown = Scenario(
    name: "beat-down",
    summary: "RedBeat was killed: its lock runs out, and nothing periodic is sent any more",
    acts: [
      Act { fleet, now in fleet.loseBeats(diedAt: now - .minutes(10)) }
    ])
}
