import TaskmonUnits

extension Scenario {
  /// A task with a hard limit hangs on a pool of threads, which cannot enforce limits.
  ///
  /// It has been hanging for ten minutes, so that nobody has to wait until that shows.
  static let stuckTask = Scenario(
    name: "stuck-task",
    summary: "reports.export hangs far past its hard limit of 60 s, on a pool of threads",
    acts: [
      Act { fleet, now in fleet.hang(task: "reports.export", since: now - .minutes(10)) }
    ])
}
