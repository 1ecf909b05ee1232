package import TaskmonUnits

extension Timestamp {
  /// Reads an ISO 8601 date and time as Celery writes `eta`, `expires` and `date_done`.
  ///
  /// Any offset or `Z`; without one it is UTC, as Celery before 5.4 meant it. Nil for all else.
  package init?(iso8601 text: String) {
    var reader = DigitReader(Array(text.utf8))
    guard let year = reader.number(4), reader.take("-"), let month = reader.number(2),
      reader.take("-"), let day = reader.number(2), reader.take("T") || reader.take(" "),
      let hour = reader.number(2), reader.take(":"), let minute = reader.number(2),
      (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60
    else { return nil }
    var second: Int64 = 0
    var fraction = 0.0
    if reader.take(":") {
      guard let whole = reader.number(2), whole <= 60 else { return nil }
      second = whole
      if reader.take(".") {
        guard let part = reader.fraction() else { return nil }
        fraction = part
      }
    }
    guard let offset = reader.offset(), reader.isAtEnd else { return nil }
    let whole =
      Timestamp.days(year: year, month: month, day: day) * 86400 + hour * 3600 + minute * 60
      + second - offset
    self.init(secondsSince1970: Double(whole) + fraction)
  }
}

/// Takes digits and marks from the front of a text.
private struct DigitReader {
  private let bytes: [UInt8]
  private var index = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { index == bytes.count }

  mutating func take(_ mark: Unicode.Scalar) -> Bool {
    guard index < bytes.count, UInt32(bytes[index]) == mark.value else { return false }
    index += 1
    return true
  }

  mutating func number(_ digits: Int) -> Int64? {
    guard bytes.count - index >= digits else { return nil }
    var value: Int64 = 0
    for byte in bytes[index..<(index + digits)] {
      guard byte &- UInt8(ascii: "0") < 10 else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    index += digits
    return value
  }

  mutating func fraction() -> Double? {
    let digits = bytes[index...].prefix { $0 &- UInt8(ascii: "0") < 10 }
    guard !digits.isEmpty else { return nil }
    index = digits.endIndex
    return Double("0." + String(decoding: digits, as: UTF8.self))
  }

  /// Seconds east of Greenwich; 0 where none is written; nil for half an offset.
  mutating func offset() -> Int64? {
    if isAtEnd || take("Z") { return 0 }
    let sign: Int64 = take("-") ? -1 : 1
    guard sign < 0 || take("+"), let hours = number(2) else { return nil }
    _ = take(":")
    guard let minutes = isAtEnd ? 0 : number(2) else { return nil }
    let seconds = take(":") ? number(2) : 0
    guard let seconds else { return nil }
    return sign * (hours * 3600 + minutes * 60 + seconds)
  }
}
