package import TaskmonHealth

/// Writes the little YAML that rule files need, in the style people write it in.
///
/// Texts are plain where YAML reads them back as the same text, in single quotes otherwise, and in
/// a literal block where they have several lines.
package enum YAML {
  /// A document; ends with a line feed.
  package static func text(_ value: OrderedJSON) -> String {
    lines(value).joined(separator: "\n") + "\n"
  }

  private static func lines(_ value: OrderedJSON) -> [String] {
    switch value {
    case .object(let members) where !members.isEmpty:
      members.flatMap { entry("\(scalar($0.key)):", $0.value) }
    case .array(let values) where !values.isEmpty:
      values.flatMap { value in
        let inner = lines(value)
        return zip(inner.indices, inner).map { ($0 == 0 ? "- " : "  ") + $1 }
      }
    case .string(let text) where text.contains("\n"):
      ["|-"] + block(text)
    case .object, .array, .string, .number, .bool, .null:
      [inline(value)]
    }
  }

  /// A key and its value: beside it, or indented below it.
  private static func entry(_ key: String, _ value: OrderedJSON) -> [String] {
    let inner = lines(value)
    return switch value {
    case .object(let members) where !members.isEmpty: [key] + inner.map { "  " + $0 }
    case .array(let values) where !values.isEmpty: [key] + inner.map { "  " + $0 }
    case .object, .array, .string, .number, .bool, .null:
      ["\(key) \(inner.first ?? "")"] + inner.dropFirst()
    }
  }

  private static func block(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map {
      $0.isEmpty ? "" : "  \($0)"
    }
  }

  private static func inline(_ value: OrderedJSON) -> String {
    if case .string(let text) = value { scalar(text) } else { value.text(.compact) }
  }

  private static func scalar(_ text: String) -> String {
    isPlain(text) ? text : "'" + text.replacing("'", with: "''") + "'"
  }

  /// Careful rather than complete: what is in doubt is quoted.
  private static func isPlain(_ text: String) -> Bool {
    if text.wholeMatch(of: #/[0-9]+[smhd]/#) != nil { return true }
    guard let first = text.first, first.isLetter || first == "_" else { return false }
    let words: Set = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
    return !words.contains(text.lowercased()) && text.last != " " && text.last != ":"
      && !text.contains(": ") && !text.contains(" #")
      && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7f }
  }
}
