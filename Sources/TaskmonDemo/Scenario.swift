import TaskmonUnits

/// A story the fleet plays: healthy, or with a named mistake.
///
/// A new one is a file in `Scenarios/` and a line in `ScenarioRegistry`; one that shows a rule has
/// the rule's id for its name.
package struct Scenario: Sendable {
  /// What the command line calls it.
  package let name: String
  /// One line on what goes on and what to look at.
  package let summary: String
  /// Thresholds set down for this demo, `RULE.THRESHOLD=VALUE`: nobody waits an hour for a demo.
  package let thresholds: [String]
  /// Where the fleet lives; whoever looks is sent to database 0.
  let database: Int
  /// Connections that somebody has opened and does nothing with.
  let idleConnections: Int
  /// Whether workers keep their logs in files.
  let keepsLogs: Bool
  /// What is different from the start, before any process has written anything.
  let prepare: @Sendable (inout DemoFleet, Timestamp) -> Void
  /// What happens beside a healthy day, and when.
  let acts: [Act]

  init(
    name: String, summary: String, thresholds: [String] = [], database: Int = 0,
    idleConnections: Int = 0, keepsLogs: Bool = false,
    prepare: @escaping @Sendable (inout DemoFleet, Timestamp) -> Void = { _, _ in },
    acts: [Act] = []
  ) {
    self.name = name
    self.summary = summary
    self.thresholds = thresholds
    self.database = database
    self.idleConnections = idleConnections
    self.keepsLogs = keepsLogs
    self.prepare = prepare
    self.acts = acts
  }

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
