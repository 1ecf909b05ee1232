import TaskmonUnits

extension Scenario {
  /// How long all is well before the mistakes begin.
  static let quietStart = Seconds.seconds(15)

  /// The three mistakes that are made most, after a while of health to compare with.
  static let show = Scenario(
    name: "show",
    summary: "healthy for 15 s, then two beats, a stuck task and an oversized result together",
    acts: (Scenario.multipleBeats.acts + Scenario.stuckTask.acts + Scenario.oversizedResult.acts)
      .map { $0.delayed(by: quietStart) })
}
