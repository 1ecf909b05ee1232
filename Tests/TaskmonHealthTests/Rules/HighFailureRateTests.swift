import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct HighFailureRateTests {
  private static func seen(
    _ tally: TaskTally, task: String = "shop.pay", heard: Double = 600,
    workers: [WorkerFacts] = [worker(events: heartbeats())]
  ) -> SnapshotHistory {
    history(
      of: snapshot(
        observed: heard, workers: .value(workers), tasks: statistics([task: tally], heard: heard)))
  }

  private static func tally(
    _ succeeded: Int, _ failed: Int, _ classes: [String: Int]? = nil
  ) -> TaskTally {
    TaskTally(
      TaskCounts(started: succeeded + failed, succeeded: succeeded, failed: failed),
      failures: classes ?? ["TimeoutError": failed])
  }

  @Test(
    arguments: [
      (96, 4, []), (95, 5, ["warning shop.pay"]), (76, 24, ["warning shop.pay"]),
      (75, 25, ["critical shop.pay"]), (0, 20, ["critical shop.pay"]), (0, 19, []),
      (19, 1, ["warning shop.pay"]), (18, 1, []), (500, 0, []),
    ] as [(Int, Int, [String])])
  func theShareOfFinalFailuresCounts(
    _ succeeded: Int, _ failed: Int, _ wanted: [String]
  ) throws {
    let said = try verdict(HighFailureRate.self, Self.seen(Self.tally(succeeded, failed)))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingNamesTheExceptions() throws {
    let classes = ["TimeoutError": 20, "KeyError": 5, "ValueError": 4, "OSError": 1]
    let finding = try verdict(
      HighFailureRate.self, Self.seen(Self.tally(70, 30, classes))
    ).first
    #expect(finding?.message == "30 of 100 runs failed in 10m (30 %), 20 with TimeoutError")
    #expect(
      finding?.evidence("exceptions") == .list(["TimeoutError 20", "KeyError 5", "ValueError 4"]))
    #expect(finding?.evidence("ratio") == .number(0.3))
  }

  @Test func retriesRevokedAndExpiredTasksAreNoFailures() throws {
    let counts = TaskCounts(
      started: 400, succeeded: 100, retried: 300, rejected: 50, revoked: 200, expired: 100)
    let polling = TaskTally(counts, retries: ["ConnectionError": 300])
    #expect(try verdict(HighFailureRate.self, Self.seen(polling)) == .healthy)
  }

  @Test func whatATaskRaisesToEndWithoutAResultIsNoFailure() throws {
    let rejecting = Self.tally(60, 40, ["Reject": 30, "Ignore": 10])
    #expect(try verdict(HighFailureRate.self, Self.seen(rejecting)) == .healthy)
    let both = Self.tally(60, 40, ["Reject": 30, "KeyError": 10])
    let finding = try verdict(HighFailureRate.self, Self.seen(both)).first
    #expect(finding?.message == "10 of 70 runs failed in 10m (14 %), 10 with KeyError")
  }

  @Test func runsWithoutANameAreNotJudgedTogether() throws {
    let seen = Self.seen(Self.tally(10, 90), task: TaskFacts.unnamed)
    #expect(try verdict(HighFailureRate.self, seen) == .healthy)
  }

  @Test(arguments: [
    (10.0, "needs 10m of observation, has 10s"), (539.0, "needs 10m of observation, has 8m59s"),
    (540.0, nil),
  ])
  func tenMinutesMustHaveBeenHeard(_ heard: Double, _ reason: String?) throws {
    let said = try verdict(HighFailureRate.self, Self.seen(Self.tally(0, 100), heard: heard))
    #expect(said.reason == reason)
    #expect(told(said) == (reason == nil ? ["critical shop.pay"] : []))
  }

  @Test func withoutTheStreamNothingIsKnown() throws {
    #expect(
      try verdict(HighFailureRate.self, history(of: snapshot()))
        == .unknown("the event channel was not heard yet"))
  }

  @Test func aWorkerThatSendsNoEventsMayFailUnseen() throws {
    let mute = worker("celery@w2", sendsTaskEvents: false)
    let seen = Self.seen(Self.tally(100, 0), workers: [mute])
    #expect(
      try verdict(HighFailureRate.self, seen) == .unknown("celery@w2 sends no task events"))
    let failing = Self.seen(Self.tally(50, 50), workers: [mute])
    #expect(told(try verdict(HighFailureRate.self, failing)) == ["critical shop.pay"])
  }

  @Test func theWindowAndTheSharesCanBeSet() throws {
    let seen = Self.seen(Self.tally(90, 10), heard: 20)
    let short = ["high-failure-rate.window=15s"]
    #expect(told(try verdict(HighFailureRate.self, seen, set: short)) == ["warning shop.pay"])
    let lenient = short + ["high-failure-rate[shop.pay].warning=0.2"]
    #expect(try verdict(HighFailureRate.self, seen, set: lenient) == .healthy)
  }
}
