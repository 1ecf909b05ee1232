import Glibc
import TaskmonTUI
import Testing

@Suite("Agreement with the C library")
struct WidthAgreementTests {
  /// Changed from a mark that takes no cell to one that takes one after Unicode 15, which is what
  /// this C library knows.
  private static let newer: Set<UInt32> = [0x1171E]

  /// Sees the widths of C.UTF-8 on this thread only.
  private static func wcwidths() throws -> [(Unicode.Scalar, Int)] {
    // Its declaration hides behind a macro that Swift does not set.
    let symbol = try #require(dlsym(nil, "wcwidth"))
    let wcwidth = unsafeBitCast(symbol, to: (@convention(c) (wchar_t) -> Int32).self)
    let locale = try #require(newlocale(Int32(1 << LC_CTYPE), "C.UTF-8", nil))
    let previous = uselocale(locale)
    defer {
      uselocale(previous)
      freelocale(locale)
    }
    var widths: [(Unicode.Scalar, Int)] = []
    for value in UInt32(0x20)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let width = Int(wcwidth(wchar_t(value)))
      if width >= 0, !newer.contains(value) { widths.append((scalar, width)) }
    }
    return widths
  }

  @Test("A glyph takes the cells ncurses believes it takes")
  func agrees() throws {
    let widths = try Self.wcwidths()
    try #require(widths.count > 100_000)
    let disputed = widths.filter { scalar, width in
      let glyphs = SafeText.glyphs(String(scalar))
      // Spelled out, dropped, or nothing to combine with: never handed to ncurses as it is.
      guard glyphs.count == 1, glyphs.first?.text == String(scalar) else { return false }
      return glyphs.first?.width != width
    }
    #expect(disputed.map { String($0.0.value, radix: 16) } == [])
  }

  @Test("What combines for ncurses combines here")
  func combines() throws {
    let disputed = try Self.wcwidths().filter { scalar, width in
      guard width == 0 else { return false }
      return SafeText.width("a" + String(scalar)) > 1
        && SafeText.glyphs("a" + String(scalar)).last?.text == String(scalar)
    }
    #expect(disputed.map { String($0.0.value, radix: 16) } == [])
  }
}
