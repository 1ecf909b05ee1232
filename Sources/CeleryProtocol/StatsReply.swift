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
  /// Of prefork; nil where its processes are not replaced.
  package var tasksPerChild: Int?

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
    tasksPerChild = pool["max-tasks-per-child"]?.int
  }

  /// Zero stands for no limit.
  private static func limit(_ value: JSONValue) -> Seconds? {
    guard let seconds = value.double, seconds.isFinite, seconds > 0 else { return nil }
    return Seconds(seconds)
  }

  /// From `celery.concurrency.prefork:TaskPool`; before 5.3 from what only one pool tells.
  private static func kind(_ pool: JSONValue) -> String? {
    guard let path = pool["implementation"]?.string else {
      if pool["writes"] != nil { return "prefork" }
      if pool["threads"] != nil { return "threads" }
      // The pool that has one process and no queues to others is the worker itself.
      return pool["processes"] == nil ? nil : "solo"
    }
    let module = path.split(separator: ":").first?.split(separator: ".").last.map(String.init)
    return module == "thread" ? "threads" : module
  }
}
