import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct EagerExecutionTests {
  private static func judge(
    eager: Bool? = false, results: Observation<ResultFacts>? = nil, stored: [StoredMark] = []
  ) throws -> Verdict {
    let settings = eager.map { WorkerSettings(isAlwaysEager: $0) }
    let scanned = ResultFacts(completedPasses: 1, updatedAt: noon, eagerRuns: stored)
    return try verdict(
      EagerExecution.self,
      history(
        of: snapshot(
          workers: .value([worker(settings: settings)]), results: results ?? .value(scanned))))
  }

  private static func run(_ seconds: Double?) -> StoredMark {
    StoredMark(
      name: "web-1", count: 3, latest: seconds.map { ago($0) }, latestID: "id-1", task: "shop.pay")
  }

  @Test func aWorkerWithTheSettingIsTold() throws {
    let said = try Self.judge(eager: true)
    #expect(told(said) == ["critical celery@w1"])
    #expect(said.first?.evidence("taskAlwaysEager") == .flag(true))
  }

  @Test(arguments: [(3600.0, ["critical web-1"]), (3601.0, [])])
  func aResultOfAProcessThatIsNoWorkerIsToldWhileRecent(
    _ seconds: Double, _ wanted: [String]
  ) throws {
    let said = try Self.judge(stored: [Self.run(seconds)])
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
    #expect(said.first?.evidence("task") == (wanted.isEmpty ? nil : .text("shop.pay")))
  }

  @Test func aRunOfUnknownAgeIsNotHeldAgainstAnybody() throws {
    #expect(try Self.judge(stored: [Self.run(nil)]) == .healthy)
  }

  @Test func settingsAndResultsThatWereNotReadAreUnknown() throws {
    #expect(
      try Self.judge(eager: nil).reason == "the settings of celery@w1: not asked yet")
    #expect(
      try Self.judge(results: .unavailable("no result backend")).reason
        == "stored results: no result backend")
    #expect(
      try Self.judge(results: .value(ResultFacts(completedPasses: 0, updatedAt: noon))).reason
        == "no scan of the results is complete yet")
  }
}
