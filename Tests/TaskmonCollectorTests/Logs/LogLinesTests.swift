import Testing

@testable import TaskmonCollector

@Suite("Bytes cut into lines")
struct LogLinesTests {
  private static func lines(_ chunks: [String], limit: Int = 8, inLine: Bool = false) -> [String] {
    var lines = LogLines(limit: limit, inLine: inLine)
    var found: [String] = []
    for chunk in chunks {
      lines.take(Array(chunk.utf8)[...]) { found.append(String(decoding: $0, as: UTF8.self)) }
    }
    return found + ["cut \(lines.cut), begun \(lines.begun)"]
  }

  @Test("lines come whole, however the bytes come")
  func whole() {
    #expect(
      Self.lines(["a\nb\n", "c", "d\n", "\n", "e"]) == ["a", "b", "cd", "", "cut 0, begun 1"])
  }

  @Test("what stands in the middle of a line is passed over")
  func middle() {
    #expect(Self.lines(["rest", " of it\nnew\n"], inLine: true) == ["new", "cut 0, begun 0"])
  }

  @Test("a line at the limit is whole, one over it is cut, once", arguments: [true, false])
  func limit(_ atOnce: Bool) {
    let text = "12345678\n123456789\n1234567890123456789\nend\n"
    let chunks = atOnce ? [text] : text.map { String($0) }
    #expect(
      Self.lines(chunks) == ["12345678", "12345678", "12345678", "end", "cut 2, begun 0"])
  }
}
