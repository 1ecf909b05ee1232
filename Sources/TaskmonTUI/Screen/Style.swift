/// What a piece of text means; a theme decides how that looks.
package enum Role: UInt8, Sendable, Hashable, CaseIterable {
  case text, dim, title, label, code
  case critical, warning, info, good, unknown
  case columnHeader, tab, activeTab, footerKey, badge
}

/// How a cell is to look, by meaning.
package struct Style: Sendable, Hashable {
  package var role: Role
  package var isBold: Bool
  /// Lies in the row that the cursor is on.
  package var isSelected: Bool

  package init(_ role: Role = .text, bold: Bool = false, selected: Bool = false) {
    self.role = role
    isBold = bold
    isSelected = selected
  }

  package static let plain = Style()
}

/// Text of one style.
package struct Span: Sendable, Hashable {
  package var text: String
  package var style: Style

  package init(_ text: String, _ role: Role = .text, bold: Bool = false) {
    self.text = text
    style = Style(role, bold: bold)
  }
}

/// One line of differently styled text.
package struct StyledLine: Sendable, Hashable {
  package var spans: [Span]

  package init(_ spans: [Span] = []) { self.spans = spans }
  package init(_ text: String, _ role: Role = .text, bold: Bool = false) {
    spans = [Span(text, role, bold: bold)]
  }

  package var width: Int { spans.reduce(0) { $0 + SafeText.width($1.text) } }

  /// The text alone, made safe.
  package var text: String {
    spans.map { SafeText.glyphs($0.text).map(\.text).joined() }.joined()
  }

  package mutating func append(_ text: String, _ role: Role = .text, bold: Bool = false) {
    spans.append(Span(text, role, bold: bold))
  }
}
