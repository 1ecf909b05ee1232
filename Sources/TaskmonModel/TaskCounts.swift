/// How often things happened to tasks, as their events told; never negative.
///
/// Zero means that it was not heard to happen: what workers do that send no task events, and what
/// came while the stream was cut, is in none of these.
package struct TaskCounts: Sendable, Hashable, Codable {
  /// Published, heard from publishers that set `task_send_sent_event`.
  package var sent: Int
  /// Delivered to a worker; a redelivery counts again.
  package var received: Int
  /// Runs begun.
  package var started: Int
  package var succeeded: Int
  /// Final failures; an attempt that will be retried is in `retried`.
  package var failed: Int
  package var retried: Int
  package var rejected: Int
  /// Revoked, or expired before it ran.
  package var revoked: Int
  /// Of `revoked`, those that had expired.
  package var expired: Int
  /// Of `failed`, those whose process was killed under them (`WorkerLostError`).
  package var workerLost: Int
  /// Second starts of one attempt that a second delivery brought.
  package var duplicates: Int
  /// Of `received`, those of an attempt that had been received before: handed out again by Redis,
  /// requeued, or a broadcast's copy for another worker.
  package var redelivered: Int

  package init(
    sent: Int = 0, received: Int = 0, started: Int = 0, succeeded: Int = 0, failed: Int = 0,
    retried: Int = 0, rejected: Int = 0, revoked: Int = 0, expired: Int = 0, workerLost: Int = 0,
    duplicates: Int = 0, redelivered: Int = 0
  ) {
    self.sent = sent
    self.received = received
    self.started = started
    self.succeeded = succeeded
    self.failed = failed
    self.retried = retried
    self.rejected = rejected
    self.revoked = revoked
    self.expired = expired
    self.workerLost = workerLost
    self.duplicates = duplicates
    self.redelivered = redelivered
  }

  package static let zero = TaskCounts()

  /// Tasks done with: succeeded or failed for good.
  package var completed: Int { succeeded.addingClamped(failed) }

  /// Everything that was heard to happen, to find the busiest; a task counts several times.
  package var activity: Int {
    [sent, received, started, completed, retried, rejected, revoked]
      .reduce(0) { $0.addingClamped($1) }
  }

  package static func + (left: TaskCounts, right: TaskCounts) -> TaskCounts {
    TaskCounts(
      sent: left.sent.addingClamped(right.sent),
      received: left.received.addingClamped(right.received),
      started: left.started.addingClamped(right.started),
      succeeded: left.succeeded.addingClamped(right.succeeded),
      failed: left.failed.addingClamped(right.failed),
      retried: left.retried.addingClamped(right.retried),
      rejected: left.rejected.addingClamped(right.rejected),
      revoked: left.revoked.addingClamped(right.revoked),
      expired: left.expired.addingClamped(right.expired),
      workerLost: left.workerLost.addingClamped(right.workerLost),
      duplicates: left.duplicates.addingClamped(right.duplicates),
      redelivered: left.redelivered.addingClamped(right.redelivered))
  }

  package static func += (left: inout TaskCounts, right: TaskCounts) { left = left + right }
}

/// Counts with what failures and retries were about.
package struct TaskTally: Sendable, Hashable, Codable {
  package var counts: TaskCounts
  /// Final failures by the exception's class, without its module; those whose text names no class
  /// are in `counts` only.
  package var failures: [String: Int]
  /// Retries by the class of the exception that caused them.
  package var retries: [String: Int]
  /// Counted within the last ten minutes only; in totals there are none.
  package var marks: TaskMarks

  package init(
    _ counts: TaskCounts = .zero, failures: [String: Int] = [:], retries: [String: Int] = [:],
    marks: TaskMarks = .none
  ) {
    self.counts = counts
    self.failures = failures
    self.retries = retries
    self.marks = marks
  }

  private enum CodingKeys: String, CodingKey {
    case counts, failures, retries, marks
  }

  /// Earlier versions wrote no marks.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    counts = try container.decode(TaskCounts.self, forKey: .counts)
    failures = try container.decode([String: Int].self, forKey: .failures)
    retries = try container.decode([String: Int].self, forKey: .retries)
    marks = try container.decodeIfPresent(TaskMarks.self, forKey: .marks) ?? .none
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(counts, forKey: .counts)
    try container.encode(failures, forKey: .failures)
    try container.encode(retries, forKey: .retries)
    if marks != .none { try container.encode(marks, forKey: .marks) }
  }

  package static func + (left: TaskTally, right: TaskTally) -> TaskTally {
    TaskTally(
      left.counts + right.counts,
      failures: left.failures.merging(right.failures) { $0.addingClamped($1) },
      retries: left.retries.merging(right.retries) { $0.addingClamped($1) },
      marks: left.marks + right.marks)
  }

  package static func += (left: inout TaskTally, right: TaskTally) { left = left + right }
}
