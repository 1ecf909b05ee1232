/// A page of text about one subject: what Enter shows.
package struct Page: Sendable, Equatable {
  package var title: String
  package var blocks: [PageBlock]

  package init(_ title: String, _ blocks: [PageBlock]) {
    self.title = title
    self.blocks = blocks
  }
}

/// A named value on a page.
package struct PageFact: Sendable, Equatable {
  package var name: String
  package var value: String
  package var role: Role

  package init(_ name: String, _ value: String, _ role: Role = .text) {
    self.name = name
    self.value = value
    self.role = role
  }

  package static func unknown(_ name: String, _ reason: String? = nil) -> PageFact {
    PageFact(name, reason.map { "? (\($0))" } ?? "?", .unknown)
  }
}

package enum PageBlock: Sendable, Equatable {
  case heading(String)
  /// Paragraphs and code as `RulePage` writes them: blank lines part, four spaces begin code.
  case prose(String)
  case line(StyledLine)
  /// Names and values in two aligned columns.
  case facts([PageFact])
  case table(Table)
}

extension Page {
  /// The page as lines of at most `width` cells.
  package func lines(width: Int) -> [StyledLine] {
    let column = nameColumn
    return blocks.flatMap { block -> [StyledLine] in
      switch block {
      case .heading(let text): [StyledLine(), StyledLine(" " + text, .title)]
      case .prose(let text): Self.prose(text, width: width)
      case .line(let line): TextWrap.wrap(line, width: width, indent: 2)
      case .facts(let facts): Self.aligned(facts, column: column, width: width)
      case .table(let table): Self.table(table, width: width)
      }
    }
  }

  /// One column of names for the whole page.
  private var nameColumn: Int {
    let names = blocks.flatMap { block -> [String] in
      if case .facts(let facts) = block { facts.map(\.name) } else { [] }
    }
    return min(28, names.map { SafeText.width($0) }.max() ?? 0)
  }

  private static func prose(_ text: String, width: Int) -> [StyledLine] {
    var lines: [StyledLine] = []
    var paragraph: [Substring] = []
    func flush() {
      guard !paragraph.isEmpty else { return }
      let joined = paragraph.joined(separator: " ")
      lines += TextWrap.wrap(StyledLine("  " + joined), width: width, indent: 2)
      paragraph = []
    }
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("    ") {
        flush()
        lines += TextWrap.wrap(StyledLine(String(line), .code), width: width, indent: 8)
      } else if line.allSatisfy({ $0 == " " }) {
        flush()
        lines.append(StyledLine())
      } else {
        paragraph.append(line)
      }
    }
    flush()
    return lines
  }

  private static func aligned(_ facts: [PageFact], column: Int, width: Int) -> [StyledLine] {
    facts.flatMap { fact -> [StyledLine] in
      let padding = String(repeating: " ", count: max(0, column - SafeText.width(fact.name)))
      let line = StyledLine([
        Span("  " + fact.name + padding + "  ", .label), Span(fact.value, fact.role),
      ])
      return TextWrap.wrap(line, width: width, indent: column + 4)
    }
  }

  private static func table(_ table: Table, width: Int) -> [StyledLine] {
    TablePainter.lines(table, width: width - 1).enumerated().map { index, text in
      StyledLine(" " + text, index == 0 ? .label : .text)
    }
  }
}
