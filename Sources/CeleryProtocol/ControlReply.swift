package import TaskmonUnits

/// One worker's answer to a control request.
package struct ControlReply: Sendable, Equatable {
  package var ticket: String?
  /// The node name.
  package var worker: String
  package var answer: JSONValue
  /// What the worker says went wrong; nil where it answered.
  package var error: String?

  package init(ticket: String?, worker: String, answer: JSONValue, error: String? = nil) {
    self.ticket = ticket
    self.worker = worker
    self.answer = answer
    self.error = error
  }

  /// Reads one element of the reply list.
  package init(
    decoding element: [UInt8], limits: JSONLimits = JSONLimits()
  ) throws(DecodeError) {
    throw .missing("body")
  }
}

/// The queues a worker consumes.
package struct ActiveQueuesReply: Sendable, Equatable {
  package var names: [String]

  package init(_ answer: JSONValue) throws(DecodeError) { throw .wrongType("active_queues") }
}

/// The tasks a worker has registered, with the options asked for.
package struct RegisteredReply: Sendable, Equatable {
  package struct Task: Sendable, Hashable {
    package var name: String
    /// Python's text of each option; an option that is None is absent.
    package var options: [String: String]
    package var hardLimit: Seconds?
    package var softLimit: Seconds?

    package init(
      name: String, options: [String: String] = [:], hardLimit: Seconds? = nil,
      softLimit: Seconds? = nil
    ) {
      self.name = name
      self.options = options
      self.hardLimit = hardLimit
      self.softLimit = softLimit
    }
  }

  package var tasks: [Task]

  /// `items` are the option names the request asked for.
  package init(_ answer: JSONValue, items: [String]) throws(DecodeError) {
    throw .wrongType("registered")
  }
}

/// The tasks a worker is running.
package struct ActiveTasksReply: Sendable, Equatable {
  package struct Task: Sendable, Hashable {
    package var id: String
    package var name: String?
    package var startedAt: Timestamp?
    package var acknowledged: Bool?
    package var hostname: String?
    package var processID: Int?
    package var redelivered: Bool?
    package var priority: Int?
    package var exchange: String?
    package var routingKey: String?

    package init(id: String) { self.id = id }
  }

  package var tasks: [Task]

  package init(_ answer: JSONValue) throws(DecodeError) { throw .wrongType("active") }
}

/// How a worker is built and what it has done.
package struct StatsReply: Sendable, Equatable {
  package var pid: Int?
  package var uptime: Seconds?
  /// `prefork`, `threads`, `solo`, `gevent`, `eventlet`, or another module's name; nil where an old
  /// version does not tell and nothing gives it away.
  package var pool: String?
  package var slots: Int?
  package var processes: [Int]
  package var prefetchCount: Int?
  /// Executions by task name since the worker started.
  package var totals: [String: Int]
  /// Of the whole pool; nil where none is set.
  package var softLimit: Seconds?
  package var hardLimit: Seconds?

  package init(_ answer: JSONValue) throws(DecodeError) { throw .wrongType("stats") }
}
