/// Where a string's content lies in the text, between its quotes.
struct JSONSlice: Sendable, Hashable {
  let start: Int
  let end: Int
  let isEscaped: Bool
}

/// Walks over JSON text and takes only what is asked for.
///
/// The text is handed to every call, because a `Span` cannot be kept; it must be the same each
/// time. What is skipped is checked as strictly as what is taken. Accepts what Python writes and
/// JSON does not know: `NaN`, `Infinity`, `-Infinity`, integers of any length.
struct JSONCursor: Sendable {
  private(set) var position: Int
  private var depth = 0
  private let depthLimit: Int
  /// Set by an opening bracket, for the first member needs no comma.
  private var isFirst = false

  init(at position: Int = 0, depthLimit: Int = 128) {
    self.position = max(0, position)
    self.depthLimit = depthLimit
  }

  /// Begins before a member's key, as if the object's bracket had just been passed.
  init(inObjectAt position: Int, depthLimit: Int = 128) {
    self.init(at: position, depthLimit: depthLimit)
    depth = 1
    isFirst = true
  }

  /// The next byte that is not white space.
  @inline(__always)
  mutating func peek(_ bytes: Span<UInt8>) throws(DecodeError) -> UInt8 {
    // Nearly always there is none, or one space behind a comma or a colon.
    if position < bytes.count, bytes[position] > 0x20 { return bytes[position] }
    return try peekBehindSpace(bytes)
  }

  private mutating func peekBehindSpace(_ bytes: Span<UInt8>) throws(DecodeError) -> UInt8 {
    while position < bytes.count {
      let byte = bytes[position]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
      position += 1
    }
    throw .truncated(at: position)
  }

  /// Checks that nothing but white space follows.
  mutating func finish(_ bytes: Span<UInt8>) throws(DecodeError) {
    while position < bytes.count {
      let byte = bytes[position]
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else {
        throw .malformed(at: position)
      }
      position += 1
    }
  }

  mutating func beginObject(_ bytes: Span<UInt8>) throws(DecodeError) {
    try begin(UInt8(ascii: "{"), bytes)
  }

  mutating func beginArray(_ bytes: Span<UInt8>) throws(DecodeError) {
    try begin(UInt8(ascii: "["), bytes)
  }

  /// The next member's key with the cursor on its value; nil after the last, past the bracket.
  mutating func nextKey(_ bytes: Span<UInt8>) throws(DecodeError) -> String? {
    guard let slice = try nextKeySlice(bytes) else { return nil }
    return text(slice, bytes, limit: 256)
  }

  mutating func nextKeySlice(_ bytes: Span<UInt8>) throws(DecodeError) -> JSONSlice? {
    guard try advance(to: UInt8(ascii: "}"), bytes) else { return nil }
    let key = try stringSlice(bytes)
    guard try peek(bytes) == UInt8(ascii: ":") else { throw .malformed(at: position) }
    position += 1
    return key
  }

  /// Whether another element follows, with the cursor on it; false past the bracket.
  mutating func nextElement(_ bytes: Span<UInt8>) throws(DecodeError) -> Bool {
    try advance(to: UInt8(ascii: "]"), bytes)
  }

  /// Passes over one value of any kind.
  mutating func skip(_ bytes: Span<UInt8>) throws(DecodeError) {
    switch try peek(bytes) {
    case UInt8(ascii: "{"):
      try beginObject(bytes)
      while try nextKeySlice(bytes) != nil { try skip(bytes) }
    case UInt8(ascii: "["):
      try beginArray(bytes)
      while try nextElement(bytes) { try skip(bytes) }
    case UInt8(ascii: "\""):
      _ = try stringSlice(bytes)
    case UInt8(ascii: "t"): try literal("true", bytes)
    case UInt8(ascii: "f"): try literal("false", bytes)
    case UInt8(ascii: "n"): try literal("null", bytes)
    default: _ = try numberToken(bytes)
    }
  }

  /// Takes `null` where it stands.
  mutating func takeNull(_ bytes: Span<UInt8>) throws(DecodeError) -> Bool {
    guard try peek(bytes) == UInt8(ascii: "n") else { return false }
    try literal("null", bytes)
    return true
  }

  mutating func literal(
    _ text: StaticString, _ bytes: Span<UInt8>
  ) throws(DecodeError) {
    let start = position
    for offset in 0..<text.utf8CodeUnitCount {
      guard start + offset < bytes.count else { throw .truncated(at: bytes.count) }
      guard bytes[start + offset] == text.utf8Start[offset] else { throw .malformed(at: start) }
    }
    position = start + text.utf8CodeUnitCount
  }

  mutating func move(to place: Int) { position = place }

  private mutating func begin(
    _ bracket: UInt8, _ bytes: Span<UInt8>
  ) throws(DecodeError) {
    guard try peek(bytes) == bracket else { throw .malformed(at: position) }
    guard depth < depthLimit else { throw .tooDeep(at: position) }
    depth += 1
    position += 1
    isFirst = true
  }

  private mutating func advance(
    to bracket: UInt8, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> Bool {
    let byte = try peek(bytes)
    let wasFirst = isFirst
    isFirst = false
    if byte == bracket {
      position += 1
      depth -= 1
      return false
    }
    if wasFirst { return true }
    guard byte == UInt8(ascii: ",") else { throw .malformed(at: position) }
    position += 1
    guard try peek(bytes) != bracket else { throw .malformed(at: position) }
    return true
  }
}
