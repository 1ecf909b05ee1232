import TaskmonUnits

extension EventFrame {
  init(
    _ cursor: inout JSONCursor, _ fields: EventFieldTable, _ bytes: Span<UInt8>
  ) throws(DecodeError) {
    try cursor.beginObject(bytes)
    while let key = try cursor.nextKeySlice(bytes) {
      if let field = fields.field(key, bytes) {
        try read(field, &cursor, bytes)
      } else {
        try cursor.skip(bytes)
      }
    }
    guard !type.isAbsent else { throw .missing("type") }
    guard !hostname.isAbsent else { throw .missing("hostname") }
    kind = Self.kind(type, bytes)
    guard !kind.isTask || !id.isAbsent else { throw .missing("uuid") }
  }

  private mutating func read(
    _ field: EventField, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) {
    switch field {
    case .hostname: hostname = try cursor.eventText(bytes)
    case .type: type = try cursor.eventText(bytes)
    case .id: id = try cursor.eventText(bytes)
    case .timestamp: timestamp = try cursor.optionalTime(bytes)
    case .pid: pid = try cursor.optionalInt(bytes)
    case .clock: clock = try cursor.optionalInt(bytes)
    case .runtime: runtime = try cursor.optionalDouble(bytes).map { Seconds($0) }
    case .name: name = try cursor.eventText(bytes)
    case .arguments: arguments = try cursor.eventText(bytes)
    case .keywordArguments: keywordArguments = try cursor.eventText(bytes)
    case .retries: retries = try cursor.optionalInt(bytes)
    case .eta: eta = try cursor.optionalTime(bytes)
    case .expires: expires = try cursor.optionalTime(bytes)
    case .queue: queue = try cursor.eventText(bytes)
    case .exchange: exchange = try cursor.eventText(bytes)
    case .routingKey: routingKey = try cursor.eventText(bytes)
    case .rootID: rootID = try cursor.eventText(bytes)
    case .parentID: parentID = try cursor.eventText(bytes)
    case .exception: exception = try cursor.eventText(bytes)
    case .traceback: traceback = try cursor.eventText(bytes)
    case .requeue: requeue = try cursor.optionalBool(bytes)
    case .terminated: terminated = try cursor.optionalBool(bytes)
    case .expired: expired = try cursor.optionalBool(bytes)
    case .signal: try readSignal(&cursor, bytes)
    case .frequency: frequency = try cursor.optionalDouble(bytes).map { Seconds($0) }
    case .active: active = try cursor.optionalInt(bytes)
    case .processed: processed = try cursor.optionalInt(bytes)
    case .loads: loads = try Self.loads(&cursor, bytes)
    case .softwareVersion: softwareVersion = try cursor.eventText(bytes)
    }
  }

  /// A name as given to `revoke`, or the number.
  private mutating func readSignal(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) {
    signalName = .absent
    signalNumber = nil
    if try cursor.peek(bytes) == UInt8(ascii: "\"") {
      signalName = try cursor.eventText(bytes)
    } else {
      signalNumber = try cursor.optionalInt(bytes)
    }
  }

  /// Nil for anything but a list of at most three numbers.
  private static func loads(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> Loads? {
    guard try cursor.peek(bytes) == UInt8(ascii: "[") else {
      try cursor.skip(bytes)
      return nil
    }
    var loads = Loads()
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

  private static func kind(_ type: EventText, _ bytes: Span<UInt8>) -> Kind {
    // Lengths differ for all but a few, and lengths are compared first.
    if type.says("task-received", in: bytes) { return .taskReceived }
    if type.says("task-started", in: bytes) { return .taskStarted }
    if type.says("task-succeeded", in: bytes) { return .taskSucceeded }
    if type.says("task-sent", in: bytes) { return .taskSent }
    if type.says("task-failed", in: bytes) { return .taskFailed }
    if type.says("task-retried", in: bytes) { return .taskRetried }
    if type.says("worker-heartbeat", in: bytes) { return .workerHeartbeat }
    if type.says("worker-online", in: bytes) { return .workerOnline }
    if type.says("worker-offline", in: bytes) { return .workerOffline }
    if type.says("task-rejected", in: bytes) { return .taskRejected }
    if type.says("task-revoked", in: bytes) { return .taskRevoked }
    return .other
  }
}

extension EventFrame.Kind {
  package var isTask: Bool {
    switch self {
    case .taskSent, .taskReceived, .taskStarted, .taskSucceeded, .taskFailed, .taskRetried,
      .taskRejected, .taskRevoked:
      true
    case .workerOnline, .workerHeartbeat, .workerOffline, .other: false
    }
  }
}
