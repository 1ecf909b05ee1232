/// Breaks the plain text of rule pages into lines.
package enum TextWrap {
  /// Paragraphs are wrapped between words; lines that begin with four spaces are code and stay as
  /// they are; a word longer than the width has a line of its own.
  package static func lines(_ text: String, width: Int, indent: Int = 0) -> [String] {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var current = ""
    func flush() {
      if !current.isEmpty { lines.append(margin + current) }
      current = ""
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty || line.hasPrefix("    ") {
        flush()
        lines.append(line.isEmpty ? "" : margin + line)
        continue
      }
      for word in line.split(separator: " ") {
        if !current.isEmpty && indent + current.count + 1 + word.count > width { flush() }
        current += current.isEmpty ? "\(word)" : " \(word)"
      }
    }
    flush()
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}
