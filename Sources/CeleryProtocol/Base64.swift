/// Base64 as kombu writes bodies: the standard alphabet, padded, in one line.
enum Base64 {
  /// Decodes into `out`, which is emptied first.
  static func decode(
    _ bytes: Span<UInt8>, from start: Int, to end: Int, into out: inout [UInt8]
  ) throws(DecodeError) {
    out.removeAll(keepingCapacity: true)
    out.reserveCapacity((end - start) / 4 * 3 + 3)
    var bits: UInt32 = 0
    var digits = 0
    var index = start
    while index < end, bytes[index] != UInt8(ascii: "=") {
      guard let digit = value(bytes[index]) else { throw .malformed(at: index) }
      bits = bits << 6 | UInt32(digit)
      digits += 1
      if digits == 4 {
        out.append(UInt8(truncatingIfNeeded: bits >> 16))
        out.append(UInt8(truncatingIfNeeded: bits >> 8))
        out.append(UInt8(truncatingIfNeeded: bits))
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
    if digits == 2 { out.append(UInt8(truncatingIfNeeded: bits >> 4)) }
    if digits == 3 {
      out.append(UInt8(truncatingIfNeeded: bits >> 10))
      out.append(UInt8(truncatingIfNeeded: bits >> 2))
    }
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
