@testable import CeleryProtocol

/// Reads published events plainly, member by member: what the scanner must agree with.
struct EventDecoder: Sendable {
  /// Larger bodies are refused; a full batch has some tens of kilobytes.
  private static let bodyLimit = 16 << 20
  /// Working memory beyond this is given back.
  private static let keptCapacity = 1 << 20

  private var body: [UInt8] = []

  init() {}

  /// Hands over each event of a payload, one object or a list, and returns their number.
  ///
  /// Where it throws, the events handed over before stand.
  mutating func decode(
    _ payload: [UInt8], _ handle: (CeleryEvent) -> Void
  ) throws(DecodeError) -> Int {
    var scratch: [UInt8] = []
    swap(&scratch, &body)
    defer {
      if scratch.capacity <= Self.keptCapacity { swap(&scratch, &body) }
    }
    try Self.unpack(payload.span, into: &scratch)
    return try Self.events(scratch.span, handle)
  }

  private static func unpack(
    _ bytes: Span<UInt8>, into body: inout [UInt8]
  ) throws(DecodeError) {
    var cursor = JSONCursor()
    var outline = EnvelopeOutline()
    try cursor.beginObject(bytes)
    while let key = try cursor.nextKey(bytes) {
      switch key {
      case "body": outline.body = try cursor.optionalSlice(bytes)
      case "content-type": outline.contentType = try cursor.optionalString(bytes)
      case "headers": outline.compression = try cursor.member("compression", bytes)
      case "properties": outline.bodyEncoding = try cursor.member("body_encoding", bytes)
      default: try cursor.skip(bytes)
      }
    }
    try cursor.finish(bytes)
    try outline.requireJSON()
    try outline.unpackBody(cursor, bytes, limit: bodyLimit, into: &body)
  }

  private static func events(
    _ bytes: Span<UInt8>, _ handle: (CeleryEvent) -> Void
  ) throws(DecodeError) -> Int {
    var cursor = JSONCursor()
    guard try cursor.peek(bytes) == UInt8(ascii: "[") else {
      let event = try EventFields(&cursor, bytes).event()
      try cursor.finish(bytes)
      handle(event)
      return 1
    }
    var count = 0
    try cursor.beginArray(bytes)
    while try cursor.nextElement(bytes) {
      handle(try EventFields(&cursor, bytes).event())
      count += 1
    }
    try cursor.finish(bytes)
    return count
  }
}

extension JSONCursor {
  /// One text member of an object; nil where it has none or the value is no object.
  mutating func member(
    _ name: String, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> String? {
    guard try peek(bytes) == UInt8(ascii: "{") else {
      try skip(bytes)
      return nil
    }
    var found: String?
    try beginObject(bytes)
    while let key = try nextKey(bytes) {
      if key == name { found = try optionalString(bytes) } else { try skip(bytes) }
    }
    return found
  }
}
