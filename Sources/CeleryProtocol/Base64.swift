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
    // Whole stores of four bytes end one byte behind what they mean.
    let needed = (end - start) / 4 * 3 + 16
    if buffer.count < needed { buffer = [UInt8](repeating: 0, count: needed) }
    var index = start
    var length = 0
    buffer.withUnsafeMutableBytes { out in
      while index <= end - 16 {
        let digits = bytes.bytes.unsafeLoadUnaligned(
          fromByteOffset: index, as: SIMD16<UInt8>.self)
        guard let words = sixBits(digits) else { return }
        for lane in 0..<4 {
          let triple = words[lane].bigEndian &>> 8
          out.storeBytes(of: triple.littleEndian, toByteOffset: length + 3 * lane, as: UInt32.self)
        }
        index += 16
        length += 12
      }
    }
    return try decodeRest(bytes, from: index, to: end, over: &buffer, length)
  }

  /// The values of sixteen digits, four to a word, first digit highest; nil where one is none.
  @inline(__always)
  private static func sixBits(_ digits: SIMD16<UInt8>) -> SIMD4<UInt32>? {
    let upper = digits &- UInt8(ascii: "A")
    let lower = digits &- UInt8(ascii: "a")
    let number = digits &- UInt8(ascii: "0")
    var values = SIMD16<UInt8>(repeating: 0xFF)
    values.replace(with: upper, where: upper .< 26)
    values.replace(with: lower &+ 26, where: lower .< 26)
    values.replace(with: number &+ 52, where: number .< 10)
    values.replace(with: 62, where: digits .== UInt8(ascii: "+"))
    values.replace(with: 63, where: digits .== UInt8(ascii: "/"))
    guard values.max() < 64 else { return nil }
    let words = unsafeBitCast(values, to: SIMD4<UInt32>.self)
    let first = (words & 0x3F) &<< 18
    let second = (words & 0x3F00) &<< 4
    let third = (words &>> 10) & 0xFC0
    return first | second | third | words &>> 24
  }

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
