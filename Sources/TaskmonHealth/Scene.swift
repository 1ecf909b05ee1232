package import TaskmonModel

/// What rules judge: the latest snapshot, the past, and what many of them derive from both.
///
/// Made once for each evaluation, so that not every rule looks at all workers anew.
package struct Scene: Sendable {
  package let history: SnapshotHistory
  package let snapshot: Snapshot
  /// Who lives, by the standard thresholds of `lost-worker`.
  let watch: WorkerWatch
  let fleet: LiveFleet
  let heard: HeardTasks
  let use: TasksInUse
  let lateness: ScheduleLateness
  /// As it is assumed where nobody tells.
  let visibility: VisibilityTimeout

  package init(_ history: SnapshotHistory, _ snapshot: Snapshot) {
    let watch = WorkerWatch(history, snapshot)
    self.history = history
    self.snapshot = snapshot
    self.watch = watch
    fleet = LiveFleet(watch)
    heard = HeardTasks(watch)
    use = TasksInUse(snapshot)
    lateness = ScheduleLateness(history, snapshot)
    visibility = VisibilityTimeout(watch, assumed: VisibilityTimeout.standard)
  }
}
