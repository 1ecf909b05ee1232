import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct OversizedResultTests {
  private static func results(_ size: Int, passes: Int = 1) -> SnapshotHistory {
    let bytes = ByteCount(size)
    let facts = ResultFacts(
      completedPasses: passes, updatedAt: ago(5), count: 10,
      largest: [StoredResult(taskID: "id-1", size: bytes, timeToLive: Seconds(3600))],
      tasks: [
        TaskResultSizes(
          task: "reports.render", count: 10, totalSize: bytes + .kibibytes(70), largest: bytes,
          largestID: "id-1",
          classes: [
            ResultSizeClass(floor: ByteCount(32), count: 8, totalSize: ByteCount(300)),
            ResultSizeClass(floor: .kibibytes(64), count: 2, totalSize: bytes + .kibibytes(66)),
          ])
      ])
    return history(of: snapshot(results: .value(facts)))
  }

  @Test(arguments: [
    (65_535, []), (65_536, ["warning reports.render"]),
    (1_048_575, ["warning reports.render"]), (1_048_576, ["critical reports.render"]),
  ])
  func sizesAreJudgedAtTheirLimits(_ size: Int, _ wanted: [String]) throws {
    let said = try verdict(OversizedResult.self, Self.results(size))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingTellsTheLargestAndHowMuchThereIs() throws {
    let finding = try verdict(OversizedResult.self, Self.results(5_000_170)).first
    #expect(
      finding?.message
        == "4.8 MiB stored for one run; 2 results of 64.0 KiB or more, 4.8 MiB in all")
    #expect(finding?.evidence("largestBytes") == .number(5_000_170))
    #expect(finding?.evidence("taskID") == .text("id-1"))
    #expect(finding?.evidence("expiresInSeconds") == .number(3600))
    #expect(finding?.since == ago(5))
  }

  @Test func oneTaskMayHaveLimitsOfItsOwn() throws {
    let set = ["oversized-result[reports.render].warning=2MiB", "oversized-result.critical=8MiB"]
    #expect(try verdict(OversizedResult.self, Self.results(1_500_000), set: set) == .healthy)
  }

  @Test func halfAScanProvesNoHealthButShowsWhatItFound() throws {
    let small = try verdict(OversizedResult.self, Self.results(100, passes: 0))
    #expect(small.reason == "needs one full pass over the results, has seen 10")
    let large = try verdict(OversizedResult.self, Self.results(5_000_170, passes: 0))
    #expect(large.first?.evidence("scanComplete") == .flag(false))
  }

  @Test func withoutAScanNothingIsKnown() throws {
    let said = try verdict(OversizedResult.self, history(of: snapshot()))
    #expect(said == .unknown("not scanned yet"))
  }
}
