import FoundationEssentials
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct SplitRegistryTests {
  private static func tasks(_ names: String...) -> [RegisteredTask] {
    names.map { RegisteredTask(name: $0) }
  }

  /// Two workers of one queue, the second with other tasks, for so many minutes.
  private static func seen(
    minutes: Int, task: String = "shop.pay", second: [RegisteredTask]? = tasks("mail.send"),
    queues: [String]? = ["celery"], age: Double = 3600
  ) -> SnapshotHistory {
    var history = SnapshotHistory()
    for minute in stride(from: minutes, through: 0, by: -1) {
      let now = noon - Seconds.minutes(Double(minute))
      let workers = [
        worker(firstHeard: 3600, heard: 1, registered: tasks("shop.pay", "shop.other"), now: now),
        worker(
          "celery@w2", pid: 200, firstHeard: age - Double(minute) * 60, heard: 1, queues: queues,
          registered: second, now: now),
      ]
      history.absorb(
        snapshot(
          at: now, observed: Double(minutes - minute) * 60 + 30,
          queues: .value([queue(ready: 2, task: task)]), workers: .value(workers),
          inspection: InspectionFacts(lastRound: now)))
    }
    return history
  }

  @Test func workersThatDifferForTenMinutesAreTold() throws {
    let said = try verdict(SplitRegistry.self, Self.seen(minutes: 10))
    #expect(told(said) == ["warning celery"])
    #expect(
      said.first?.message
        == "celery@w1 knows shop.pay, celery@w2 does not, and both consume this queue")
    #expect(said.first?.since == ago(600))
    #expect(said.first?.evidence("notKnownBy") == .list(["celery@w2"]))
  }

  @Test func aRollingDeployIsOverBefore() throws {
    let short = try verdict(SplitRegistry.self, Self.seen(minutes: 9))
    #expect(short.reason == "needs 10m of observation, has 9m 30s")
    let young = try verdict(SplitRegistry.self, Self.seen(minutes: 15, age: 600))
    #expect(young == .healthy)
  }

  @Test func tasksThatNeverCameToThisQueueMayDiffer() throws {
    let same = Self.tasks("shop.pay", "mail.send")
    #expect(try verdict(SplitRegistry.self, Self.seen(minutes: 20, second: same)) == .healthy)
  }

  @Test func workersOfDifferentQueuesMayDiffer() throws {
    #expect(
      try verdict(SplitRegistry.self, Self.seen(minutes: 20, queues: ["mail"])) == .healthy)
  }

  @Test func aWorkerThatHasNotToldItsTasksIsUnknown() throws {
    #expect(
      try verdict(SplitRegistry.self, Self.seen(minutes: 20, second: nil)).reason
        == "the tasks of celery@w2: not asked yet")
  }

  @Test func aWorkerThatHasNotToldItsQueuesIsUnknown() throws {
    #expect(
      try verdict(SplitRegistry.self, Self.seen(minutes: 20, queues: nil)).reason
        == "the queues of celery@w2: not asked yet")
  }

  @Test func whatAWorkerOfThisQueueAloneHasRunWasInIt() throws {
    var history = SnapshotHistory()
    for minute in stride(from: 11.0, through: 0, by: -1) {
      let now = noon - Seconds.minutes(minute)
      var first = worker(registered: Self.tasks("shop.pay"), totals: ["shop.pay": 5], now: now)
      first.stats = .value(
        WorkerStats(
          repliedAt: now, pool: .prefork, uptime: Seconds(600), totals: ["shop.pay": 5]))
      let second = worker("celery@w2", pid: 200, registered: Self.tasks("mail.send"), now: now)
      history.absorb(
        snapshot(
          at: now, workers: .value([first, second]), inspection: InspectionFacts(lastRound: now)))
    }
    #expect(told(try verdict(SplitRegistry.self, history)) == ["warning celery"])
  }

  @Test func theStateKeepsSinceWhenTheyDiffer() throws {
    let before = Self.seen(minutes: 12)
    let after = try JSONDecoder().decode(
      SnapshotHistory.self, from: JSONEncoder().encode(before))
    #expect(after.registries == before.registries)
    #expect(after.registries["celery"]?.tasks["shop.pay"]?.splitSince == ago(720))
  }
}
