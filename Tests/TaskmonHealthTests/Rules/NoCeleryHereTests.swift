import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct NoCeleryHereTests {
  private static let nothing = CeleryPresence(scanComplete: true)
  private static let elsewhere = CeleryPresence(
    scanComplete: true, elsewhere: ["db 1 (212 keys)", "channels /1.celeryev"])

  @Test func anEmptyDatabaseIsUnknownAndSaysWhereCeleryWasSeen() throws {
    let said = try verdict(
      NoCeleryHere.self, history(of: snapshot(presence: .value(Self.elsewhere))))
    #expect(
      said
        == .unknown(
          "no Celery in db 0; elsewhere on this server: db 1 (212 keys), channels /1.celeryev"))
  }

  @Test(arguments: [
    CeleryPresence(markers: ["unacked"], scanComplete: true),
    CeleryPresence(scanComplete: true, heardEvents: true),
    CeleryPresence(markers: ["_kombu.binding.celery"]),
  ])
  func anySignOfCeleryIsEnough(_ presence: CeleryPresence) throws {
    #expect(
      try verdict(NoCeleryHere.self, history(of: snapshot(presence: .value(presence)))) == .healthy)
  }

  @Test func beforeTheScanIsDoneNothingIsConcluded() throws {
    let said = try verdict(
      NoCeleryHere.self, history(of: snapshot(presence: .value(CeleryPresence()))))
    #expect(said.reason == "no sign of Celery here yet; the scan for its keys is not done")
  }

  @Test(arguments: [(4.9, false), (5.0, true)])
  func theChannelsMustHaveBeenSilentForFiveSeconds(_ observed: Double, _ isShut: Bool) {
    var evaluator = Evaluator()
    let report = evaluator.evaluate(
      history(of: snapshot(observed: observed, presence: .value(Self.nothing))))
    #expect(report.isGateShut == isShut)
    #expect(report.status == .unknown || !isShut)
  }

  @Test func behindTheShutGateOnlyBrokerUnreachableIsJudged() {
    var evaluator = Evaluator()
    let stuck = queue(ready: 5)
    let report = evaluator.evaluate(
      history(of: snapshot(presence: .value(Self.elsewhere), queues: .value([stuck]))))
    #expect(report.healthy == [BrokerUnreachable.id])
    #expect(report.findings.isEmpty)
    #expect(report.unknown.count == RuleRegistry.all.count - 1)
    #expect(report.unknown.allSatisfy { $0.missing.hasPrefix("no Celery in db 0") })
    #expect(report.status == .unknown)
  }

  @Test func whileTheSearchGoesOnFindingsCountAndHealthDoesNot() {
    var evaluator = Evaluator()
    let large = TaskResultSizes(
      task: "a", count: 1, totalSize: .mebibytes(2), largest: .mebibytes(2), largestID: "id")
    let results = ResultFacts(completedPasses: 1, updatedAt: noon, tasks: [large])
    let report = evaluator.evaluate(
      history(of: snapshot(presence: .value(CeleryPresence()), results: .value(results))))
    #expect(report.findings.map(\.rule) == [OversizedResult.id])
    #expect(report.healthy == [BrokerUnreachable.id])
  }

  @Test func keysThatCouldNotBeReadAreSaidToBeSo() throws {
    let said = try verdict(
      NoCeleryHere.self, history(of: snapshot(presence: .unavailable("no permission for EXISTS"))))
    #expect(said.reason == "Celery's keys: no permission for EXISTS")
  }
}
