package import TaskmonUnits

/// One attempt that has ended, as its worker told.
package struct RecentRun: Sendable, Hashable, Codable {
  package enum Outcome: String, Sendable, Codable, CaseIterable {
    case succeeded, failed, retried, rejected, revoked
  }

  package var id: String
  /// Nil where no event named it.
  package var task: String?
  package var worker: WorkerID
  package var queue: String?
  package var outcome: Outcome
  /// By the worker's clock; nil where its start was not heard, or it never started.
  package var startedAt: Timestamp?
  package var endedAt: Timestamp
  /// As the worker measured, else from start to end; nil where neither is known.
  package var runtime: Seconds?
  /// Attempts before this one; nil where its receipt was not heard.
  package var retries: Int?

  package init(
    id: String, task: String?, worker: WorkerID, queue: String? = nil, outcome: Outcome,
    startedAt: Timestamp? = nil, endedAt: Timestamp, runtime: Seconds? = nil, retries: Int? = nil
  ) {
    self.id = id
    self.task = task
    self.worker = worker
    self.queue = queue
    self.outcome = outcome
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.runtime = runtime
    self.retries = retries
  }
}

/// One attempt that failed or will be retried, as its worker told.
///
/// What the exception said is for the eyes of whoever runs taskmon here, for it may hold anything:
/// it is not encoded, so that it never leaves the process.
package struct RecentFailure: Sendable, Equatable, Codable {
  package var id: String
  /// Nil where no event named it.
  package var task: String?
  package var worker: WorkerID
  package var queue: String?
  package var at: Timestamp
  /// True: there will be another attempt.
  package var isRetry: Bool
  /// Attempts before this one; nil where its receipt was not heard.
  package var retries: Int?
  /// The exception's class without its module; nil where its text names none.
  package var exceptionClass: String?
  /// Python's repr of the exception, at most 1 KiB; never encoded.
  package var message: String?
  /// The end of the traceback, at most 4 KiB; never encoded.
  package var traceback: String?

  /// Everything but `message` and `traceback`.
  private enum CodingKeys: String, CodingKey {
    case id, task, worker, queue, at, isRetry, retries, exceptionClass
  }

  package init(
    id: String, task: String?, worker: WorkerID, queue: String? = nil, at: Timestamp,
    isRetry: Bool = false, retries: Int? = nil, exceptionClass: String? = nil,
    message: String? = nil, traceback: String? = nil
  ) {
    self.id = id
    self.task = task
    self.worker = worker
    self.queue = queue
    self.at = at
    self.isRetry = isRetry
    self.retries = retries
    self.exceptionClass = exceptionClass
    self.message = message
    self.traceback = traceback
  }
}

/// One attempt of a task that was started twice, on two deliveries.
package struct DuplicateExecution: Sendable, Equatable, Codable {
  package var id: String
  package var task: String?
  package var retries: Int
  package var first: WorkerID
  /// By the worker's clock; nil where unheard.
  package var firstAt: Timestamp?
  package var second: WorkerID
  package var secondAt: Timestamp

  package init(
    id: String, task: String?, retries: Int = 0, first: WorkerID, firstAt: Timestamp?,
    second: WorkerID, secondAt: Timestamp
  ) {
    self.id = id
    self.task = task
    self.retries = retries
    self.first = first
    self.firstAt = firstAt
    self.second = second
    self.secondAt = secondAt
  }
}

/// What one worker's own events tell beyond its heartbeat's fields.
package struct WorkerEventFacts: Sendable, Equatable, Codable {
  /// Heartbeats heard since this process began.
  package var heartbeats: Int
  /// Task events heard since this process began.
  package var taskEvents: Int
  package var lastTaskEvent: Timestamp?
  /// Receipt minus event time of its last heartbeats, oldest first; at most ten.
  ///
  /// Of heartbeats since our stream was last whole and our clock last set.
  package var heartbeatDelays: [Seconds]
  /// By how much its `processed` has grown since the last task event, or since our stream was last
  /// whole where that is later; nil before the second heartbeat that told it.
  package var unseenRuns: Int?
  /// Received and not started as far as heard, with those that wait for their eta; those received
  /// before our stream was last whole are in no count.
  package var held: Int
  /// Of `held`, those whose eta lies ahead.
  package var scheduled: Int
  /// Of `held` without those scheduled, the ones held longest first; at most five.
  package var longestHeld: [HeldTask]

  package init(
    heartbeats: Int = 0, taskEvents: Int = 0, lastTaskEvent: Timestamp? = nil,
    heartbeatDelays: [Seconds] = [], unseenRuns: Int? = nil, held: Int = 0, scheduled: Int = 0,
    longestHeld: [HeldTask] = []
  ) {
    self.heartbeats = heartbeats
    self.taskEvents = taskEvents
    self.lastTaskEvent = lastTaskEvent
    self.heartbeatDelays = heartbeatDelays
    self.unseenRuns = unseenRuns
    self.held = held
    self.scheduled = scheduled
    self.longestHeld = longestHeld
  }

  /// Messages it could start at once if it had a free slot.
  package var due: Int { max(0, held - scheduled) }

  /// How far its clock is behind ours, at most: what an event needed to come here only adds to it.
  ///
  /// Negative where it is ahead; nil before the first heartbeat.
  package var clockOffset: Seconds? { heartbeatDelays.min() }
}

/// A task in the hands of a worker: received, or running.
package struct HeldTask: Sendable, Hashable, Codable {
  package var id: String
  /// Nil where no event named it.
  package var task: String?
  /// Receipt or start, by the worker's clock; of one that was scheduled, when it became due.
  package var since: Timestamp
  package var isRunning: Bool
  /// True: already acknowledged, lost if the worker dies.
  ///
  /// Nil where no reply told.
  package var acknowledged: Bool?
  /// When it was handed out, by the worker's clock; nil where it was not seen unacknowledged.
  package var deliveredAt: Timestamp?

  package init(
    id: String, task: String?, since: Timestamp, isRunning: Bool = false,
    acknowledged: Bool? = nil, deliveredAt: Timestamp? = nil
  ) {
    self.id = id
    self.task = task
    self.since = since
    self.isRunning = isRunning
    self.acknowledged = acknowledged
    self.deliveredAt = deliveredAt
  }
}

extension HeldTask {
  /// Between the events of one worker and its index of deliveries.
  private static let margin = Seconds(5)
  /// What was seen unacknowledged may have been looked at so long before.
  private static let age = Seconds(30)

  /// Whether a delivery is that of this task in these hands; a later one is into others'.
  package func wasDelivered(at moment: Timestamp) -> Bool { moment <= since + Self.margin }

  /// Takes in where its message was seen, or what an earlier look at the same task found.
  ///
  /// Whoever is seen unacknowledged at work is acknowledged late.
  mutating func take(delivery: Timestamp?, after earlier: HeldTask?, at now: Timestamp) {
    let own = delivery.flatMap { wasDelivered(at: $0) ? $0 : nil }
    deliveredAt = own ?? earlier?.deliveredAt.flatMap { wasDelivered(at: $0) ? $0 : nil }
    guard isRunning, acknowledged == nil else { return }
    let wasLate = earlier?.isRunning == true && earlier?.since == since
    if own != nil, now - since >= Self.age {
      acknowledged = false
    } else if wasLate, earlier?.acknowledged == false {
      acknowledged = false
    }
  }
}
