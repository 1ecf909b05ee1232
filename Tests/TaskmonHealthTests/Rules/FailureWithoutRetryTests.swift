import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct FailureWithoutRetryTests {
  private static func seen(
    _ transient: [String: Int], retried: Int = 0, laterAttempts: Int = 0,
    task: String = "shop.pay", heard: Double = 600, failures: [RecentFailure] = [],
    retriedBefore: Set<String> = [], autoretry: Bool?? = .some(false),
    workers: [WorkerFacts]? = nil
  ) -> SnapshotHistory {
    let failed = transient.values.reduce(0, +)
    let tally = TaskTally(
      TaskCounts(started: 100, succeeded: 100 - failed, failed: failed, retried: retried),
      failures: transient, marks: TaskMarks(transient: transient, laterAttempts: laterAttempts))
    let known = autoretry.map { [RegisteredTask(name: task, retriesByItself: $0)] }
    return history(
      of: snapshot(
        observed: heard,
        workers: .value(workers ?? [worker(registered: known, events: heartbeats())]),
        tasks: statistics(
          [task: tally], heard: heard, failures: failures, retriedBefore: retriedBefore)))
  }

  @Test(
    arguments: [
      ([:], []), (["ConnectionError": 2], []), (["ConnectionError": 3], ["warning shop.pay"]),
      (["ConnectionError": 1, "gaierror": 1, "HTTPError": 1], ["warning shop.pay"]),
    ] as [([String: Int], [String])])
  func threeFinalFailuresAreAWarning(_ transient: [String: Int], _ wanted: [String]) throws {
    let said = try verdict(FailureWithoutRetry.self, Self.seen(transient))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test(
    arguments: [
      (.some(.some(false)), "autoretry_for is not set"),
      (.some(.some(true)), "autoretry_for is set, but not for this"),
      (.some(.none), "whether autoretry_for is set is not known"),
      (.none, "whether autoretry_for is set is not known"),
    ] as [(Bool??, String)])
  func theFindingSaysWhetherAutoretryIsSet(_ autoretry: Bool??, _ words: String) throws {
    let finding = try verdict(
      FailureWithoutRetry.self, Self.seen(["ReadTimeout": 4, "OSError": 1], autoretry: autoretry)
    ).first
    #expect(
      finding?.message
        == "5 runs failed for good at the first network error in 10m, 4 with ReadTimeout; \(words)")
    #expect(finding?.evidence("exceptions") == .list(["ReadTimeout 4", "OSError 1"]))
    #expect(
      finding?.evidence("autoretry") == autoretry.flatMap(\.self).map { .flag($0) } ?? .unknown)
  }

  @Test func theLatestOfThemIsNamed() throws {
    let failures = [
      RecentFailure(
        id: "other", task: "shop.pay", worker: WorkerID(name: "celery@w1"), at: ago(5),
        exceptionClass: "KeyError"),
      RecentFailure(
        id: "latest", task: "shop.pay", worker: WorkerID(name: "celery@w1"), at: ago(10),
        exceptionClass: "ReadTimeout"),
      RecentFailure(
        id: "first", task: "shop.pay", worker: WorkerID(name: "celery@w1"), at: ago(70),
        exceptionClass: "ReadTimeout"),
    ]
    let finding = try verdict(
      FailureWithoutRetry.self, Self.seen(["ReadTimeout": 3], failures: failures)
    ).first
    #expect(finding?.evidence("lastTaskID") == .text("latest"))
    #expect(finding?.since == ago(70))
  }

  @Test func aTaskThatIsRetriedIsNoSuch() throws {
    let many = ["ConnectionError": 50]
    #expect(try verdict(FailureWithoutRetry.self, Self.seen(many, retried: 1)) == .healthy)
    #expect(try verdict(FailureWithoutRetry.self, Self.seen(many, laterAttempts: 1)) == .healthy)
    #expect(
      try verdict(FailureWithoutRetry.self, Self.seen(many, retriedBefore: ["shop.pay"]))
        == .healthy)
  }

  @Test func otherFailuresAreNone() throws {
    let tally = TaskTally(TaskCounts(failed: 90), failures: ["ValueError": 90])
    let seen = history(
      of: snapshot(
        workers: .value([worker(events: heartbeats())]), tasks: statistics(["shop.pay": tally])))
    #expect(try verdict(FailureWithoutRetry.self, seen) == .healthy)
  }

  @Test func runsWithoutANameAreNotJudgedTogether() throws {
    let seen = Self.seen(["ConnectionError": 9], task: TaskFacts.unnamed)
    #expect(try verdict(FailureWithoutRetry.self, seen) == .healthy)
  }

  @Test func silenceIsHealthOnlyAfterTenMinutesOfAllWorkers() throws {
    #expect(
      try verdict(FailureWithoutRetry.self, Self.seen([:], heard: 20))
        == .unknown("needs 10m of observation, has 20s"))
    #expect(
      told(try verdict(FailureWithoutRetry.self, Self.seen(["gaierror": 3], heard: 20)))
        == ["warning shop.pay"])
    #expect(
      try verdict(FailureWithoutRetry.self, history(of: snapshot()))
        == .unknown("the event channel was not heard yet"))
    #expect(
      try verdict(
        FailureWithoutRetry.self, Self.seen([:], workers: [worker(sendsTaskEvents: false)])
      ).reason == "celery@w1 sends no task events")
  }
}
