import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct RetryStormTests {
  private static func seen(
    succeeded: Int, retried: Int, _ retries: [String: Int]? = nil, heard: Double = 600,
    workers: [WorkerFacts] = [worker(events: heartbeats())]
  ) -> SnapshotHistory {
    let tally = TaskTally(
      TaskCounts(started: succeeded + retried, succeeded: succeeded, retried: retried),
      retries: retries ?? ["ConnectionError": retried])
    return history(
      of: snapshot(
        observed: heard, workers: .value(workers),
        tasks: statistics(["shop.pay": tally], heard: heard)))
  }

  @Test(
    arguments: [
      (0, 99, []), (0, 100, ["warning shop.pay"]), (33, 100, ["warning shop.pay"]), (34, 100, []),
      (100, 300, []), (100, 301, ["warning shop.pay"]),
    ] as [(Int, Int, [String])])
  func moreThanThreeRetriesForEachSuccessAreAStorm(
    _ succeeded: Int, _ retried: Int, _ wanted: [String]
  ) throws {
    let said = try verdict(RetryStorm.self, Self.seen(succeeded: succeeded, retried: retried))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingNamesTheException() throws {
    let seen = Self.seen(succeeded: 1, retried: 200, ["ConnectionError": 170, "KeyError": 30])
    let finding = try verdict(RetryStorm.self, seen).first
    #expect(
      finding?.message
        == "200 retries, 170 of them because of ConnectionError, and 1 success in 10m")
    #expect(finding?.evidence("exception") == .text("ConnectionError"))
  }

  @Test(arguments: [(79, false), (80, true)])
  func manyReasonsAreNoStorm(_ share: Int, _ isStorm: Bool) throws {
    let seen = Self.seen(
      succeeded: 0, retried: 100, ["ConnectionError": share, "KeyError": 100 - share])
    #expect((try verdict(RetryStorm.self, seen) == .healthy) != isStorm)
  }

  @Test func aTaskThatPollsByRetryingNamesNoException() throws {
    for named in [[:], ["Retry": 5000], ["Retry": 4000, "ConnectionError": 1000]] {
      let polling = Self.seen(succeeded: 10, retried: 5000, named)
      #expect(try verdict(RetryStorm.self, polling) == .healthy)
    }
  }

  @Test func tenMinutesMustHaveBeenHeard() throws {
    let young = Self.seen(succeeded: 0, retried: 500, heard: 30)
    #expect(try verdict(RetryStorm.self, young) == .unknown("needs 10m of observation, has 30s"))
    #expect(
      told(try verdict(RetryStorm.self, young, set: ["retry-storm.window=30s"]))
        == ["warning shop.pay"])
  }

  @Test func aWorkerThatSendsNoEventsMayStormUnseen() throws {
    let seen = Self.seen(succeeded: 9, retried: 0, workers: [worker(sendsTaskEvents: false)])
    #expect(try verdict(RetryStorm.self, seen).reason == "celery@w1 sends no task events")
  }
}
