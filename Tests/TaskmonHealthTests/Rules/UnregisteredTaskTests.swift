import FoundationEssentials
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct UnregisteredTaskTests {
  private static let pay = RegisteredTask(name: "shop.pay")

  private static func results(_ failures: [StoredMark] = []) -> Observation<ResultFacts> {
    .value(ResultFacts(completedPasses: 1, updatedAt: noon, unregistered: failures))
  }

  private static func failure(_ seconds: Double) -> StoredMark {
    StoredMark(name: "shop.gone", count: 2, latest: ago(seconds), latestID: "id-9")
  }

  /// One round of requests a minute, the last one now.
  private static func waiting(
    _ task: String, minutes: Int,
    workers: [WorkerFacts] = [worker(firstHeard: 9000, registered: [pay])]
  ) -> SnapshotHistory {
    var history = SnapshotHistory()
    for minute in stride(from: minutes, through: 0, by: -1) {
      let now = noon - Seconds.minutes(Double(minute))
      history.absorb(
        snapshot(
          at: now, queues: .value([queue(ready: 4, task: task)]),
          workers: .value(workers.map { alive($0, at: now) }),
          inspection: InspectionFacts(lastRound: now), results: results()))
    }
    return history
  }

  private static func alive(_ worker: WorkerFacts, at now: Timestamp) -> WorkerFacts {
    var worker = worker
    worker.lastHeard = now
    worker.lastReply = now
    worker.firstHeard = min(worker.firstHeard, now)
    return worker
  }

  @Test(arguments: [(3600.0, ["critical shop.gone"]), (3601.0, [])])
  func aFailureOfTheLastHourIsTold(_ seconds: Double, _ wanted: [String]) throws {
    let said = try verdict(
      UnregisteredTask.self,
      history(
        of: snapshot(
          workers: .value([worker(registered: [Self.pay])]),
          results: Self.results([Self.failure(seconds)]))))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
    #expect(
      said.first?.message
        == (wanted.isEmpty
          ? nil : "2 messages of it failed with NotRegistered: no worker knows it"))
  }

  @Test func aFailureThatWasHeardIsToldWithoutResults() throws {
    func failure(_ task: String?, _ kind: String, _ seconds: Double) -> RecentFailure {
      RecentFailure(
        id: "id-\(seconds)", task: task, worker: WorkerID(name: "celery@w1"), at: ago(seconds),
        exceptionClass: kind)
    }
    func judge(_ failures: [RecentFailure]) throws -> Verdict {
      var seen = snapshot(workers: .value([worker(registered: [Self.pay])]))
      seen.tasks = statistics(failures: failures)
      return try verdict(UnregisteredTask.self, history(of: seen))
    }
    let said = try judge([
      failure("shop.gone", "NotRegistered", 9), failure("shop.gone", "NotRegistered", 5),
      failure("shop.pay", "ValueError", 3), failure(nil, "NotRegistered", 2),
    ])
    #expect(told(said) == ["critical shop.gone"])
    #expect(said.first?.evidence("failures") == .number(2))
    #expect(said.first?.evidence("taskID") == .text("id-5.0"))
    #expect(try judge([failure("shop.pay", "ValueError", 3)]) == .healthy)
  }

  @Test func whoKnowsTheTaskIsNamed() throws {
    let knowing = worker("celery@w2", registered: [RegisteredTask(name: "shop.gone")])
    let said = try verdict(
      UnregisteredTask.self,
      history(
        of: snapshot(
          workers: .value([worker(registered: [Self.pay]), knowing]),
          results: Self.results([Self.failure(5)]))))
    #expect(said.first?.evidence("registeredBy") == .list(["celery@w2"]))
  }

  @Test(arguments: [(9, []), (10, ["critical celery"])])
  func aMessageThatNoConsumerKnowsIsToldAfterTenMinutes(
    _ minutes: Int, _ wanted: [String]
  ) throws {
    let said = try verdict(UnregisteredTask.self, Self.waiting("shop.gone", minutes: minutes))
    #expect(told(said) == wanted)
    #expect(said.first?.evidence("task") == (wanted.isEmpty ? nil : .text("shop.gone")))
    #expect(said.first?.since == (wanted.isEmpty ? nil : ago(600)))
  }

  /// The head is of a task that is known, and the newest of another publisher.
  @Test func thePublisherIsThatOfTheUnknownTask() throws {
    var history = Self.waiting("shop.gone", minutes: 10)
    var latest = try #require(history.latest)
    var mixed = queue(ready: 4)
    mixed.newest = .value(
      MessageFacts(task: "shop.gone", deliveryTag: "tag-9", origin: "gen9@web2"))
    latest.queues = .value([mixed])
    history.absorb(latest)
    let finding = try verdict(UnregisteredTask.self, history).first
    #expect(finding?.evidence("publisher") == .text("gen9@web2"))
    latest.queues = .value([queue(ready: 4)])
    history.absorb(latest)
    #expect(
      try verdict(UnregisteredTask.self, history).first?.evidence("publisher") == .unknown)
  }

  @Test func whoHasNotToldItsQueuesMayConsumeThisOne() throws {
    let silent = worker("celery@w2", firstHeard: 9000, queues: nil, registered: [Self.pay])
    #expect(
      try verdict(
        UnregisteredTask.self, Self.waiting("shop.gone", minutes: 60, workers: [silent])
      ).reason == "the queues of celery@w2: not asked yet")
  }

  @Test func aMessageOfAKnownTaskMayWaitForHours() throws {
    #expect(
      try verdict(UnregisteredTask.self, Self.waiting("shop.pay", minutes: 60)) == .healthy)
  }

  @Test func aBuiltInTaskIsKnownToEveryWorker() throws {
    #expect(
      try verdict(UnregisteredTask.self, Self.waiting("celery.chord", minutes: 60)) == .healthy)
  }

  @Test func aQueueThatNobodyConsumesIsAnotherMistake() throws {
    let elsewhere = worker(firstHeard: 9000, queues: ["mail"], registered: [Self.pay])
    #expect(
      try verdict(
        UnregisteredTask.self, Self.waiting("shop.gone", minutes: 60, workers: [elsewhere]))
        == .healthy)
  }

  @Test func theWaitGoesOnFromRunToRun() throws {
    var later = try JSONDecoder().decode(
      SnapshotHistory.self,
      from: JSONEncoder().encode(Self.waiting("shop.gone", minutes: 6)))
    let now = noon + Seconds.minutes(5)
    later.absorb(
      snapshot(
        at: now, observed: 5, queues: .value([queue(ready: 4, task: "shop.gone")]),
        workers: .value([Self.alive(worker(registered: [Self.pay]), at: now)]),
        inspection: InspectionFacts(lastRound: now), results: Self.results()))
    #expect(told(try verdict(UnregisteredTask.self, later)) == ["critical celery"])
  }

  @Test func withoutResultsOrRegistrationsNothingIsKnown() throws {
    let unscanned = snapshot(workers: .value([worker(registered: [Self.pay])]))
    #expect(
      try verdict(UnregisteredTask.self, history(of: unscanned)).reason
        == "not all workers send task events, and stored results: not scanned yet")
    let unasked = snapshot(workers: .value([worker()]), results: Self.results())
    #expect(
      try verdict(UnregisteredTask.self, history(of: unasked)).reason
        == "the tasks of celery@w1: not asked yet")
  }
}
