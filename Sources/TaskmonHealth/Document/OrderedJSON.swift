/// A JSON value that keeps the order its members were given in, for documents that people read.
package indirect enum OrderedJSON: Sendable, Equatable {
  case object([Member])
  case array([OrderedJSON])
  case string(String)
  case number(Double)
  case bool(Bool)
  case null

  package struct Member: Sendable, Equatable {
    package var key: String
    package var value: OrderedJSON

    package init(_ key: String, _ value: OrderedJSON) {
      self.key = key
      self.value = value
    }
  }

  /// How it is laid out: on one line, or indented for people.
  package enum Style: Sendable {
    case compact, pretty
  }

  package static func strings(_ list: [String]) -> OrderedJSON { .array(list.map { .string($0) }) }

  package func text(_ style: Style) -> String {
    var out = ""
    write(to: &out, indent: style == .pretty ? 0 : nil)
    return out
  }

  private func write(to out: inout String, indent: Int?) {
    switch self {
    case .object(let members):
      Self.wrap(members, in: ("{", "}"), to: &out, indent: indent) { member, out, inner in
        Self.write(member.key, to: &out)
        out += inner == nil ? ":" : ": "
        member.value.write(to: &out, indent: inner)
      }
    case .array(let values):
      Self.wrap(values, in: ("[", "]"), to: &out, indent: indent) { value, out, inner in
        value.write(to: &out, indent: inner)
      }
    case .string(let text): Self.write(text, to: &out)
    case .number(let value): out += Self.text(of: value)
    case .bool(let flag): out += flag ? "true" : "false"
    case .null: out += "null"
    }
  }

  private static func wrap<Element>(
    _ elements: [Element], in brackets: (String, String), to out: inout String, indent: Int?,
    _ body: (Element, inout String, Int?) -> Void
  ) {
    out += brackets.0
    for (index, element) in elements.enumerated() {
      if index > 0 { out += "," }
      if let indent { out += "\n" + String(repeating: " ", count: indent + 2) }
      body(element, &out, indent.map { $0 + 2 })
    }
    if let indent, !elements.isEmpty { out += "\n" + String(repeating: " ", count: indent) }
    out += brackets.1
  }

  /// Whole numbers without a fraction; what JSON cannot say (infinite, not a number) is null.
  private static func text(of value: Double) -> String {
    guard value.isFinite else { return "null" }
    if value == value.rounded(), abs(value) < 9e15 { return "\(Int64(value))" }
    return "\(value)"
  }

  private static func write(_ text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\t": out += "\\t"
      case "\r": out += "\\r"
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      case _: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
