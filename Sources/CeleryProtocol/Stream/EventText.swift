/// Where a text of an event lies in its body; absent where the event has none.
///
/// Eight bytes, because every event carries fifteen of these from the scanner to whoever wants one.
package struct EventText: Sendable, Equatable {
  private static let none = UInt32.max
  private static let escaped: UInt32 = 1 << 31

  private let start: UInt32
  /// The top bit says that escapes are still to be resolved.
  private let length: UInt32

  static let absent = EventText(start: none, length: 0)

  private init(start: UInt32, length: UInt32) {
    self.start = start
    self.length = length
  }

  /// Absent where the body is larger than any the scanner takes.
  init(_ slice: JSONSlice) {
    let count = slice.end - slice.start
    guard let start = UInt32(exactly: slice.start), let length = UInt32(exactly: count),
      length < Self.escaped
    else {
      self = .absent
      return
    }
    self.init(start: start, length: slice.isEscaped ? length | Self.escaped : length)
  }

  package var isAbsent: Bool { start == Self.none }
  package var isEscaped: Bool { length & Self.escaped != 0 }
  /// Bytes in the body, escapes unresolved.
  package var count: Int { Int(length & ~Self.escaped) }

  private var slice: JSONSlice {
    JSONSlice(start: Int(start), end: Int(start) + count, isEscaped: isEscaped)
  }

  /// The bytes as they stand in the body; empty where the text is absent or lies outside.
  @inline(__always)
  package func withRawBytes<Answer>(
    in body: Span<UInt8>, _ use: (Span<UInt8>) -> Answer
  ) -> Answer {
    let first = Int(start)
    let last = first + count
    return last <= body.count
      ? use(body.extracting(first..<last)) : use(body.extracting(0..<0))
  }

  /// The first `limit` bytes of the text with escapes resolved; nil where it is absent.
  package func withBytes<Answer>(
    in body: Span<UInt8>, limit: Int, _ use: (Span<UInt8>) -> Answer
  ) -> Answer? {
    guard !isAbsent else { return nil }
    if !isEscaped, count <= limit { return withRawBytes(in: body, use) }
    let resolved = Array((string(in: body, limit: limit) ?? "").utf8)
    return use(resolved.span)
  }

  /// Cut between characters after `limit` bytes; nil where the text is absent.
  package func string(in body: Span<UInt8>, limit: Int = 4096) -> String? {
    guard !isAbsent, Int(start) + count <= body.count else { return nil }
    return JSONCursor().text(slice, body, limit: limit)
  }

  /// The end of the text, at most its last `limit` bytes; nil where it is absent.
  package func tail(in body: Span<UInt8>, limit: Int) -> String? {
    guard !isAbsent, Int(start) + count <= body.count else { return nil }
    return JSONCursor().tail(slice, body, limit: limit)
  }

  /// Whether it is exactly this text.
  func says(_ word: StaticString, in body: Span<UInt8>) -> Bool {
    if isEscaped { return string(in: body, limit: 256) == "\(word)" }
    guard count == word.utf8CodeUnitCount, Int(start) + count <= body.count else { return false }
    let first = Int(start)
    for offset in 0..<count where body[first + offset] != word.utf8Start[offset] { return false }
    return true
  }
}

extension EventText {
  /// The text that raw bytes of a body stand for, their escapes resolved.
  package static func resolve(_ raw: [UInt8]) -> String {
    JSONCursor().text(JSONSlice(start: 0, end: raw.count, isEscaped: true), raw.span)
  }
}
