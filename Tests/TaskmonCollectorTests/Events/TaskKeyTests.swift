import Testing

@testable import TaskmonCollector

/// Ids in sixteen bytes.
struct TaskKeyTests {
  private let hasher = ByteHash(seed: 42)

  @Test(
    "a canonical UUID comes back as it went in",
    arguments: [
      "00000000-0000-0000-0000-000000000000", "f52808aa-1234-4cde-9abc-0123456789ab",
      "2283c824-e64d-11f1-a0ce-02fc00000001", "ffffffff-ffff-ffff-dfff-ffffffffffff",
    ])
  func packs(_ text: String) {
    let key = TaskKey(text, hasher)
    #expect(!key.isHash)
    #expect(key.text == text)
  }

  @Test(
    "any other text is a marked hash, the same for the same text",
    arguments: [
      "", "order-17", "F52808AA-1234-4CDE-9ABC-0123456789AB",
      "f52808aa-1234-4cde-9abc-0123456789a", "f52808aa-1234-4cde-9abc-0123456789abc",
      "f52808aa01234-4cde-9abc-0123456789ab", "f52808ag-1234-4cde-9abc-0123456789ab",
      "ffffffff-ffff-ffff-ffff-ffffffffffff", String(repeating: "x", count: 10_000),
    ])
  func hashes(_ text: String) {
    let key = TaskKey(text, hasher)
    #expect(key.isHash)
    #expect(key == TaskKey(text, hasher))
    #expect(key != TaskKey(text + "x", hasher))
    #expect(key != TaskKey(text, ByteHash(seed: 43)))
    #expect(key.text.hasPrefix("#") && key.text.count == 33)
  }
}

/// Names by number.
struct NameTableTests {
  @Test("a text keeps its number, and ten thousand have one each")
  func keeps() {
    var table = NameTable(limit: 10_000, hasher: ByteHash(seed: 1))
    let texts = (1...10_000).map { "shop.tasks.task_\($0)" }
    let numbers = texts.map { table.intern($0) }
    #expect(Set(numbers).count == 10_000)
    #expect(texts.map { table.intern($0) } == numbers)
    #expect(texts.map { table.known($0) } == numbers)
    #expect(numbers.map { table[$0] } == texts)
    #expect(table.dropped == 0)
  }

  @Test("one text too many is other, and is counted")
  func bounds() {
    var table = NameTable(limit: 2, hasher: ByteHash(seed: 1))
    let known = ["a", ""].map { table.intern($0) }
    #expect(table.intern("c") == NameTable.other)
    #expect(table[table.intern("c")] == "other")
    #expect(table.dropped == 2)
    #expect(["a", ""].map { table.intern($0) } == known)
    #expect(table.known("c") == nil)
  }

  @Test("a text is cut at 256 bytes")
  func cuts() {
    var table = NameTable(limit: 9, hasher: ByteHash(seed: 1))
    let long = String(repeating: "n", count: 256)
    #expect(table.intern(long) == table.intern(long + "more"))
    #expect(table[table.intern(long + "x")] == long)
    #expect(table.known(long + "x") == table.intern(long))
  }
}
