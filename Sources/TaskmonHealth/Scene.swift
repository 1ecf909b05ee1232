package import TaskmonModel

/// What rules judge: the latest snapshot, the past, and what many of them derive from both.
///
/// Made once for each evaluation, so that not every rule looks at all workers anew.
package struct Scene: Sendable {
  package let history: SnapshotHistory
  package let snapshot: Snapshot
  let queues: Observation<[SeenQueue]>
  /// Who lives, by the thresholds of `lost-worker`.
  let watch: WorkerWatch
  let fleet: LiveFleet
  let heard: HeardTasks
  let use: TasksInUse
  let lateness: ScheduleLateness
  /// The time without a beat, by the thresholds of `beat-down`; nil where one works, or may.
  let beatSilence: BeatSilence?
  /// As it is assumed where nobody tells.
  let visibility: VisibilityTimeout

  /// `thresholds` are those of all rules: some judge by what another one says.
  package init(
    _ history: SnapshotHistory, _ snapshot: Snapshot,
    thresholds: ThresholdOverrides = ThresholdOverrides()
  ) {
    let watch = WorkerWatch(history, snapshot, limits: thresholds.values(for: LostWorker.self))
    let lateness = ScheduleLateness(history, snapshot)
    self.history = history
    self.snapshot = snapshot
    queues = snapshot.queues.map { $0.map(SeenQueue.init) }
    self.watch = watch
    fleet = LiveFleet(watch)
    heard = HeardTasks(watch)
    use = TasksInUse(snapshot)
    self.lateness = lateness
    beatSilence = BeatSilence(
      lateness, history, snapshot, thresholds.values(for: BeatDown.self))
    visibility = VisibilityTimeout(watch)
  }
}
