import TaskmonUnits

extension TaskMessage {
  /// Bodies of protocol 1 beyond this are not read.
  private static let bodyLimit = 4096
  private static let textLimit = 1024

  /// Reads an element of a queue's list.
  ///
  /// A field of an unexpected type counts as absent; only what is no message at all throws.
  package init(decoding element: [UInt8]) throws(DecodeError) {
    var cursor = JSONCursor()
    let bytes = element.span
    self = try Self.decode(&cursor, bytes)
    try cursor.finish(bytes)
    size = ByteCount(element.count)
  }

  static func decode(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> TaskMessage {
    var message = TaskMessage()
    var outline = EnvelopeOutline()
    var isMessage = false
    _ = try cursor.peek(bytes)
    let start = cursor.position
    try cursor.beginObject(bytes)
    while let key = try cursor.nextKey(bytes) {
      switch key {
      case "body": outline.body = try cursor.optionalSlice(bytes)
      case "content-type": message.contentType = try cursor.optionalString(bytes)
      case "content-encoding": message.contentEncoding = try cursor.optionalString(bytes)
      case "headers":
        isMessage = true
        try message.readHeaders(&cursor, bytes)
      case "properties":
        isMessage = true
        outline.bodyEncoding = try message.readProperties(&cursor, bytes)
      default: try cursor.skip(bytes)
      }
    }
    guard isMessage else { throw .missing("headers") }
    message.size = ByteCount(cursor.position - start)
    if message.task == nil {
      outline.contentType = message.contentType
      outline.compression = message.compression
      message.readFirstProtocol(outline, cursor, bytes)
    }
    return message
  }

  private mutating func readHeaders(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) {
    guard try cursor.peek(bytes) == UInt8(ascii: "{") else { return try cursor.skip(bytes) }
    try cursor.beginObject(bytes)
    while let key = try cursor.nextKey(bytes) {
      switch key {
      case "argsrepr":
        argumentsRepr = try cursor.optionalString(bytes, limit: Self.textLimit)
      case "kwargsrepr":
        keywordArgumentsRepr = try cursor.optionalString(bytes, limit: Self.textLimit)
      case "compression": compression = try cursor.optionalString(bytes)
      case "redelivered": redelivered = try cursor.optionalBool(bytes) == true || redelivered
      case "celery_beat_task": isFromBeat = try cursor.optionalBool(bytes) == true
      case "periodic_task_name": periodicTaskName = try cursor.optionalString(bytes)
      case "origin": origin = try cursor.optionalString(bytes)
      case "root_id": rootID = try cursor.optionalString(bytes)
      case "parent_id": parentID = try cursor.optionalString(bytes)
      default: try readTaskField(key, &cursor, bytes)
      }
    }
  }

  /// A field that protocol 2 has in the headers and protocol 1 in the body.
  private mutating func readTaskField(
    _ key: String, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) {
    switch key {
    case "task": task = try cursor.optionalString(bytes)
    case "id": taskID = try cursor.optionalString(bytes)
    case "retries": retries = try cursor.optionalInt(bytes)
    case "eta": eta = try cursor.optionalTime(bytes)
    case "expires": expires = try cursor.optionalTime(bytes)
    case "group": groupID = try cursor.optionalString(bytes)
    case "timelimit": try readLimits(&cursor, bytes)
    default: try cursor.skip(bytes)
    }
  }

  /// Hard first, then soft.
  private mutating func readLimits(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) {
    guard try cursor.peek(bytes) == UInt8(ascii: "[") else { return try cursor.skip(bytes) }
    var limits: [Seconds?] = []
    try cursor.beginArray(bytes)
    while try cursor.nextElement(bytes) {
      let value = try cursor.optionalDouble(bytes).map { Seconds($0) }
      if limits.count < 2 { limits.append(value) }
    }
    if let hard = limits.first { hardLimit = hard }
    if limits.count == 2 { softLimit = limits[1] }
  }

  /// Returns the body's encoding.
  private mutating func readProperties(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> String? {
    var bodyEncoding: String?
    guard try cursor.peek(bytes) == UInt8(ascii: "{") else {
      try cursor.skip(bytes)
      return nil
    }
    try cursor.beginObject(bytes)
    while let key = try cursor.nextKey(bytes) {
      switch key {
      case "correlation_id":
        let correlation = try cursor.optionalString(bytes)
        taskID = taskID ?? correlation
      case "reply_to": replyTo = try cursor.optionalString(bytes)
      case "priority": priority = try cursor.optionalInt(bytes)
      case "delivery_tag": deliveryTag = try cursor.optionalString(bytes)
      case "body_encoding": bodyEncoding = try cursor.optionalString(bytes)
      case "delivery_info": try readDelivery(&cursor, bytes)
      default: try cursor.skip(bytes)
      }
    }
    return bodyEncoding
  }

  private mutating func readDelivery(
    _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) {
    guard try cursor.peek(bytes) == UInt8(ascii: "{") else { return try cursor.skip(bytes) }
    try cursor.beginObject(bytes)
    while let key = try cursor.nextKey(bytes) {
      switch key {
      case "exchange": exchange = try cursor.optionalString(bytes)
      case "routing_key": routingKey = try cursor.optionalString(bytes)
      case "redelivered": redelivered = try cursor.optionalBool(bytes) == true || redelivered
      default: try cursor.skip(bytes)
      }
    }
  }

  /// Protocol 1 has everything in the body; what cannot be read there stays unknown.
  private mutating func readFirstProtocol(
    _ outline: EnvelopeOutline, _ cursor: JSONCursor, _ bytes: Span<UInt8>
  ) {
    var body: [UInt8] = []
    guard (try? outline.requireJSON()) != nil,
      (try? outline.unpackBody(cursor, bytes, limit: Self.bodyLimit, into: &body)) != nil
    else { return }
    var found = self
    if (try? found.readBody(body)) != nil { self = found }
  }

  private mutating func readBody(_ body: [UInt8]) throws(DecodeError) {
    let bytes = body.span
    var cursor = JSONCursor()
    var budget = Self.bodyLimit
    try cursor.beginObject(bytes)
    while let key = try cursor.nextKey(bytes) {
      switch key {
      case "args":
        argumentsRepr = PythonRepr.safeText(of: try cursor.value(bytes, budget: &budget))
      case "kwargs":
        keywordArgumentsRepr = PythonRepr.safeText(of: try cursor.value(bytes, budget: &budget))
      default: try readTaskField(key, &cursor, bytes)
      }
    }
    try cursor.finish(bytes)
  }
}

extension UnackedEntry {
  /// Reads `[message, exchange, routing key]`.
  package init(decoding value: [UInt8]) throws(DecodeError) {
    let bytes = value.span
    var cursor = JSONCursor()
    try cursor.beginArray(bytes)
    guard try cursor.nextElement(bytes) else { throw .missing("message") }
    message = try TaskMessage.decode(&cursor, bytes)
    var rest: [String] = []
    while try cursor.nextElement(bytes) {
      let text = try cursor.optionalString(bytes) ?? ""
      if rest.count < 2 { rest.append(text) }
    }
    try cursor.finish(bytes)
    guard rest.count == 2 else { throw .missing("routing key") }
    exchange = rest[0]
    routingKey = rest[1]
  }
}
