import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

/// Workers of which it is not known whether they live.
@Suite struct LiveFleetTests {
  /// Silent as a pool at work is, and one that sends no heartbeats and answered long ago.
  private static let doubted = [
    worker(heard: 200, replied: nil, pool: .solo, sendsTaskEvents: false),
    worker(heard: nil, replied: 1000, freq: nil),
  ]

  private static let rules: [any Rule.Type] = [
    NoTimeLimit.self, FragileTask.self, SplitRegistry.self, WorkerWithoutTasks.self,
    EagerExecution.self, IdleFleet.self,
  ]

  private static func seen(_ workers: WorkerFacts...) -> SnapshotHistory {
    history(
      of: snapshot(
        workers: .value(workers),
        results: .value(ResultFacts(completedPasses: 1, updatedAt: noon))))
  }

  @Test func whereOnlySuchAreNothingIsHealthy() throws {
    for rule in Self.rules {
      for worker in Self.doubted {
        let said = try verdict(rule, Self.seen(worker))
        #expect(said.reason?.contains("celery@w1") == true, "\(rule.id): \(said)")
      }
    }
    let latest = try #require(Self.seen(Self.doubted[1]).latest)
    #expect(
      Audit(Self.seen(Self.doubted[1]), latest).gap
        == "celery@w1 sends no heartbeats and has not answered for 16m 40s")
  }

  @Test func besideOthersTheyTakeNothingFromWhatIsFound() throws {
    let careless = worker(
      "celery@w2", pid: 7, settings: WorkerSettings(isAlwaysEager: true),
      registered: [
        RegisteredTask(
          name: "a.one", acksLate: false, rejectsOnWorkerLost: false, retriesByItself: false)
      ], totals: ["a.one": 4])
    let seen = Self.seen(Self.doubted[0], careless)
    #expect(told(try verdict(NoTimeLimit.self, seen)) == ["warning celery@w2"])
    #expect(told(try verdict(FragileTask.self, seen)) == ["info a.one"])
    #expect(told(try verdict(EagerExecution.self, seen)) == ["critical celery@w2"])
    #expect(try verdict(WorkerWithoutTasks.self, seen).reason != nil)
  }

  @Test func whoIsLostOrStoppedIsNoDoubt() throws {
    let fine = worker("celery@w2", pid: 7, registered: [RegisteredTask(name: "a.one")])
    let gone = [worker(heard: 200, replied: nil), worker(heard: 200, offline: 200)]
    for worker in gone {
      #expect(try verdict(WorkerWithoutTasks.self, Self.seen(worker, fine)) == .healthy)
    }
  }
}
