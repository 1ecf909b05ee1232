import TaskmonUnits

extension Scenario {
  /// Beat works for four minutes at a time, and its schedule waits meanwhile.
  ///
  /// It has been at it for a minute, so that nobody has to wait until that shows.
  static let beatLate = Scenario(
    name: "beat-late",
    summary:
      "beat works four minutes at a time and all entries wait for it: look at the Beat view",
    prepare: { fleet, now in
      fleet.occupyBeat(since: now - .minutes(1), work: .minutes(4))
    })
}
