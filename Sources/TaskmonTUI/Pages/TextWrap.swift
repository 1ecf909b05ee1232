/// Breaks lines at spaces, and inside a word only where the word alone is too long.
package enum TextWrap {
  /// Further lines begin `indent` cells in.
  package static func wrap(_ line: StyledLine, width: Int, indent: Int = 0) -> [StyledLine] {
    guard line.width > width else { return [line] }
    var out = Lines(width: max(width, indent + 8), indent: indent)
    for span in line.spans {
      for word in words(span.text) { out.add(word, style: span.style) }
    }
    return out.finished
  }

  /// Alternating runs of spaces and of other characters, made safe.
  private static func words(_ text: String) -> [[Glyph]] {
    var words: [[Glyph]] = []
    for glyph in SafeText.glyphs(text) {
      let isSpace = glyph.text == " "
      if let last = words.last?.last, (last.text == " ") == isSpace {
        words[words.count - 1].append(glyph)
      } else {
        words.append([glyph])
      }
    }
    return words
  }

  private struct Lines {
    let width: Int
    let indent: Int
    var finishedLines: [StyledLine] = []
    var current = StyledLine()
    var used = 0

    init(width: Int, indent: Int) {
      self.width = width
      self.indent = indent
    }

    var finished: [StyledLine] { finishedLines + [current] }

    mutating func add(_ word: [Glyph], style: Style) {
      let length = word.reduce(0) { $0 + $1.width }
      if used + length <= width { return put(word, length, style) }
      if word.first?.text == " " { return }
      if used > indent { breakLine() }
      var rest = word[...]
      while rest.reduce(0, { $0 + $1.width }) > width - used {
        var piece: [Glyph] = []
        var cells = 0
        while let glyph = rest.first, used + cells + glyph.width <= width {
          piece.append(rest.removeFirst())
          cells += glyph.width
        }
        put(piece, cells, style)
        breakLine()
      }
      put(Array(rest), rest.reduce(0) { $0 + $1.width }, style)
    }

    private mutating func put(_ glyphs: [Glyph], _ length: Int, _ style: Style) {
      var span = Span(glyphs.map(\.text).joined())
      span.style = style
      current.spans.append(span)
      used += length
    }

    private mutating func breakLine() {
      finishedLines.append(current)
      current = StyledLine(String(repeating: " ", count: indent))
      used = indent
    }
  }
}
