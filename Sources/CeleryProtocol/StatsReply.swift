package import TaskmonUnits

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

  package init(_ answer: JSONValue) throws(DecodeError) {
    guard answer.members != nil else { throw .wrongType("stats") }
    pid = answer["pid"]?.int
    uptime = answer["uptime"]?.double.flatMap { $0.isFinite ? Seconds($0) : nil }
    prefetchCount = answer["prefetch_count"]?.int
    totals = [:]
    for member in answer["total"]?.members ?? [] {
      if let count = member.value.int { totals[member.key] = count }
    }
    let pool = answer["pool"] ?? .null
    self.pool = Self.kind(pool)
    slots = pool["max-concurrency"]?.int
    processes = pool["processes"]?.array?.compactMap(\.int) ?? []
    let limits = pool["timeouts"]?.array ?? []
    softLimit = limits.count == 2 ? Self.limit(limits[0]) : nil
    hardLimit = limits.count == 2 ? Self.limit(limits[1]) : nil
  }

  /// Zero stands for no limit.
  private static func limit(_ value: JSONValue) -> Seconds? {
    guard let seconds = value.double, seconds.isFinite, seconds > 0 else { return nil }
    return Seconds(seconds)
  }

  /// From `celery.concurrency.prefork:TaskPool`; before 5.3 only prefork has processes and queues.
  private static func kind(_ pool: JSONValue) -> String? {
    guard let path = pool["implementation"]?.string else {
      return pool["writes"] == nil ? nil : "prefork"
    }
    let module = path.split(separator: ":").first?.split(separator: ".").last.map(String.init)
    return module == "thread" ? "threads" : module
  }
}

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
    return text.utf8.count <= textLimit ? text : String(text.prefix(textLimit / 4)) + "…"
  }
}
