extension JSONCursor {
  /// Where a number lies, and whether it is written as an integer.
  struct NumberToken {
    let range: Range<Int>
    let isInteger: Bool
  }

  /// Longer numbers are passed over but not converted.
  private static let longestNumber = 4300

  /// Passes over a number, or one of Python's `NaN`, `Infinity` and `-Infinity`.
  mutating func numberToken(_ bytes: Span<UInt8>) throws(DecodeError) -> NumberToken {
    let first = try peek(bytes)
    let start = position
    if first == UInt8(ascii: "N") { return try word("NaN", from: start, bytes) }
    if first == UInt8(ascii: "I") { return try word("Infinity", from: start, bytes) }
    var index = start
    if first == UInt8(ascii: "-") {
      index += 1
      guard index < bytes.count else { throw .truncated(at: index) }
      if bytes[index] == UInt8(ascii: "I") {
        move(to: index)
        return try word("Infinity", from: start, bytes)
      }
    }
    let digits = index
    index = try Self.digits(from: index, bytes)
    if bytes[digits] == UInt8(ascii: "0") && index > digits + 1 { throw .malformed(at: start) }
    var isInteger = true
    if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
      isInteger = false
      index = try Self.digits(from: index + 1, bytes)
    }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
      isInteger = false
      index += 1
      if index < bytes.count,
        bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-")
      {
        index += 1
      }
      index = try Self.digits(from: index, bytes)
    }
    move(to: index)
    return NumberToken(range: start..<index, isInteger: isInteger)
  }

  /// A number as a value; `bigInteger` where 64 bits do not hold it.
  mutating func number(_ bytes: Span<UInt8>) throws(DecodeError) -> JSONValue {
    try Self.value(of: try numberToken(bytes), bytes)
  }

  private static func value(
    of token: NumberToken, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> JSONValue {
    guard token.range.count <= Self.longestNumber else {
      throw .tooLarge(limit: Self.longestNumber)
    }
    if token.isInteger {
      if let value = Self.integer(token.range, bytes) { return .integer(value) }
      return .bigInteger(Self.text(token.range, bytes))
    }
    switch bytes[token.range.upperBound - 1] {
    case UInt8(ascii: "N"): return .double(.nan)
    case UInt8(ascii: "y"):
      let isNegative = bytes[token.range.lowerBound] == UInt8(ascii: "-")
      return .double(isNegative ? -.infinity : .infinity)
    default:
      if let value = Self.quickDouble(token.range, bytes) { return .double(value) }
      guard let value = Double(Self.text(token.range, bytes)) else {
        throw .malformed(at: token.range.lowerBound)
      }
      return .double(value)
    }
  }

  /// A number, or nil for null and for a value of another type.
  mutating func optionalNumber(_ bytes: Span<UInt8>) throws(DecodeError) -> JSONValue? {
    guard let token = try optionalToken(bytes) else { return nil }
    return try Self.value(of: token, bytes)
  }

  private mutating func optionalToken(
    _ bytes: Span<UInt8>
  ) throws(DecodeError) -> NumberToken? {
    switch try peek(bytes) {
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "N"),
      UInt8(ascii: "I"):
      return try numberToken(bytes)
    default:
      try skip(bytes)
      return nil
    }
  }

  mutating func optionalInt(_ bytes: Span<UInt8>) throws(DecodeError) -> Int? {
    guard let token = try optionalToken(bytes) else { return nil }
    if token.isInteger, let value = Self.integer(token.range, bytes) { return Int(value) }
    return try Self.value(of: token, bytes).int
  }

  /// A finite number, or nil.
  mutating func optionalDouble(_ bytes: Span<UInt8>) throws(DecodeError) -> Double? {
    guard let token = try optionalToken(bytes) else { return nil }
    if let value = Self.quickDouble(token.range, bytes) { return value }
    guard let value = try Self.value(of: token, bytes).double, value.isFinite else { return nil }
    return value
  }

  mutating func optionalBool(_ bytes: Span<UInt8>) throws(DecodeError) -> Bool? {
    let first = try peek(bytes)
    try skip(bytes)
    switch first {
    case UInt8(ascii: "t"): return true
    case UInt8(ascii: "f"): return false
    default: return nil
    }
  }

  private mutating func word(
    _ text: StaticString, from start: Int, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> NumberToken {
    try literal(text, bytes)
    return NumberToken(range: start..<position, isInteger: false)
  }

  /// The place behind at least one digit.
  private static func digits(
    from start: Int, _ bytes: Span<UInt8>
  ) throws(DecodeError) -> Int {
    var index = start
    while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index += 1 }
    guard index > start else {
      if index < bytes.count { throw .malformed(at: index) }
      throw .truncated(at: index)
    }
    return index
  }

  private static func integer(_ range: Range<Int>, _ bytes: Span<UInt8>) -> Int64? {
    let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
    var value: Int64 = 0
    for index in (isNegative ? range.lowerBound + 1 : range.lowerBound)..<range.upperBound {
      let digit = Int64(bytes[index] &- UInt8(ascii: "0"))
      let (product, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, past) =
        isNegative
        ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      guard !over && !past else { return nil }
      value = sum
    }
    return value
  }

  private static func text(_ range: Range<Int>, _ bytes: Span<UInt8>) -> String {
    bytes.extracting(range).withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }
}
