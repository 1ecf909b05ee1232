import Testing

@testable import CeleryProtocol

@Suite("A text among bytes")
struct TextSearchTests {
  @Test(
    "it is found where it begins first",
    arguments: [
      ("", nil), ("aa", nil), ("aab", 0), ("aaab", 1), ("xaabaab", 1), ("aabx", 0), ("xaa", nil),
    ] as [(String, Int?)])
  func found(_ text: String, _ place: Int?) {
    let bytes = Array(text.utf8)
    #expect(bytes.span.find("aab") == place)
    // A slice counts from its own start.
    #expect((Array("aab".utf8) + bytes)[3...].find("aab") == place.map { $0 + 3 })
  }
}
