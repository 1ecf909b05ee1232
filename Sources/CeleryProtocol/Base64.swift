/// Base64 as kombu writes bodies: the standard alphabet, padded, in one line.
enum Base64 {
  /// Decodes into `out`, which is emptied first.
  static func decode(
    _ bytes: Span<UInt8>, from start: Int, to end: Int, into out: inout [UInt8]
  ) throws(DecodeError) {
    let length = try decode(bytes, from: start, to: end, over: &out)
    out.removeLast(out.count - length)
  }

  /// Decodes over the front of `buffer`, which grows where it is too short; gives the length.
  static func decode(
    _ bytes: Span<UInt8>, from start: Int, to end: Int, over buffer: inout [UInt8]
  ) throws(DecodeError) -> Int {
    // Whole stores of eight bytes end two bytes behind what they mean.
    let needed = (end - start) / 4 * 3 + 16
    if buffer.count < needed { buffer = [UInt8](repeating: 0, count: needed) }
    let (index, length) = decodeWords(bytes, from: start, to: end, over: &buffer)
    return try decodeRest(bytes, from: index, to: end, over: &buffer, length)
  }

  /// Eight digits at a time for as long as all are digits; gives how far that went in both.
  private static func decodeWords(
    _ bytes: Span<UInt8>, from start: Int, to end: Int, over buffer: inout [UInt8]
  ) -> (index: Int, length: Int) {
    var index = start
    var length = 0
    let values = Self.values.span
    buffer.withUnsafeMutableBytes { out in
      while index <= end - 8 {
        let word = UInt64(
          littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
        var bits: UInt64 = 0
        var seen: UInt8 = 0
        for place in 0..<8 {
          let value = values[Int(UInt8(truncatingIfNeeded: word &>> UInt64(8 * place)))]
          seen |= value
          bits = bits &<< 6 | UInt64(value & 63)
        }
        guard seen < 64 else { return }
        // Six bytes are meant; the two behind them are overwritten next time or never read.
        out.storeBytes(of: (bits &<< 16).bigEndian, toByteOffset: length, as: UInt64.self)
        index += 8
        length += 6
      }
    }
    return (index, length)
  }

  /// What each byte stands for; 255 for what is no digit.
  private static let values: [UInt8] = (0...255).map { value(UInt8($0)) ?? 255 }

  /// The last digits, one by one, and the padding.
  private static func decodeRest(
    _ bytes: Span<UInt8>, from start: Int, to end: Int, over buffer: inout [UInt8], _ done: Int
  ) throws(DecodeError) -> Int {
    var length = done
    var bits: UInt32 = 0
    var digits = 0
    var index = start
    while index < end, bytes[index] != UInt8(ascii: "=") {
      guard let digit = value(bytes[index]) else { throw .malformed(at: index) }
      bits = bits << 6 | UInt32(digit)
      digits += 1
      if digits == 4 {
        buffer[length] = UInt8(truncatingIfNeeded: bits >> 16)
        buffer[length + 1] = UInt8(truncatingIfNeeded: bits >> 8)
        buffer[length + 2] = UInt8(truncatingIfNeeded: bits)
        length += 3
        bits = 0
        digits = 0
      }
      index += 1
    }
    let padding = end - index
    while index < end {
      guard bytes[index] == UInt8(ascii: "=") else { throw .malformed(at: index) }
      index += 1
    }
    guard digits != 1, padding == (digits == 0 ? 0 : 4 - digits) else {
      throw .malformed(at: end)
    }
    // Two digits carry one byte and four spare bits, three carry two bytes and two spare bits.
    if digits == 2 { buffer[length] = UInt8(truncatingIfNeeded: bits >> 4) }
    if digits == 3 {
      buffer[length] = UInt8(truncatingIfNeeded: bits >> 10)
      buffer[length + 1] = UInt8(truncatingIfNeeded: bits >> 2)
    }
    return length + max(0, digits - 1)
  }

  static func encode(_ bytes: [UInt8], into out: inout [UInt8]) {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var index = 0
    while index < bytes.count {
      let taken = min(3, bytes.count - index)
      var bits = UInt32(bytes[index]) << 16
      if taken > 1 { bits |= UInt32(bytes[index + 1]) << 8 }
      if taken > 2 { bits |= UInt32(bytes[index + 2]) }
      for place in 0..<4 {
        let digit = Int(bits >> UInt32(18 - 6 * place) & 63)
        out.append(place <= taken ? alphabet[digit] : UInt8(ascii: "="))
      }
      index += taken
    }
  }

  private static func value(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
