extension JSONValue {
  /// Reads a whole text.
  package init(
    decoding bytes: [UInt8], limits: JSONLimits = JSONLimits()
  ) throws(DecodeError) {
    guard bytes.count <= limits.bytes else { throw .tooLarge(limit: limits.bytes) }
    var cursor = JSONCursor(depthLimit: limits.depth)
    var budget = limits.values
    let text = bytes.span
    self = try cursor.value(text, budget: &budget)
    try cursor.finish(text)
  }
}

extension JSONCursor {
  /// A value of any kind, kept whole; `budget` is how many values may still be made.
  mutating func value(
    _ bytes: Span<UInt8>, budget: inout Int
  ) throws(DecodeError) -> JSONValue {
    budget -= 1
    guard budget >= 0 else { throw .tooManyValues }
    switch try peek(bytes) {
    case UInt8(ascii: "{"):
      var members: [JSONMember] = []
      try beginObject(bytes)
      while let key = try nextKeySlice(bytes) {
        members.append(JSONMember(text(key, bytes), try value(bytes, budget: &budget)))
      }
      return .object(members)
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try beginArray(bytes)
      while try nextElement(bytes) { elements.append(try value(bytes, budget: &budget)) }
      return .array(elements)
    case UInt8(ascii: "\""):
      return .string(text(try stringSlice(bytes), bytes))
    case UInt8(ascii: "t"):
      try literal("true", bytes)
      return .bool(true)
    case UInt8(ascii: "f"):
      try literal("false", bytes)
      return .bool(false)
    case UInt8(ascii: "n"):
      try literal("null", bytes)
      return .null
    default:
      return try number(bytes)
    }
  }
}
