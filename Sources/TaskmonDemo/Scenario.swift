import TaskmonUnits

/// A story the fleet plays: healthy, or with a named mistake.
///
/// A new one is a file in `Scenarios/` and a line in `ScenarioRegistry`.
package struct Scenario: Sendable {
  /// What the command line calls it.
  package let name: String
  /// One line on what goes on and what to look at.
  package let summary: String
  /// What happens beside a healthy day, and when.
  let acts: [Act]

  /// Something that happens to the fleet.
  struct Act: Sendable {
    /// Counted from the start of the fleet.
    var after: Seconds
    /// How often it happens again; nil for once.
    var every: Seconds?
    let play: @Sendable (inout DemoFleet, Timestamp) -> Void

    init(
      after: Seconds = .zero, every: Seconds? = nil,
      play: @escaping @Sendable (inout DemoFleet, Timestamp) -> Void
    ) {
      self.after = after
      self.every = every
      self.play = play
    }

    /// The same act, later.
    func delayed(by wait: Seconds) -> Act {
      Act(after: after + wait, every: every, play: play)
    }
  }
}
