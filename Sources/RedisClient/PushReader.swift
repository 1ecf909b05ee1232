/// Reads one flat reply out of bytes that may end in the middle of it.
struct PushReader {
  private static let longestLine = 1 << 16

  private let limits: RedisLimits
  private var index: Int
  private let end: Int

  init(_ limits: RedisLimits, at start: Int, until end: Int) {
    self.limits = limits
    index = start
    self.end = end
  }

  /// The reply and the place behind it; nil where it is not whole yet.
  consuming func push(
    _ bytes: Span<UInt8>
  ) throws(ReplyReader.Failure) -> (PushBuffer.Push, Int)? {
    switch bytes[index] {
    case UInt8(ascii: "*"): return try list(bytes)
    case UInt8(ascii: "$"):
      return try string(bytes).map { _ in (.other, index) }
    case UInt8(ascii: "+"):
      guard let text = try line(bytes) else { return nil }
      return (Self.says("PONG", text, bytes) ? .pong : .other, index)
    case UInt8(ascii: ":"): return try line(bytes).map { _ in (.other, index) }
    case UInt8(ascii: "-"):
      guard let text = try line(bytes) else { return nil }
      return (.error(RedisServerError(message: Self.text(text, bytes))), index)
    default: throw .refused(.notRedis(start(bytes)))
    }
  }

  private mutating func list(
    _ bytes: Span<UInt8>
  ) throws(ReplyReader.Failure) -> (PushBuffer.Push, Int)? {
    guard let count = try length(bytes) else { return nil }
    guard count <= Int64(limits.arrayElements) else { throw .refused(.array(count)) }
    var kind = 0..<0
    var channel = 0..<0
    var payload = 0..<0
    for place in 0..<max(0, count) {
      guard let part = try part(bytes) else { return nil }
      switch place {
      case 0: kind = part
      case 2: channel = part
      case 3: payload = part
      default: break
      }
    }
    if Self.says("pmessage", kind, bytes), count == 4 {
      return (.message(MessagePlace(channel: channel, payload: payload)), index)
    }
    if Self.says("psubscribe", kind, bytes) { return (.confirmed, index) }
    return (Self.says("pong", kind, bytes) ? .pong : .other, index)
  }

  /// One element of a list.
  private mutating func part(_ bytes: Span<UInt8>) throws(ReplyReader.Failure) -> Range<Int>? {
    guard index < end else { return nil }
    switch bytes[index] {
    case UInt8(ascii: "$"): return try string(bytes)
    case UInt8(ascii: ":"), UInt8(ascii: "+"), UInt8(ascii: "-"): return try line(bytes)
    case UInt8(ascii: "*"): throw .refused(.nesting)
    default: throw .refused(.notRedis(start(bytes)))
    }
  }

  /// The content of a string; empty for the null string.
  private mutating func string(_ bytes: Span<UInt8>) throws(ReplyReader.Failure) -> Range<Int>? {
    guard let length = try length(bytes) else { return nil }
    guard length >= 0 else { return index..<index }
    guard length <= Int64(limits.bulkBytes) else { throw .refused(.bulk(length)) }
    let content = Int(length)
    guard end - index >= content + 2 else { return nil }
    let range = index..<(index + content)
    guard bytes[range.upperBound] == UInt8(ascii: "\r") else {
      throw .malformed("a string is longer than it said")
    }
    index = range.upperBound + 2
    return range
  }

  /// The text of a line without its mark and its end.
  private mutating func line(_ bytes: Span<UInt8>) throws(ReplyReader.Failure) -> Range<Int>? {
    let first = index + 1
    var place = first
    while place < end, bytes[place] != UInt8(ascii: "\n") {
      guard place - first < Self.longestLine else { throw .refused(.line) }
      place += 1
    }
    guard place < end else { return nil }
    index = place + 1
    let hasReturn = place > first && bytes[place - 1] == UInt8(ascii: "\r")
    return first..<(hasReturn ? place - 1 : place)
  }

  /// The number behind a mark; -1 announces a null.
  private mutating func length(_ bytes: Span<UInt8>) throws(ReplyReader.Failure) -> Int64? {
    var place = index + 1
    let isNegative = place < end && bytes[place] == UInt8(ascii: "-")
    if isNegative { place += 1 }
    var value: Int64 = 0
    while place < end {
      let byte = bytes[place]
      if byte == UInt8(ascii: "\n") {
        index = place + 1
        return isNegative ? -value : value
      }
      if byte != UInt8(ascii: "\r") {
        guard byte &- UInt8(ascii: "0") < 10, value < 1 << 50 else { throw .refused(.length) }
        value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      } else if place - index > 24 {
        throw .refused(.length)
      }
      place += 1
    }
    return nil
  }

  /// What came instead of a reply; its first bytes.
  private func start(_ bytes: Span<UInt8>) -> [UInt8] {
    (index..<min(end, index + 48)).map { bytes[$0] }
  }

  private static func text(_ range: Range<Int>, _ bytes: Span<UInt8>) -> String {
    bytes.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }

  private static func says(
    _ word: StaticString, _ range: Range<Int>, _ bytes: Span<UInt8>
  ) -> Bool {
    guard range.count == word.utf8CodeUnitCount else { return false }
    for offset in 0..<range.count where bytes[range.lowerBound + offset] != word.utf8Start[offset] {
      return false
    }
    return true
  }
}
