extension JSONCursor {
  /// 10^0 to 10^19, all exact in 64 bits.
  private static func power(_ exponent: Int) -> UInt64 {
    var value: UInt64 = 1
    for _ in 0..<exponent { value &*= 10 }
    return value
  }

  /// A decimal number as the nearest double; nil where it takes more than whole-number arithmetic.
  ///
  /// Up to 19 digits with up to 19 of them behind the point and no exponent, which is every number
  /// Celery writes by itself: its timestamps have 17 digits and so do not fit a double's 53 bits.
  static func quickDouble(_ range: Range<Int>, _ bytes: Span<UInt8>) -> Double? {
    var index = range.lowerBound
    let isNegative = bytes[index] == UInt8(ascii: "-")
    if isNegative { index += 1 }
    guard range.upperBound - index <= 20 else { return nil }
    var digits: UInt64 = 0
    var count = 0
    var point: Int?
    while index < range.upperBound {
      let digit = bytes[index] &- UInt8(ascii: "0")
      if digit < 10 {
        digits = digits &* 10 &+ UInt64(digit)
        count += 1
      } else if bytes[index] == UInt8(ascii: ".") {
        point = index
      } else {
        return nil
      }
      index += 1
    }
    guard count > 0, count <= 19 else { return nil }
    let places = point.map { range.upperBound - $0 - 1 } ?? 0
    let value = quotient(digits, tenTo: places)
    return isNegative ? -value : value
  }

  /// `digits` / 10^`places`, rounded once, to the nearest and in a tie to the even.
  private static func quotient(_ digits: UInt64, tenTo places: Int) -> Double {
    let divisor = power(places)
    if digits <= 1 << 53, divisor <= 1 << 53 { return Double(digits) / Double(divisor) }
    guard digits != 0 else { return 0 }
    // Both with their top bit set, the dividend below the divisor: a quotient of just 64 bits.
    let shift = divisor.leadingZeroBitCount
    let scaled = divisor &<< UInt64(shift)
    var exponent = shift - digits.leadingZeroBitCount
    var high = digits &<< UInt64(digits.leadingZeroBitCount)
    var low: UInt64 = 0
    if high >= scaled {
      low = high &<< 63
      high &>>= 1
      exponent += 1
    }
    let (whole, rest) = scaled.dividingFullWidth((high, low))
    // 53 bits stay; the eleven below them and the remainder decide.
    var kept = whole &>> 11
    let cut = whole & 0x7FF
    if cut > 0x400 || (cut == 0x400 && (rest != 0 || kept & 1 == 1)) { kept += 1 }
    return Double(sign: .plus, exponent: exponent - 53, significand: Double(kept))
  }
}
