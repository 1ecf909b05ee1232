package import TaskmonModel
package import TaskmonUnits

/// How long a queue's workers would need to empty it at their present pace.
package enum QueueDrain {
  /// Over which the pace is seen.
  package static let window = Seconds.minutes(10)

  /// By queue; a queue of which it is not known is absent.
  ///
  /// Infinite where messages waited all the time and none was taken. Workers that serve other
  /// queues too take less from this one than they take in all; then it is the least it can be.
  package static func times(_ history: SnapshotHistory) -> [String: Seconds] {
    guard let snapshot = history.latest, case .value(let queues) = snapshot.queues else {
      return [:]
    }
    let consumption =
      snapshot.workers.value == nil ? nil : Consumption(WorkerWatch(history, snapshot))
    var times: [String: Seconds] = [:]
    for queue in queues {
      times[queue.name] = queue.ready == 0 ? .zero : time(of: queue, history, snapshot, consumption)
    }
    return times
  }

  private static func time(
    of queue: QueueFacts, _ history: SnapshotHistory, _ snapshot: Snapshot,
    _ consumption: Consumption?
  ) -> Seconds? {
    let samples = history.queues[queue.name]?.ready ?? []
    guard let growth = BacklogGrowth(samples, window: window, now: snapshot.takenAt),
      let taken = consumption?.taken(
        from: queue.name, since: growth.start.at, over: window
      ).value
    else { return nil }
    if let time = time(ready: queue.ready, taken: taken, over: growth.span) { return time }
    // Where nothing was there to take, no pace was seen.
    let waited = samples.allSatisfy { $0.at < growth.start.at || $0.ready > 0 }
    return waited ? Seconds(.infinity) : nil
  }

  /// Nil where nothing was taken, so that it never ends.
  static func time(ready: Int, taken: Int, over span: Seconds) -> Seconds? {
    taken > 0 ? span * (Double(ready) / Double(taken)) : nil
  }
}
