import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct ResultsWithoutExpiryTests {
  private static func judge(_ eternal: Int, of count: Int, passes: Int = 1) throws -> Verdict {
    let facts = ResultFacts(
      completedPasses: passes, updatedAt: ago(5), count: count, totalSize: .kibibytes(count),
      withoutExpiry: eternal,
      largest: [
        StoredResult(taskID: "id-1", task: "shop.pay", size: ByteCount(300)),
        StoredResult(taskID: "id-2", size: ByteCount(200), timeToLive: Seconds(60)),
      ])
    return try verdict(ResultsWithoutExpiry.self, history(of: snapshot(results: .value(facts))))
  }

  @Test(arguments: [
    (4, 100, []), (5, 100, ["warning broker"]), (19, 19, []), (1, 20, ["warning broker"]),
    (0, 20, []), (0, 0, []),
  ])
  func shareAndSampleAreJudgedAtTheirLimits(
    _ eternal: Int, _ count: Int, _ wanted: [String]
  ) throws {
    let said = try Self.judge(eternal, of: count)
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingsTellHowManyOfHowManyAndOneOfThem() throws {
    let finding = try Self.judge(1200, of: 4000).first
    #expect(finding?.message == "1,200 of 4,000 results (30 %) never expire")
    #expect(finding?.evidence("taskIDs") == .list(["id-1"]))
    #expect(finding?.evidence("tasks") == .list(["shop.pay"]))
    #expect(finding?.since == ago(5))
  }

  @Test func halfAScanShowsWhatItFoundAndProvesNoHealth() throws {
    #expect(told(try Self.judge(20, of: 20, passes: 0)) == ["warning broker"])
    #expect(
      try Self.judge(0, of: 5000, passes: 0)
        == .unknown("needs one full pass over the results, has seen 5,000"))
    #expect(
      try verdict(ResultsWithoutExpiry.self, history(of: snapshot()))
        == .unknown("not scanned yet"))
  }
}
