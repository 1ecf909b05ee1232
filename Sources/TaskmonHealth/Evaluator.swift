package import TaskmonModel
package import TaskmonUnits

/// Runs every rule over a history and keeps what must outlive one evaluation: the moment each
/// finding began, and those that ended less than the hold time ago.
package struct Evaluator: Sendable {
  private let hold: Seconds

  package init(hold: Seconds = Seconds(60)) { self.hold = hold }

  package mutating func evaluate(_ history: SnapshotHistory) -> HealthReport {
    HealthReport(takenAt: Timestamp(secondsSince1970: 0), observed: hold)
  }
}
