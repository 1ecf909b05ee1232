import TaskmonUnits
import Testing

@Suite struct StableHashTests {
  /// Its author's own test vectors.
  @Test(
    arguments: [
      ("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8),
    ] as [(String, UInt64)])
  func `it is FNV-1a`(_ text: String, _ hash: UInt64) {
    #expect(StableHash.fnv1a(text.utf8) == hash)
  }
}
