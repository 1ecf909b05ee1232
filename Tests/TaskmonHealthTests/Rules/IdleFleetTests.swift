import FoundationEssentials
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct IdleFleetTests {
  private static let pay = RegisteredTask(name: "shop.pay")

  /// Looks every half hour over so many hours; `processed` tells what a worker has done at each.
  private static func seen(
    hours: Double, tasks: [RegisteredTask]? = [pay], processed: (Double) -> Int = { _ in 40 },
    into start: SnapshotHistory = SnapshotHistory(), until end: Timestamp = noon
  ) -> SnapshotHistory {
    var history = start
    for half in stride(from: hours * 2, through: 0, by: -1) {
      let now = end - Seconds.minutes(half * 30)
      let facts = worker(
        firstHeard: 9e5, processed: processed(half / 2), registered: tasks, now: now)
      history.absorb(
        snapshot(at: now, observed: (hours - half / 2) * 3600 + 10, workers: .value([facts])))
    }
    return history
  }

  @Test func aDayWithoutAnyMessageIsAnInfo() throws {
    let said = try verdict(IdleFleet.self, Self.seen(hours: 24.5))
    #expect(told(said) == ["info broker"])
    #expect(
      said.first?.message
        == "1 worker is online with 1 task registered, and nothing has been published for 1d")
  }

  @Test func oneRunWithinTheDayIsEnough() throws {
    let said = try verdict(
      IdleFleet.self, Self.seen(hours: 30) { $0 <= 20 ? 41 : 40 })
    #expect(said == .healthy)
  }

  @Test func aMessageInAQueueIsPublished() throws {
    var history = Self.seen(hours: 23)
    history.absorb(
      snapshot(
        at: noon + Seconds.minutes(30), observed: 86_000, queues: .value([queue()]),
        workers: .value([worker(registered: [Self.pay], now: noon + Seconds.minutes(30))])))
    #expect(try verdict(IdleFleet.self, history) == .healthy)
  }

  @Test func lessThanADayIsNotKnown() throws {
    #expect(
      try verdict(IdleFleet.self, Self.seen(hours: 5)).reason
        == "needs 1d of observation, has 5h")
  }

  @Test func theDayGoesOnFromRunToRunUnlessNobodyLooked() throws {
    func later(_ hours: Double) throws -> Verdict {
      let before = try JSONDecoder().decode(
        SnapshotHistory.self, from: JSONEncoder().encode(Self.seen(hours: 20)))
      return try verdict(
        IdleFleet.self,
        Self.seen(hours: 4, into: before, until: noon + Seconds.hours(hours + 4)))
    }
    #expect(told(try later(0.5)) == ["info broker"])
    #expect(try later(2).reason == "needs 1d of observation, has 4h")
  }

  @Test func workersWithoutTasksHaveNothingToWaitFor() throws {
    #expect(try verdict(IdleFleet.self, Self.seen(hours: 25, tasks: [])) == .healthy)
  }

  @Test func whereNobodyWasHeardNothingIsKnown() throws {
    let seen = history(of: snapshot(workers: .unavailable("nobody heard")))
    #expect(try verdict(IdleFleet.self, seen).reason == "nobody heard")
  }
}
