/// One character as a cell holds it: a spacing scalar with the marks that combine with it.
package struct Glyph: Sendable, Hashable {
  package var text: String
  /// 1 or 2 cells.
  package var width: Int

  package init(text: String, width: Int) {
    self.text = text
    self.width = width
  }
}

/// Makes any text fit to be shown: what could steer a terminal is spelled out instead.
package enum SafeText {
  /// A cell keeps at most so many combining marks; the rest are dropped.
  static let marks = 3

  /// The glyphs of a text, left to right.
  ///
  /// C0 and C1 controls and DEL become `\x1b`; direction marks and other invisible characters
  /// become `\u202e`; joiners and variation selectors, which make widths a matter of taste, are
  /// dropped.
  package static func glyphs(_ text: some StringProtocol) -> [Glyph] {
    var glyphs: [Glyph] = []
    glyphs.reserveCapacity(text.utf8.count)
    var marksLeft = 0
    for scalar in text.unicodeScalars {
      if let spelled = spelling(of: scalar) {
        glyphs += spelled.map { Glyph(text: String($0), width: 1) }
        marksLeft = 0
      } else if isDropped(scalar) {
        continue
      } else if CellWidth.of(scalar) == 0 {
        guard marksLeft > 0 else { continue }
        marksLeft -= 1
        glyphs[glyphs.count - 1].text.unicodeScalars.append(scalar)
      } else {
        glyphs.append(Glyph(text: String(scalar), width: CellWidth.of(scalar)))
        marksLeft = marks
      }
    }
    return glyphs
  }

  /// Cells the text takes once made safe.
  package static func width(_ text: some StringProtocol) -> Int {
    if text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) { return text.utf8.count }
    return glyphs(text).reduce(0) { $0 + $1.width }
  }

  /// At most `width` cells of the text, with `…` at the end where something is cut off.
  package static func clipped(_ text: some StringProtocol, to width: Int) -> [Glyph] {
    let all = glyphs(text)
    guard all.reduce(0, { $0 + $1.width }) > width else { return all }
    guard width > 0 else { return [] }
    var kept: [Glyph] = []
    var used = 0
    for glyph in all {
      guard used + glyph.width <= width - 1 else { break }
      kept.append(glyph)
      used += glyph.width
    }
    return kept + [Glyph(text: "…", width: 1)]
  }

  private static func spelling(of scalar: Unicode.Scalar) -> String? {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0: "\\x" + hex(scalar.value, digits: 2)
    case 0xAD, 0x061C, 0x180E, 0x200B...0x200C, 0x200E...0x200F, 0x2028...0x202E, 0x2060...0x206F,
      0xFEFF, 0xFFF9...0xFFFB, 0xE000...0xF8FF:
      "\\u" + hex(scalar.value, digits: 4)
    case 0xE0000...0x10FFFF: "\\u{" + hex(scalar.value, digits: 5) + "}"
    default: nil
    }
  }

  private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value == 0x200D || (0xFE00...0xFE0F).contains(scalar.value)
  }

  private static func hex(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
  }
}
