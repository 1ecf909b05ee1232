/// What happened to a task lately that says more than how its runs ended.
package struct TaskMarks: Sendable, Hashable, Codable {
  /// First attempts that failed for good with an error of the network that usually passes, by the
  /// exception's class.
  package var transient: [String: Int]
  /// Failed and retried attempts in which an event loop was misused, by how.
  package var loopFaults: [String: Int]
  /// Attempts started once more by a second delivery, by the worker that had begun them before.
  package var duplicates: [WorkerID: Int]
  /// Attempts started once more after they were given back: rejected and queued again, as a worker
  /// does with what a killed process of its pool was running.
  package var handedBack: Int
  /// Attempts received that were not the first of their task.
  package var laterAttempts: Int
  /// Payloads published to several queues at once, by three of the queues.
  package var fanouts: [[String]: FanoutCounts]

  package init(
    transient: [String: Int] = [:], loopFaults: [String: Int] = [:],
    duplicates: [WorkerID: Int] = [:], handedBack: Int = 0, laterAttempts: Int = 0,
    fanouts: [[String]: FanoutCounts] = [:]
  ) {
    self.transient = transient
    self.loopFaults = loopFaults
    self.duplicates = duplicates
    self.handedBack = handedBack
    self.laterAttempts = laterAttempts
    self.fanouts = fanouts
  }

  package static let none = TaskMarks()

  package static func + (left: TaskMarks, right: TaskMarks) -> TaskMarks {
    TaskMarks(
      transient: left.transient.merging(right.transient) { $0.addingClamped($1) },
      loopFaults: left.loopFaults.merging(right.loopFaults) { $0.addingClamped($1) },
      duplicates: left.duplicates.merging(right.duplicates) { $0.addingClamped($1) },
      handedBack: left.handedBack.addingClamped(right.handedBack),
      laterAttempts: left.laterAttempts.addingClamped(right.laterAttempts),
      fanouts: left.fanouts.merging(right.fanouts, uniquingKeysWith: +))
  }
}

/// How often one payload went to several queues, and what its messages showed.
package struct FanoutCounts: Sendable, Hashable, Codable {
  package var count: Int
  /// Of those one of whose messages was seen: parts of a group, and not.
  package var parts: Int
  package var single: Int

  package init(count: Int = 0, parts: Int = 0, single: Int = 0) {
    self.count = count
    self.parts = parts
    self.single = single
  }

  package static func + (left: FanoutCounts, right: FanoutCounts) -> FanoutCounts {
    FanoutCounts(
      count: left.count.addingClamped(right.count), parts: left.parts.addingClamped(right.parts),
      single: left.single.addingClamped(right.single))
  }
}
