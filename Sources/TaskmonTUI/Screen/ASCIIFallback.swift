/// What stands for the console's own signs where only ASCII can be shown.
package enum ASCIIFallback {
  /// One character of ASCII for a cell's text; `?` for what has no likeness.
  package static func text(for glyph: String) -> String { likeness[glyph] ?? "?" }

  /// A whole line, cell by cell; a wide character becomes `?`.
  package static func line(_ text: some StringProtocol) -> String {
    SafeText.glyphs(text).map { glyph in
      glyph.text.utf8.allSatisfy { $0 < 0x80 } ? glyph.text : self.text(for: glyph.text)
    }.joined()
  }

  private static let likeness: [String: String] = [
    "▁": ".", "▂": ":", "▃": "-", "▄": "=", "▅": "+", "▆": "*", "▇": "%", "█": "#",
    "▲": "^", "▼": "v", "▌": ">", "…": "~", "·": "-", "–": "-", "—": "-", "─": "-", "│": "|",
    "↑": "^", "↓": "v", "←": "<", "→": ">", "×": "x", "≥": ">", "’": "'", "‘": "'", "“": "\"",
    "”": "\"", "\u{A0}": " ",
  ]
}
