import TaskmonTUI
import Testing

@Suite("Safe text")
struct SafeTextTests {
  @Test(
    "Text takes the cells a terminal gives it",
    arguments: [
      ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("ｱ", 1), ("Ａ", 2), ("🚀", 2),
      ("한국", 4), ("\u{1112}\u{1161}\u{11AB}", 2), ("▁█", 2), ("│─", 2), ("…", 1), ("❤\u{FE0F}", 1),
      ("🇩🇪", 2), ("नि", 1 + 1), ("\u{1B}", 4), ("\u{200D}", 0), ("👨\u{200D}👩", 4),
      ("\u{301}", 0),
    ])
  func widths(text: String, cells: Int) {
    #expect(SafeText.width(text) == cells)
    #expect(SafeText.glyphs(text).reduce(0) { $0 + $1.width } == cells)
  }

  @Test(
    "What could steer a terminal is spelled out",
    arguments: [
      ("\u{1B}[31m", "\\x1b[31m"), ("\u{7}", "\\x07"), ("\r\n", "\\x0d\\x0a"), ("\t", "\\x09"),
      ("\u{7F}", "\\x7f"), ("\u{9B}31m", "\\x9b31m"), ("\u{85}", "\\x85"),
      ("a\u{202E}b", "a\\u202eb"), ("\u{2066}", "\\u2066"), ("\u{200B}", "\\u200b"),
      ("\u{FEFF}", "\\ufeff"), ("\u{E0041}", "\\u{e0041}"), ("\u{0}", "\\x00"),
      ("\u{2028}", "\\u2028"), ("\u{61C}", "\\u061c"),
    ])
  func spelled(text: String, shown: String) {
    #expect(SafeText.glyphs(text).map(\.text).joined() == shown)
  }

  @Test("No control and no direction mark survives, whatever comes")
  func nothingSurvives() {
    for value in UInt32(0)...0xFFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let shown = SafeText.glyphs("a" + String(scalar)).map(\.text).joined()
      for kept in shown.unicodeScalars {
        let category = kept.properties.generalCategory
        #expect(category != .control && category != .lineSeparator, "U+\(value)")
        #expect(!kept.properties.isBidiControl, "U+\(value)")
      }
    }
  }

  @Test("A heap of combining marks is cut to what a cell can hold")
  func marksAreBounded() {
    let zalgo = "a" + String(repeating: "\u{301}", count: 1000)
    #expect(SafeText.glyphs(zalgo) == [Glyph(text: "a\u{301}\u{301}\u{301}", width: 1)])
  }

  @Test(
    "Clipping never splits a wide character and says that it clipped",
    arguments: [
      ("abcdef", 6, "abcdef"), ("abcdef", 5, "abcd…"), ("abcdef", 1, "…"), ("abcdef", 0, ""),
      ("日本語", 6, "日本語"), ("日本語", 5, "日本…"), ("日本語", 4, "日…"), ("日本語", 2, "…"), ("ab", -3, ""),
    ])
  func clips(text: String, width: Int, shown: String) {
    let clipped = SafeText.clipped(text, to: width)
    #expect(clipped.map(\.text).joined() == shown)
    #expect(clipped.reduce(0) { $0 + $1.width } <= max(0, width))
  }
}
