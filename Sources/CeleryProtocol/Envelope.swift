import TaskmonUnits

/// A message of any kind with its body unpacked: replies and drill-downs.
package struct Envelope: Sendable, Equatable {
  package var contentType: String?
  package var contentEncoding: String?
  package var compression: String?
  package var headers: JSONValue
  package var properties: JSONValue
  /// After base64; still compressed where `compression` is named.
  package var body: [UInt8]

  /// Reads an envelope; a larger one than `limits.bytes` is refused.
  package init(
    decoding element: [UInt8], limits: JSONLimits = JSONLimits()
  ) throws(DecodeError) {
    guard element.count <= limits.bytes else { throw .tooLarge(limit: limits.bytes) }
    let bytes = element.span
    var cursor = JSONCursor(depthLimit: limits.depth)
    var budget = limits.values
    var outline = EnvelopeOutline()
    headers = .object([])
    properties = .object([])
    try cursor.beginObject(bytes)
    while let key = try cursor.nextKey(bytes) {
      switch key {
      case "body": outline.body = try cursor.optionalSlice(bytes)
      case "content-type": outline.contentType = try cursor.optionalString(bytes)
      case "content-encoding": outline.contentEncoding = try cursor.optionalString(bytes)
      case "headers": headers = try cursor.value(bytes, budget: &budget)
      case "properties": properties = try cursor.value(bytes, budget: &budget)
      default: try cursor.skip(bytes)
      }
    }
    try cursor.finish(bytes)
    outline.compression = headers["compression"]?.string
    outline.bodyEncoding = properties["body_encoding"]?.string
    contentType = outline.contentType
    contentEncoding = outline.contentEncoding
    compression = outline.compression
    body = []
    try outline.unpackBody(cursor, bytes, limit: limits.bytes, into: &body)
  }

  /// The body as JSON; refused where it is compressed or of another serializer.
  package func json(limits: JSONLimits = JSONLimits()) throws(DecodeError) -> JSONValue {
    let outline = EnvelopeOutline(contentType: contentType, compression: compression)
    try outline.requireJSON()
    return try JSONValue(decoding: body, limits: limits)
  }
}

extension JSONCursor {
  /// Where a string lies, or nil for a value of another type.
  mutating func optionalSlice(_ bytes: Span<UInt8>) throws(DecodeError) -> JSONSlice? {
    guard try peek(bytes) == UInt8(ascii: "\"") else {
      try skip(bytes)
      return nil
    }
    return try stringSlice(bytes)
  }

  /// A moment: ISO 8601 or seconds since 1970; nil for null and for what is neither.
  mutating func optionalTime(_ bytes: Span<UInt8>) throws(DecodeError) -> Timestamp? {
    if try peek(bytes) == UInt8(ascii: "\"") {
      return try optionalString(bytes).flatMap(Timestamp.init(iso8601:))
    }
    return try optionalDouble(bytes).map(Timestamp.init(secondsSince1970:))
  }
}
