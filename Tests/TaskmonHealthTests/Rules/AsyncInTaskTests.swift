import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct AsyncInTaskTests {
  private static let closed = "event loop is closed"

  private static func seen(
    _ faults: [String: Int] = [:], stored: [StoredMark] = [], heard: Double = 600,
    failures: [RecentFailure] = [], workers: [WorkerFacts] = [worker(events: heartbeats())]
  ) -> SnapshotHistory {
    let tally = TaskTally(
      TaskCounts(started: 50, failed: faults.values.reduce(0, +)),
      marks: TaskMarks(loopFaults: faults))
    let results = ResultFacts(completedPasses: 1, updatedAt: noon, loopFaults: stored)
    return history(
      of: snapshot(
        observed: heard, workers: .value(workers),
        tasks: statistics(["shop.fetch": tally], heard: heard, failures: failures),
        results: .value(results)))
  }

  private static func mark(_ count: Int, _ seconds: Double) -> StoredMark {
    StoredMark(
      name: "shop.fetch", count: count, latest: ago(seconds), latestID: "stored", detail: closed)
  }

  @Test(
    arguments: [
      ([:], []), ([closed: 1], ["warning shop.fetch"]), ([closed: 2], ["warning shop.fetch"]),
      ([closed: 2, "no current event loop": 1], ["critical shop.fetch"]),
    ] as [([String: Int], [String])])
  func oneIsAWarningAndThreeAreCritical(_ faults: [String: Int], _ wanted: [String]) throws {
    let said = try verdict(AsyncInTask.self, Self.seen(faults))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingNamesTheFaultsAndTheLatestTask() throws {
    func failure(_ id: String, _ seconds: Double, _ message: String) -> RecentFailure {
      RecentFailure(
        id: id, task: "shop.fetch", worker: WorkerID(name: "celery@w1"), at: ago(seconds),
        exceptionClass: "RuntimeError", message: message)
    }
    let failures = [
      failure("none", 5, "RuntimeError('out of stock')"),
      failure("latest", 9, "RuntimeError('Event loop is closed')"),
      failure("first", 90, "RuntimeError('Event loop is closed')"),
    ]
    let finding = try verdict(
      AsyncInTask.self, Self.seen([Self.closed: 2], failures: failures)
    ).first
    #expect(finding?.message == "2 attempts failed in 10m: event loop is closed")
    #expect(finding?.evidence("faults") == .list(["event loop is closed 2"]))
    #expect(finding?.evidence("lastTaskID") == .text("latest"))
    #expect(finding?.since == ago(90))
  }

  @Test func aStoredFailureOfTheLastHourTellsWhereEventsDoNot() throws {
    let mute = [worker(sendsTaskEvents: false)]
    let one = try verdict(
      AsyncInTask.self, Self.seen(stored: [Self.mark(2, 3500)], workers: mute))
    #expect(told(one) == ["warning shop.fetch"])
    #expect(one.first?.message == "2 attempts failed in stored results: event loop is closed")
    #expect(one.first?.since == ago(3500))
    #expect(
      try verdict(AsyncInTask.self, Self.seen(stored: [Self.mark(1, 3700)])) == .healthy)
  }

  @Test func whatEventsAndResultsTellIsNotCountedTwice() throws {
    let said = try verdict(
      AsyncInTask.self, Self.seen([Self.closed: 2], stored: [Self.mark(2, 10)]))
    #expect(told(said) == ["warning shop.fetch"])
    #expect(said.first?.evidence("failed") == .number(2))
    #expect(said.first?.evidence("stored") == .number(2))
  }

  @Test func severalStoredOnesAreNotKnownToBeOfTheSameTenMinutes() throws {
    let said = try verdict(AsyncInTask.self, Self.seen(stored: [Self.mark(40, 10)]))
    #expect(told(said) == ["warning shop.fetch"])
  }

  @Test func otherFailuresAreNone() throws {
    let tally = TaskTally(TaskCounts(failed: 90), failures: ["RuntimeError": 90])
    let seen = history(
      of: snapshot(
        workers: .value([worker(events: heartbeats())]), tasks: statistics(["shop.fetch": tally])))
    #expect(try verdict(AsyncInTask.self, seen) == .healthy)
  }

  @Test func silenceIsHealthOnlyAfterTenMinutesOfAllWorkers() throws {
    #expect(
      try verdict(AsyncInTask.self, Self.seen(heard: 20))
        == .unknown("needs 10m of observation, has 20s"))
    #expect(
      told(try verdict(AsyncInTask.self, Self.seen([Self.closed: 3], heard: 20)))
        == ["critical shop.fetch"])
    #expect(
      try verdict(AsyncInTask.self, history(of: snapshot()))
        == .unknown("the event channel was not heard yet"))
    #expect(
      try verdict(
        AsyncInTask.self, Self.seen(workers: [worker(sendsTaskEvents: false)])
      ).reason == "celery@w1 sends no task events")
  }
}
