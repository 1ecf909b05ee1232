/// Reads published events as frames: no text is made and, once warm, nothing is allocated.
package struct EventScanner: Sendable {
  /// Larger bodies are refused; a full batch has some tens of kilobytes.
  private static let bodyLimit = 16 << 20
  /// Working memory beyond this is given back.
  private static let keptBytes = 1 << 20

  private let fields = EventFieldTable()
  private var body: [UInt8] = []

  package init() {}

  /// Hands over each event of a payload with the body its texts lie in; returns their number.
  ///
  /// Where it throws, the events handed over before stand.
  package mutating func scan(
    _ payload: Span<UInt8>, _ take: (EventFrame, Span<UInt8>) -> Void
  ) throws(DecodeError) -> Int {
    var scratch: [UInt8] = []
    swap(&scratch, &body)
    defer {
      if scratch.count <= Self.keptBytes { swap(&scratch, &body) }
    }
    let length = try Self.unpack(payload, over: &scratch)
    return try events(scratch.span.extracting(0..<length), take)
  }

  private func events(
    _ bytes: Span<UInt8>, _ take: (EventFrame, Span<UInt8>) -> Void
  ) throws(DecodeError) -> Int {
    var cursor = JSONCursor()
    guard try cursor.peek(bytes) == UInt8(ascii: "[") else {
      let frame = try EventFrame(&cursor, fields, bytes)
      try cursor.finish(bytes)
      take(frame, bytes)
      return 1
    }
    var count = 0
    try cursor.beginArray(bytes)
    while try cursor.nextElement(bytes) {
      take(try EventFrame(&cursor, fields, bytes), bytes)
      count += 1
    }
    try cursor.finish(bytes)
    return count
  }

  /// Puts the body over the front of `buffer` and gives its length.
  private static func unpack(
    _ bytes: Span<UInt8>, over buffer: inout [UInt8]
  ) throws(DecodeError) -> Int {
    var cursor = JSONCursor()
    var outside = Outside()
    try cursor.beginObject(bytes)
    while let key = try cursor.nextKeySlice(bytes) { try outside.read(key, &cursor, bytes) }
    try cursor.finish(bytes)
    try outside.requireJSON(bytes)
    guard let body = outside.body else { throw .missing("body") }
    guard body.end - body.start <= bodyLimit / 3 * 4 + 4 else { throw .tooLarge(limit: bodyLimit) }
    guard outside.bodyEncoding.says("base64", in: bytes) else {
      guard body.end - body.start <= bodyLimit else { throw .tooLarge(limit: bodyLimit) }
      buffer = cursor.content(body, bytes)
      return buffer.count
    }
    guard body.isEscaped else {
      return try Base64.decode(bytes, from: body.start, to: body.end, over: &buffer)
    }
    let plain = cursor.content(body, bytes)
    return try Base64.decode(plain.span, from: 0, to: plain.count, over: &buffer)
  }
}

/// The outside of an envelope: where its body lies and how it is packed.
private struct Outside {
  var body: JSONSlice?
  var contentType = EventText.absent
  var compression = EventText.absent
  var bodyEncoding = EventText.absent

  mutating func read(
    _ key: JSONSlice, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) {
    let name = EventText(key)
    if name.says("body", in: bytes) {
      body = try cursor.optionalSlice(bytes)
    } else if name.says("content-type", in: bytes) {
      contentType = try cursor.eventText(bytes)
    } else if name.says("headers", in: bytes) {
      compression = try Self.member("compression", &cursor, bytes)
    } else if name.says("properties", in: bytes) {
      bodyEncoding = try Self.member("body_encoding", &cursor, bytes)
    } else {
      try cursor.skip(bytes)
    }
  }

  func requireJSON(_ bytes: Span<UInt8>) throws(DecodeError) {
    if let compression = compression.string(in: bytes) {
      throw .unsupported("compression \(compression)")
    }
    guard contentType.isAbsent || contentType.says("application/json", in: bytes) else {
      throw .unsupported("content type \(contentType.string(in: bytes) ?? "")")
    }
  }

  /// One text member of an object; absent where it has none or the value is no object.
  private static func member(
    _ name: StaticString, _ cursor: inout JSONCursor, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> EventText {
    guard try cursor.peek(bytes) == UInt8(ascii: "{") else {
      try cursor.skip(bytes)
      return .absent
    }
    var found = EventText.absent
    try cursor.beginObject(bytes)
    while let key = try cursor.nextKeySlice(bytes) {
      if EventText(key).says(name, in: bytes) {
        found = try cursor.eventText(bytes)
      } else {
        try cursor.skip(bytes)
      }
    }
    return found
  }
}

extension JSONCursor {
  /// Where a text lies; absent for null and for a value of another type.
  mutating func eventText(_ bytes: Span<UInt8>) throws(DecodeError) -> EventText {
    guard let slice = try optionalSlice(bytes) else { return .absent }
    return EventText(slice)
  }
}
