extension JSONCursor {
  /// Passes over a string and says where its content lies.
  mutating func stringSlice(_ bytes: Span<UInt8>) throws(DecodeError) -> JSONSlice {
    guard try peek(bytes) == UInt8(ascii: "\"") else { throw .malformed(at: position) }
    let start = position + 1
    var index = Self.nextMark(from: start, bytes)
    var isEscaped = false
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\"") {
        move(to: index + 1)
        return JSONSlice(start: start, end: index, isEscaped: isEscaped)
      }
      isEscaped = true
      index = Self.nextMark(from: try Self.checkedEscape(at: index, bytes), bytes)
    }
    throw .truncated(at: bytes.count)
  }

  /// Where the next quote or backslash stands, eight bytes at a time; the end where there is none.
  @inline(__always)
  private static func nextMark(from start: Int, _ bytes: Span<UInt8>) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    let raw = bytes.bytes
    var index = start
    while index <= bytes.count - 8 {
      let word = UInt64(
        littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
      // A byte that is zero after the exclusive or is the one looked for; the lowest is exact.
      let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
      let slash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
      let found =
        ((quote &- ones) & ~quote | (slash &- ones) & ~slash) & tops
      if found != 0 { return index + found.trailingZeroBitCount >> 3 }
      index += 8
    }
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return index }
      index += 1
    }
    return bytes.count
  }

  /// A string's text, or nil for null and for a value of another type.
  mutating func optionalString(
    _ bytes: Span<UInt8>, limit: Int = 4096
  ) throws(DecodeError) -> String? {
    guard try peek(bytes) == UInt8(ascii: "\"") else {
      try skip(bytes)
      return nil
    }
    return text(try stringSlice(bytes), bytes, limit: limit)
  }

  /// The content as text: its first `limit` bytes, cut between characters; broken UTF-8 and lone
  /// surrogates become U+FFFD.
  func text(_ slice: JSONSlice, _ bytes: Span<UInt8>, limit: Int = .max) -> String {
    if slice.isEscaped {
      return String(
        decoding: Self.cut(content(slice, bytes, limit: limit), to: limit)[...], as: UTF8.self)
    }
    var end = slice.end
    if end - slice.start > limit {
      end = slice.start + limit
      while end > slice.start && bytes[end] & 0xC0 == 0x80 { end -= 1 }
    }
    return bytes.extracting(slice.start..<end).withUnsafeBufferPointer {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// The end of the content as text: at most its last `limit` bytes.
  func tail(_ slice: JSONSlice, _ bytes: Span<UInt8>, limit: Int) -> String {
    let whole = content(slice, bytes)
    var rest = whole.suffix(limit)
    if rest.count < whole.count {
      while let byte = rest.first, byte & 0xC0 == 0x80 { rest.removeFirst() }
    }
    return String(decoding: rest, as: UTF8.self)
  }

  /// The content's bytes with escapes resolved; stops soon after `limit`.
  func content(_ slice: JSONSlice, _ bytes: Span<UInt8>, limit: Int = .max) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(min(limit, slice.end - slice.start))
    var index = slice.start
    while index < slice.end && out.count <= limit {
      let byte = bytes[index]
      guard byte == UInt8(ascii: "\\"), index + 1 < slice.end else {
        out.append(byte)
        index += 1
        continue
      }
      index = Self.appendEscape(at: index, before: slice.end, bytes, to: &out)
    }
    return out
  }

  /// Cut between characters.
  private static func cut(_ bytes: [UInt8], to limit: Int) -> ArraySlice<UInt8> {
    guard bytes.count > limit else { return bytes[...] }
    var end = limit
    while end > 0 && bytes[end] & 0xC0 == 0x80 { end -= 1 }
    return bytes[..<end]
  }

  /// The place behind the escape that begins at `index`.
  private static func checkedEscape(
    at index: Int, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> Int {
    guard index + 1 < bytes.count else { throw .truncated(at: bytes.count) }
    switch bytes[index + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"),
      UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return index + 2
    case UInt8(ascii: "u"):
      for place in (index + 2)..<(index + 6) {
        guard place < bytes.count else { throw .truncated(at: bytes.count) }
        guard hexValue(bytes[place]) != nil else { throw .malformed(at: index) }
      }
      return index + 6
    default: throw .malformed(at: index)
    }
  }

  private static func appendEscape(
    at index: Int, before end: Int, _ bytes: Span<UInt8>, to out: inout [UInt8]
  ) -> Int {
    switch bytes[index + 1] {
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0C)
    case UInt8(ascii: "n"): out.append(0x0A)
    case UInt8(ascii: "r"): out.append(0x0D)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "u"): return appendUnicode(at: index, before: end, bytes, to: &out)
    case let other: out.append(other)
    }
    return index + 2
  }

  private static func appendUnicode(
    at index: Int, before end: Int, _ bytes: Span<UInt8>, to out: inout [UInt8]
  ) -> Int {
    let replacement: Unicode.Scalar = "\u{FFFD}"
    guard let unit = unit(at: index, before: end, bytes) else {
      append(replacement, to: &out)
      return index + 2
    }
    if unit & 0xFC00 == 0xD800, let low = self.unit(at: index + 6, before: end, bytes),
      low & 0xFC00 == 0xDC00
    {
      let code = 0x10000 + (UInt32(unit & 0x3FF) << 10) + UInt32(low & 0x3FF)
      append(Unicode.Scalar(code) ?? replacement, to: &out)
      return index + 12
    }
    append(Unicode.Scalar(UInt32(unit)) ?? replacement, to: &out)
    return index + 6
  }

  /// The value of `\uXXXX` where it stands whole at `index`.
  private static func unit(at index: Int, before end: Int, _ bytes: Span<UInt8>) -> UInt16? {
    guard index + 6 <= end, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u")
    else { return nil }
    var value: UInt16 = 0
    for place in (index + 2)..<(index + 6) {
      guard let digit = hexValue(bytes[place]) else { return nil }
      value = value << 4 | UInt16(digit)
    }
    return value
  }

  private static func append(_ scalar: Unicode.Scalar, to out: inout [UInt8]) {
    out.append(contentsOf: Unicode.UTF8.encode(scalar).map { Array($0) } ?? [])
  }

  static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
