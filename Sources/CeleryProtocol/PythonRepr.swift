/// Values as Python prints them, to compare schedules with what messages and events carry.
package enum PythonRepr {
  /// `repr()` of a value read from JSON.
  package static func text(of value: JSONValue) -> String {
    write(value, string: quoted) { _, _ in nil }
  }

  /// As Celery prints arguments into headers and events: strings not escaped but for the quote,
  /// containers beyond the third level left out.
  package static func safeText(of value: JSONValue) -> String {
    let string = { (text: String) in
      "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "\\'")
        + "'"
    }
    return write(value, string: string) { value, level in
      guard level >= 3 else { return nil }
      return value.array == nil ? "{...}" : "[...]"
    }
  }

  /// Positional arguments of any spelling (`[1]`, `(1,)`) without brackets and trailing comma.
  package static func argumentsText(_ repr: String) -> String {
    var text = inside(repr, "(", ")") ?? inside(repr, "[", "]") ?? repr[...]
    if text.hasSuffix(",") { text.removeLast() }
    return String(text)
  }

  /// Keyword arguments without their braces.
  package static func keywordArgumentsText(_ repr: String) -> String {
    String(inside(repr, "{", "}") ?? repr[...])
  }

  /// Positional arguments read from JSON, in the same spelling; empty for null.
  ///
  /// Celery cuts the text in a header at 1024 characters, so longer ones compare unequal.
  package static func argumentsText(of value: JSONValue) -> String {
    value.isNull ? "" : argumentsText(safeText(of: value))
  }

  /// Keyword arguments read from JSON, in the same spelling; empty for null.
  package static func keywordArgumentsText(of value: JSONValue) -> String {
    value.isNull ? "" : keywordArgumentsText(safeText(of: value))
  }

  private static func inside(
    _ text: String, _ open: Character, _ close: Character
  ) -> Substring? {
    guard text.utf8.count >= 2, text.first == open, text.last == close else { return nil }
    return text.dropFirst().dropLast()
  }

  private static func write(
    _ value: JSONValue, level: Int = 0, string: (String) -> String,
    cut: (JSONValue, Int) -> String?
  ) -> String {
    switch value {
    case .null: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .integer(let value): return String(value)
    case .bigInteger(let digits): return digits
    case .double(let value): return text(of: value)
    case .string(let text): return string(text)
    case .array(let elements):
      if let short = cut(value, level) { return short }
      let parts = elements.map { write($0, level: level + 1, string: string, cut: cut) }
      return "[" + parts.joined(separator: ", ") + "]"
    case .object(let members):
      if let short = cut(value, level) { return short }
      let parts = members.map {
        string($0.key) + ": " + write($0.value, level: level + 1, string: string, cut: cut)
      }
      return "{" + parts.joined(separator: ", ") + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
    var out = String.UnicodeScalarView([quote])
    for scalar in scalars {
      switch scalar {
      case quote, "\\": out += ["\\", scalar]
      case "\n": out += ["\\", "n"]
      case "\r": out += ["\\", "r"]
      case "\t": out += ["\\", "t"]
      default:
        if isPrintable(scalar) { out.append(scalar) } else { out += escaped(scalar).unicodeScalars }
      }
    }
    out.append(quote)
    return String(out)
  }

  private static func escaped(_ scalar: Unicode.Scalar) -> String {
    let (mark, count) =
      scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
    return "\\" + mark
      + String(decoding: JSONWriter.hexDigits(scalar.value, count: count), as: UTF8.self)
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
    return switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .spaceSeparator:
      false
    default: true
    }
  }
}

extension PythonRepr {
  /// A float as `repr()` prints it: the shortest digits that give it back.
  package static func text(of value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let sign = value.sign == .minus ? "-" : ""
    guard value != 0 else { return sign + "0.0" }
    let (digits, point) = shortest(value.magnitude)
    if point > 16 || point <= -4 {
      let exponent = point - 1
      let shown = String(abs(exponent))
      let mantissa = digits.count == 1 ? digits : digits.prefix(1) + "." + digits.dropFirst()
      return sign + mantissa + "e" + (exponent < 0 ? "-" : "+")
        + (shown.count < 2 ? "0" + shown : shown)
    }
    if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + digits }
    if digits.count <= point {
      return sign + digits + String(repeating: "0", count: point - digits.count) + ".0"
    }
    return sign + digits.prefix(point) + "." + digits.dropFirst(point)
  }

  /// Digits without zeros at either end; the number is `0.digits` times ten to the `point`.
  private static func shortest(_ value: Double) -> (digits: String, point: Int) {
    let parts = value.description.split(separator: "e")
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let mantissa = (parts.first ?? "").split(separator: ".", omittingEmptySubsequences: false)
    let whole = mantissa.first ?? ""
    let fraction = mantissa.count > 1 ? mantissa[1] : ""
    let all = whole + fraction
    let leading = all.prefix { $0 == "0" }.count
    var digits = all.dropFirst(leading)
    while digits.last == "0" { digits.removeLast() }
    return (String(digits), whole.count - leading + exponent)
  }
}
