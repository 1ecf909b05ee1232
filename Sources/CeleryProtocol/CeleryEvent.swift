package import TaskmonUnits

/// One event of a worker or a publisher.
package struct CeleryEvent: Sendable, Equatable {
  /// The node name; in `task-sent` the publisher's `gen<pid>@<host>`.
  package var hostname: String
  package var pid: Int?
  /// By the sender's clock; nil where the event carries none.
  package var timestamp: Timestamp?
  /// The Lamport clock; nil in events sent without one.
  package var clock: Int?
  package var kind: Kind

  package enum Kind: Sendable, Equatable {
    case workerOnline(WorkerState)
    case workerHeartbeat(WorkerState)
    case workerOffline(WorkerState)
    case taskSent(TaskAnnouncement)
    case taskReceived(TaskAnnouncement)
    case taskStarted(id: String)
    /// The result itself is left out; `runtime` is what the worker measured.
    case taskSucceeded(id: String, runtime: Seconds?)
    case taskFailed(TaskFailure)
    case taskRetried(TaskFailure)
    case taskRejected(id: String, requeue: Bool?)
    case taskRevoked(TaskRevocation)
    /// A type that is not Celery's own, as it names itself.
    case other(String)
  }

  package init(
    hostname: String, pid: Int? = nil, timestamp: Timestamp? = nil, clock: Int? = nil, kind: Kind
  ) {
    self.hostname = hostname
    self.pid = pid
    self.timestamp = timestamp
    self.clock = clock
    self.kind = kind
  }
}

/// What a worker says of itself; the answer to the control request `heartbeat` has only some of it.
package struct WorkerState: Sendable, Equatable {
  /// Between heartbeats.
  package var frequency: Seconds?
  package var active: Int?
  package var processed: Int?
  package var loadAverage: [Double]?
  package var softwareVersion: String?

  package init(
    frequency: Seconds? = nil, active: Int? = nil, processed: Int? = nil,
    loadAverage: [Double]? = nil, softwareVersion: String? = nil
  ) {
    self.frequency = frequency
    self.active = active
    self.processed = processed
    self.loadAverage = loadAverage
    self.softwareVersion = softwareVersion
  }
}

/// A task sent or received: the only events that carry its name.
package struct TaskAnnouncement: Sendable, Equatable {
  package var id: String
  package var name: String?
  /// Python's repr as the event has it, cut at 1 KiB.
  package var argumentsRepr: String?
  package var keywordArgumentsRepr: String?
  package var retries: Int?
  package var eta: Timestamp?
  package var expires: Timestamp?
  /// `task-sent` only, as exchange and routing key are.
  package var queue: String?
  package var exchange: String?
  package var routingKey: String?
  package var rootID: String?
  package var parentID: String?

  package init(
    id: String, name: String? = nil, argumentsRepr: String? = nil,
    keywordArgumentsRepr: String? = nil, retries: Int? = nil, eta: Timestamp? = nil,
    expires: Timestamp? = nil, queue: String? = nil, exchange: String? = nil,
    routingKey: String? = nil, rootID: String? = nil, parentID: String? = nil
  ) {
    self.id = id
    self.name = name
    self.argumentsRepr = argumentsRepr
    self.keywordArgumentsRepr = keywordArgumentsRepr
    self.retries = retries
    self.eta = eta
    self.expires = expires
    self.queue = queue
    self.exchange = exchange
    self.routingKey = routingKey
    self.rootID = rootID
    self.parentID = parentID
  }
}

/// How an attempt failed.
package struct TaskFailure: Sendable, Equatable {
  package var id: String
  /// Python's repr of the exception, cut at 1 KiB.
  package var exception: String?
  /// The end of the traceback, at most 4 KiB; nil where there is none.
  package var traceback: String?

  package init(id: String, exception: String? = nil, traceback: String? = nil) {
    self.id = id
    self.exception = exception
    self.traceback = traceback
  }

  /// The exception's class without its module; nil where neither text names one.
  package var className: String? {
    FailureClass.name(exception: exception, traceback: traceback)
  }
}

/// Why a task was not run.
package struct TaskRevocation: Sendable, Equatable {
  package var id: String
  package var terminated: Bool?
  package var expired: Bool?
  package var signal: String?

  package init(
    id: String, terminated: Bool? = nil, expired: Bool? = nil, signal: String? = nil
  ) {
    self.id = id
    self.terminated = terminated
    self.expired = expired
    self.signal = signal
  }
}
