package import TaskmonUnits

/// How the event stream is doing.
package struct EventStreamFacts: Sendable, Equatable, Codable {
  /// The pattern subscribed to; nil while not subscribed.
  package var pattern: String?
  /// Nil while not subscribed.
  package var connectedSince: Timestamp?
  /// When our own subscription was proved alive (a message or the answer to a ping), oldest first;
  /// bounded.
  ///
  /// What happened outside these was not heard.
  package var heard: [Interval]
  package var received: Int
  package var undecodable: Int
  /// Task events seen since this process began.
  package var taskEvents: Int
  /// Interruptions of the stream since this process began, times when it stood still included.
  package var gaps: Int
  package var lastGap: Timestamp?
  /// The largest receipt minus event time of the last minute, else that of the last event; nil
  /// before the first.
  package var lag: Seconds?
  /// Tasks in the ledger, and records it dropped because it was full.
  package var trackedTasks: Int
  package var dropped: Int
  /// Task events by type (`task-received`, …), since this process began.
  package var taskEventCounts: [String: Int]

  package init(
    pattern: String? = nil, connectedSince: Timestamp? = nil, heard: [Interval] = [],
    received: Int = 0, undecodable: Int = 0, taskEvents: Int = 0, gaps: Int = 0,
    lastGap: Timestamp? = nil, lag: Seconds? = nil, trackedTasks: Int = 0, dropped: Int = 0,
    taskEventCounts: [String: Int] = [:]
  ) {
    self.pattern = pattern
    self.connectedSince = connectedSince
    self.heard = heard
    self.received = received
    self.undecodable = undecodable
    self.taskEvents = taskEvents
    self.gaps = gaps
    self.lastGap = lastGap
    self.lag = lag
    self.trackedTasks = trackedTasks
    self.dropped = dropped
    self.taskEventCounts = taskEventCounts
  }
}

/// A task that is running as far as is known.
package struct RunningTask: Sendable, Equatable, Codable {
  package var id: String
  /// Nil where the event that carries the name was not heard.
  package var task: String?
  package var worker: WorkerID
  package var startedAt: Timestamp
  /// When an `active` reply last listed it; nil where only its start event is known.
  package var confirmedAt: Timestamp?
  /// True: already acknowledged, lost if the worker dies.
  ///
  /// Nil where no reply told.
  package var acknowledged: Bool?
  package var retries: Int?
  package var limits: TaskLimits
  /// How long this task usually runs; nil where too little was seen.
  package var usual: RuntimeStatistics?
  /// The routing key it came by; nil where no reply told.
  package var queue: String?
  /// Of the process or thread that runs it; nil where no reply told.
  package var childPID: Int?
  /// As the worker prints them; nil where no reply told, and never encoded: they may be anything.
  package var argumentsText: String?
  package var keywordArgumentsText: String?

  /// Everything but the arguments.
  private enum CodingKeys: String, CodingKey {
    case id, task, worker, startedAt, confirmedAt, acknowledged, retries, limits, usual, queue
    case childPID
  }

  package init(
    id: String, task: String?, worker: WorkerID, startedAt: Timestamp,
    confirmedAt: Timestamp? = nil, acknowledged: Bool? = nil, retries: Int? = nil,
    limits: TaskLimits = TaskLimits(), usual: RuntimeStatistics? = nil, queue: String? = nil,
    argumentsText: String? = nil, keywordArgumentsText: String? = nil, childPID: Int? = nil
  ) {
    self.childPID = childPID
    self.id = id
    self.task = task
    self.worker = worker
    self.startedAt = startedAt
    self.confirmedAt = confirmedAt
    self.acknowledged = acknowledged
    self.retries = retries
    self.limits = limits
    self.usual = usual
    self.queue = queue
    self.argumentsText = argumentsText
    self.keywordArgumentsText = keywordArgumentsText
  }
}

/// How long the runs of one task took that were seen to end.
package struct RuntimeStatistics: Sendable, Hashable, Codable {
  package var runs: Int
  /// Ninety-nine of a hundred runs took no longer.
  package var p99: Seconds

  package init(runs: Int, p99: Seconds) {
    self.runs = runs
    self.p99 = p99
  }
}
