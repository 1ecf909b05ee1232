import TaskmonUnits

@testable import CeleryProtocol

/// The fields of one event as they come; its type, which says what they mean, comes last.
struct EventFields {
  private static let reprLimit = 1024
  private static let tracebackLimit = 4096

  private var type: String?
  private var hostname: String?
  private var pid: Int?
  private var timestamp: Timestamp?
  private var clock: Int?
  private var worker = WorkerState()
  private var task = TaskAnnouncement(id: "")
  private var id: String?
  private var runtime: Seconds?
  private var exception: String?
  private var traceback: String?
  private var requeue: Bool?
  private var terminated: Bool?
  private var expired: Bool?
  private var signal: String?

  init(_ cursor: inout JSONCursor, _ bytes: Span<UInt8>) throws(DecodeError) {
    try cursor.beginObject(bytes)
    while let key = try cursor.nextKey(bytes) {
      switch key {
      case "type": type = try cursor.optionalString(bytes)
      case "hostname": hostname = try cursor.optionalString(bytes)
      case "timestamp": timestamp = try cursor.optionalTime(bytes)
      case "pid": pid = try cursor.optionalInt(bytes)
      case "clock": clock = try cursor.optionalInt(bytes)
      case "uuid": id = try cursor.optionalString(bytes)
      case "runtime": runtime = try cursor.optionalDouble(bytes).map { Seconds($0) }
      case "utcoffset", "result": try cursor.skip(bytes)
      default:
        if try readWorker(key, &cursor, bytes) { continue }
        if try readTask(key, &cursor, bytes) { continue }
        if try readEnd(key, &cursor, bytes) { continue }
        try cursor.skip(bytes)
      }
    }
  }

  private mutating func readWorker(
    _ key: String, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> Bool {
    switch key {
    case "freq": worker.frequency = try cursor.optionalDouble(bytes).map { Seconds($0) }
    case "active": worker.active = try cursor.optionalInt(bytes)
    case "processed": worker.processed = try cursor.optionalInt(bytes)
    case "loadavg": worker.loadAverage = try Self.loads(&cursor, bytes)
    case "sw_ver": worker.softwareVersion = try cursor.optionalString(bytes, limit: 64)
    default: return false
    }
    return true
  }

  private mutating func readTask(
    _ key: String, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> Bool {
    switch key {
    case "name": task.name = try cursor.optionalString(bytes)
    case "args": task.argumentsRepr = try cursor.optionalString(bytes, limit: Self.reprLimit)
    case "kwargs":
      task.keywordArgumentsRepr = try cursor.optionalString(bytes, limit: Self.reprLimit)
    case "retries": task.retries = try cursor.optionalInt(bytes)
    case "eta": task.eta = try cursor.optionalTime(bytes)
    case "expires": task.expires = try cursor.optionalTime(bytes)
    case "queue": task.queue = try cursor.optionalString(bytes)
    case "exchange": task.exchange = try cursor.optionalString(bytes)
    case "routing_key": task.routingKey = try cursor.optionalString(bytes)
    case "root_id": task.rootID = try cursor.optionalString(bytes)
    case "parent_id": task.parentID = try cursor.optionalString(bytes)
    default: return false
    }
    return true
  }

  private mutating func readEnd(
    _ key: String, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> Bool {
    switch key {
    case "exception": exception = try cursor.optionalString(bytes, limit: Self.reprLimit)
    case "traceback":
      traceback = try cursor.optionalSlice(bytes).map {
        cursor.tail($0, bytes, limit: Self.tracebackLimit)
      }
    case "requeue": requeue = try cursor.optionalBool(bytes)
    case "terminated": terminated = try cursor.optionalBool(bytes)
    case "expired": expired = try cursor.optionalBool(bytes)
    case "signum": signal = try Self.signal(&cursor, bytes)
    default: return false
    }
    return true
  }

  private static func loads(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> [Double]? {
    guard try cursor.peek(bytes) == UInt8(ascii: "[") else {
      try cursor.skip(bytes)
      return nil
    }
    var loads: [Double] = []
    var isWhole = true
    try cursor.beginArray(bytes)
    while try cursor.nextElement(bytes) {
      if let load = try cursor.optionalDouble(bytes), loads.count < 3 {
        loads.append(load)
      } else {
        isWhole = false
      }
    }
    return isWhole ? loads : nil
  }

  /// A name as given to `revoke`, or the number.
  private static func signal(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> String? {
    if try cursor.peek(bytes) == UInt8(ascii: "\"") {
      return try cursor.optionalString(bytes, limit: 64)
    }
    return try cursor.optionalInt(bytes).map(String.init)
  }

  func event() throws(DecodeError) -> CeleryEvent {
    guard let type else { throw .missing("type") }
    guard let hostname else { throw .missing("hostname") }
    return CeleryEvent(
      hostname: hostname, pid: pid, timestamp: timestamp, clock: clock, kind: try kind(type))
  }

  private func kind(_ type: String) throws(DecodeError) -> CeleryEvent.Kind {
    switch type {
    case "worker-online": .workerOnline(worker)
    case "worker-heartbeat": .workerHeartbeat(worker)
    case "worker-offline": .workerOffline(worker)
    case "task-sent": .taskSent(try announcement())
    case "task-received": .taskReceived(try announcement())
    case "task-started": .taskStarted(id: try taskID())
    case "task-succeeded": .taskSucceeded(id: try taskID(), runtime: runtime)
    case "task-failed": .taskFailed(try failure())
    case "task-retried": .taskRetried(try failure())
    case "task-rejected": .taskRejected(id: try taskID(), requeue: requeue)
    case "task-revoked":
      .taskRevoked(
        TaskRevocation(
          id: try taskID(), terminated: terminated, expired: expired, signal: signal))
    default: .other(type)
    }
  }

  private func taskID() throws(DecodeError) -> String {
    guard let id else { throw .missing("uuid") }
    return id
  }

  private func announcement() throws(DecodeError) -> TaskAnnouncement {
    var announcement = task
    announcement.id = try taskID()
    return announcement
  }

  private func failure() throws(DecodeError) -> TaskFailure {
    TaskFailure(id: try taskID(), exception: exception, traceback: traceback)
  }
}
