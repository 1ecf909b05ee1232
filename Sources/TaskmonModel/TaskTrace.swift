package import TaskmonUnits

/// Where one task is: everything Redis and the workers say of its id at one moment.
///
/// A task that has been handed to a worker with early acknowledgement is in no key of Redis until
/// its result is stored; only its worker's answer tells that it runs.
package struct TaskTrace: Sendable, Equatable {
  package var id: String
  /// taskmon's own wall clock when it began to look.
  package var lookedAt: Timestamp
  /// Its messages that wait in queues: usually one at most.
  package var waiting: Observation<[WaitingMessage]>
  /// Messages of it that workers hold unacknowledged: prefetched, waiting for their eta, or running
  /// with late acknowledgement.
  package var held: Observation<[UnackedMessage]>
  /// How far the queues and the held messages were searched.
  package var queueSearch: SearchExtent
  package var heldSearch: SearchExtent
  /// What workers said of it.
  package var workers: Observation<AskedWorkers>
  /// What workers that run it, hold it or will be given it have told of their tasks and settings;
  /// some of them.
  package var informed: [WorkerFacts]
  /// What is stored of it; the value is nil where nothing is.
  package var result: Observation<TaskResult?>
  /// After how long Redis hands a held message out again, and who says so.
  package var visibilityTimeout: Seconds
  package var visibilityTimeoutSource: VisibilitySource

  /// Who says how long a message stays out.
  package enum VisibilitySource: Sendable, Hashable {
    case given
    case worker
    /// kombu's own, because nobody said otherwise.
    case assumed
  }

  package init(
    id: String, lookedAt: Timestamp,
    waiting: Observation<[WaitingMessage]> = .unavailable("not looked for"),
    held: Observation<[UnackedMessage]> = .unavailable("not looked for"),
    queueSearch: SearchExtent = SearchExtent(), heldSearch: SearchExtent = SearchExtent(),
    workers: Observation<AskedWorkers> = .unavailable("not asked"),
    informed: [WorkerFacts] = [],
    result: Observation<TaskResult?> = .unavailable("not looked for"),
    visibilityTimeout: Seconds = WorkerSettings.Standard.visibilityTimeout,
    visibilityTimeoutSource: VisibilitySource = .assumed
  ) {
    self.id = id
    self.lookedAt = lookedAt
    self.waiting = waiting
    self.held = held
    self.queueSearch = queueSearch
    self.heldSearch = heldSearch
    self.workers = workers
    self.informed = informed
    self.result = result
    self.visibilityTimeout = visibilityTimeout
    self.visibilityTimeoutSource = visibilityTimeoutSource
  }

  /// The task's name, from whoever tells.
  package var task: String? {
    let messages =
      (waiting.value ?? []).map(\.message) + (held.value ?? []).compactMap(\.message.value)
    return messages.lazy.compactMap(\.task).first
      ?? (workers.value?.runs ?? []).lazy.compactMap(\.task).first ?? (result.value ?? nil)?.task
  }

  /// Anything at all is known of it.
  package var isFound: Bool {
    waiting.value?.isEmpty == false || held.value?.isEmpty == false
      || workers.value?.runs.isEmpty == false || (result.value ?? nil) != nil
  }
}

/// A message that waits in a queue, and its place there.
package struct WaitingMessage: Sendable, Equatable {
  package var queue: String
  /// The priority step whose list it is in; 0 is the most urgent.
  package var step: Int
  /// Messages that are taken before it, those of more urgent steps counted in.
  package var ahead: Int
  package var message: MessageFacts

  package init(queue: String, step: Int, ahead: Int, message: MessageFacts) {
    self.queue = queue
    self.step = step
    self.ahead = ahead
    self.message = message
  }
}

/// How much of what there is was looked at.
package struct SearchExtent: Sendable, Hashable {
  package var looked: Int
  package var total: Int
  /// Why something was not looked at, one clause each; empty where everything was.
  package var omissions: [String]

  package init(looked: Int = 0, total: Int = 0, omissions: [String] = []) {
    self.looked = looked
    self.total = total
    self.omissions = omissions
  }

  package var isWhole: Bool { omissions.isEmpty }
}

/// What the workers answered when they were asked for one task.
package struct AskedWorkers: Sendable, Equatable {
  /// Connections that received the question: workers, and beats with remote control.
  package var receivers: Int
  /// The node names of those that answered, sorted.
  package var answered: [String]
  /// Where it runs or is held: usually one at most.
  package var runs: [WorkerRun]

  package init(receivers: Int, answered: [String], runs: [WorkerRun] = []) {
    self.receivers = receivers
    self.answered = answered
    self.runs = runs
  }

  package var silent: Int { max(0, receivers - answered.count) }
}

/// A task in the hands of a worker, as that worker says.
package struct WorkerRun: Sendable, Hashable {
  package enum Stage: String, Sendable, CaseIterable {
    /// It runs.
    case active
    /// It waits for a free slot.
    case reserved
    /// It waits for its eta.
    case scheduled
    /// The worker knows it and says nothing of its stage.
    case ready
  }

  package var worker: String
  package var stage: Stage
  package var task: String?
  /// By the worker's clock; nil while it does not run.
  package var startedAt: Timestamp?
  /// The process of the pool that runs it.
  package var processID: Int?
  /// True: already acknowledged, lost if the worker dies.
  package var acknowledged: Bool?
  package var queue: String?
  package var redelivered: Bool?
  package var argumentsText: String?
  package var keywordArgumentsText: String?

  package init(
    worker: String, stage: Stage, task: String? = nil, startedAt: Timestamp? = nil,
    processID: Int? = nil, acknowledged: Bool? = nil, queue: String? = nil,
    redelivered: Bool? = nil, argumentsText: String? = nil, keywordArgumentsText: String? = nil
  ) {
    self.worker = worker
    self.stage = stage
    self.task = task
    self.startedAt = startedAt
    self.processID = processID
    self.acknowledged = acknowledged
    self.queue = queue
    self.redelivered = redelivered
    self.argumentsText = argumentsText
    self.keywordArgumentsText = keywordArgumentsText
  }
}

/// What the result backend has of one task.
package struct TaskResult: Sendable, Equatable {
  /// `SUCCESS`, `FAILURE`, `STARTED`, …; nil where it could not be told.
  package var state: String?
  package var size: ByteCount
  /// Nil: it never expires.
  package var timeToLive: Seconds?
  /// It was read whole; else only its ends were.
  package var isWhole: Bool
  package var doneAt: Timestamp?
  /// Of a failure; nil elsewhere.
  package var exceptionClass: String?
  /// What the exception said.
  package var exceptionText: String?
  package var traceback: String?
  /// What the task returned, as Python prints it; nil where it was not read.
  package var valueText: String?
  /// Only with `result_extended`, or where its state tells.
  package var task: String?
  package var worker: String?
  package var queue: String?
  package var retries: Int?
  package var argumentsText: String?
  package var keywordArgumentsText: String?
  package var parentID: String?
  package var groupID: String?
  /// Tasks it has called; nil where it was not read.
  package var children: Int?

  package init(
    state: String? = nil, size: ByteCount, timeToLive: Seconds? = nil, isWhole: Bool = false
  ) {
    self.state = state
    self.size = size
    self.timeToLive = timeToLive
    self.isWhole = isWhole
  }
}
