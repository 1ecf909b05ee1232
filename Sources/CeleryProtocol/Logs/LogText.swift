/// Bytes of a log line, looked at without making text of them.
typealias LogBytes = ArraySlice<UInt8>

extension LogBytes {
  /// Without the colours of a terminal and the carriage return at the end.
  var withoutColours: LogBytes {
    var line = self
    while line.last == UInt8(ascii: "\r") { line.removeLast() }
    guard line.contains(0x1B) else { return line }
    var plain: [UInt8] = []
    plain.reserveCapacity(line.count)
    var index = line.startIndex
    while index < line.endIndex {
      guard line[index] == 0x1B else {
        plain.append(line[index])
        index += 1
        continue
      }
      index = line[index...].endOfEscape
    }
    return plain[...]
  }

  /// Behind the escape sequence that this begins with.
  private var endOfEscape: Int {
    let second = startIndex + 1
    guard second < endIndex, self[second] == UInt8(ascii: "[") else { return second }
    let final = self[(second + 1)...].firstIndex { (0x40...0x7E).contains($0) }
    return final.map { $0 + 1 } ?? endIndex
  }

  func starts(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard self.count >= count else { return false }
    let front = prefix(count)
    return text.withUTF8Buffer { front.elementsEqual($0) }
  }

  /// Where a text begins; nil where it is not in it.
  func find(_ text: StaticString) -> Int? {
    span.find(text).map { startIndex + $0 }
  }

  var withoutLeadingSpaces: LogBytes { drop { $0 == 0x20 || $0 == 0x09 } }

  /// The bytes as a name; nil where they are none: white space, control characters, too long.
  ///
  /// Names are shown and sent on, and whoever writes to the log decides what stands there.
  var name: String? {
    guard !isEmpty, count <= 255, allSatisfy({ $0 > 0x20 && $0 != 0x7F }),
      let text = String(validating: self, as: UTF8.self)
    else { return nil }
    return text.unicodeScalars.allSatisfy(Self.isPlain) ? text : nil
  }

  private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .surrogate,
      .privateUse, .unassigned:
      false
    case _: true
    }
  }
}

extension UInt8 {
  var isLogDigit: Bool { self &- UInt8(ascii: "0") < 10 }
  var isLogUpper: Bool { self &- UInt8(ascii: "A") < 26 }
  /// Of an identifier, a dotted name or a node's name.
  var isOfLogName: Bool {
    isLogDigit || isLogUpper || self &- UInt8(ascii: "a") < 26 || self >= 0x80
      || self == UInt8(ascii: "_") || self == UInt8(ascii: ".") || self == UInt8(ascii: "-")
  }
}

/// The names of levels that Python and Celery know, and the common ones beside them.
enum LogLevelName {
  private static let all: Set<String> = [
    "DEBUG", "INFO", "NOTICE", "WARN", "WARNING", "ERROR", "CRITICAL", "FATAL", "TRACE", "SUCCESS",
  ]

  /// In capitals, `WARN` and `FATAL` by their other names; nil for what is no level.
  static func of(_ text: String, anyCase: Bool = false) -> String? {
    guard text.utf8.count <= 8 else { return nil }
    let name = anyCase ? text.uppercased() : text
    guard all.contains(name) else { return nil }
    return name == "WARN" ? "WARNING" : name == "FATAL" ? "CRITICAL" : name
  }
}
