import TaskmonHealth

/// Writes what people and GitHub read.
package enum Markdown {
  static let width = 100

  /// Paragraphs wrapped, lines that begin with four spaces left as the code they are.
  package static func prose(_ text: String) -> [String] {
    TextWrap.lines(text, width: width).map { line in
      line.hasPrefix("    ") ? line : escaped(line)
    }
  }

  /// A table; cells may hold anything but line ends.
  package static func table(_ heads: [String], _ rows: [[String]]) -> [String] {
    let rows = ([heads] + rows).map { cells in
      "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    return [rows[0], "|" + String(repeating: "---|", count: heads.count)] + rows.dropFirst()
  }

  static func code(_ text: String, _ language: String) -> [String] {
    ["```\(language)", text, "```"]
  }

  /// Plain text that must not become markup; backticks stay, for pages use them as Markdown does.
  private static func escaped(_ line: String) -> String {
    let text = line.replacing("*", with: "\\*").replacing("<", with: "&lt;")
    let first = text.prefix { $0 != " " }
    let isMark =
      ["-", "+", "#", ">"].contains(first) || first.wholeMatch(of: #/[0-9]+[.)]/#) != nil
    return isMark ? "\\" + text : text
  }
}
