import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct LeakedReplyQueuesTests {
  private static func judge(_ count: Int, _ size: ByteCount) throws -> Verdict {
    let lists = ReplyListFacts(
      count: count, totalSize: size, largest: "9f2c", withoutExpiry: count)
    return try verdict(LeakedReplyQueues.self, history(of: snapshot(replyLists: .value(lists))))
  }

  @Test(arguments: [
    (100, ByteCount.kibibytes(10), []), (101, .kibibytes(10), ["warning broker"]),
    (2, ByteCount(10_485_759), []), (2, .mebibytes(10), ["warning broker"]), (0, .zero, []),
  ])
  func countAndSizeAreJudgedAtTheirLimits(
    _ count: Int, _ size: ByteCount, _ wanted: [String]
  ) throws {
    let said = try Self.judge(count, size)
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingsTellWhatTheyHold() throws {
    let finding = try Self.judge(1412, .mebibytes(3)).first
    #expect(finding?.message == "1,412 reply lists hold 3.0 MiB; 1,412 never expire")
    #expect(finding?.evidence("largest") == .text("9f2c"))
    #expect(finding?.evidence("listsBytes") == .number(3_145_728))
  }

  @Test func beforeTheScanTheirNumberIsUnknown() throws {
    let said = try verdict(LeakedReplyQueues.self, history(of: snapshot()))
    #expect(said == .unknown("not scanned yet"))
  }
}
