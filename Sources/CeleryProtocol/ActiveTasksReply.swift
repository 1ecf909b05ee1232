package import TaskmonUnits

/// The tasks a worker is running.
package struct ActiveTasksReply: Sendable, Equatable {
  package struct Task: Sendable, Hashable {
    package var id: String
    package var name: String?
    package var startedAt: Timestamp?
    /// True: acknowledged before it ran, and so lost if the worker dies.
    package var acknowledged: Bool?
    package var hostname: String?
    package var processID: Int?
    package var redelivered: Bool?
    package var priority: Int?
    package var exchange: String?
    package var routingKey: String?
    /// As the worker prints them, at most 1 KiB.
    package var argumentsRepr: String?
    package var keywordArgumentsRepr: String?

    package init(id: String) { self.id = id }
  }

  package var tasks: [Task]

  package init(_ answer: JSONValue) throws(DecodeError) {
    guard let elements = answer.array else { throw .wrongType("active") }
    tasks = elements.compactMap(Self.task)
  }

  /// One task as `active`, `reserved` and `query_task` describe it; nil for anything else.
  package static func task(_ value: JSONValue) -> Task? {
    guard let id = value["id"]?.string else { return nil }
    var task = Task(id: id)
    task.name = value["name"]?.string ?? value["type"]?.string
    task.startedAt = value["time_start"]?.double.flatMap {
      $0.isFinite ? Timestamp(secondsSince1970: $0) : nil
    }
    task.acknowledged = value["acknowledged"]?.bool
    task.hostname = value["hostname"]?.string
    task.processID = value["worker_pid"]?.int
    let delivery = value["delivery_info"] ?? .null
    task.redelivered = delivery["redelivered"]?.bool
    task.priority = delivery["priority"]?.int
    task.exchange = delivery["exchange"]?.string
    task.routingKey = delivery["routing_key"]?.string
    task.argumentsRepr = text(value["args"])
    task.keywordArgumentsRepr = text(value["kwargs"])
    return task
  }

  private static let textLimit = 1024

  /// Asked safely a worker prints its arguments; older ones send them as they are.
  private static func text(_ value: JSONValue?) -> String? {
    guard let value, !value.isNull else { return nil }
    let text = value.string ?? PythonRepr.safeText(of: value)
    guard text.utf8.count > textLimit else { return text }
    // Of at most four bytes each, with room for the mark of the cut; a character may have many.
    return String(String.UnicodeScalarView(text.unicodeScalars.prefix(textLimit / 4 - 1))) + "…"
  }
}

/// The tasks a worker keeps until their eta, or until their rate limit lets them run.
package struct ScheduledTasksReply: Sendable, Equatable {
  package struct Task: Sendable, Hashable {
    /// Nil where it waits for its rate limit.
    package var eta: Timestamp?
    package var request: ActiveTasksReply.Task

    package init(eta: Timestamp?, request: ActiveTasksReply.Task) {
      self.eta = eta
      self.request = request
    }
  }

  package var tasks: [Task]

  package init(_ answer: JSONValue) throws(DecodeError) {
    guard let elements = answer.array else { throw .wrongType("scheduled") }
    tasks = elements.compactMap { element in
      element["request"].flatMap(ActiveTasksReply.task).map { request in
        Task(eta: element["eta"]?.string.flatMap { Timestamp(iso8601: $0) }, request: request)
      }
    }
  }
}

/// The ids a worker will not run.
package struct RevokedReply: Sendable, Equatable {
  package var ids: [String]

  package init(_ answer: JSONValue) throws(DecodeError) {
    guard let elements = answer.array else { throw .wrongType("revoked") }
    ids = elements.compactMap(\.string)
  }
}
