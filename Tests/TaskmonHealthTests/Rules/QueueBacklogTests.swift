import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct QueueBacklogTests {
  /// What a queue and its worker come to at a second of the story; the last second is noon.
  private struct Moment {
    var ready: Int
    var processed: Int? = 0
    var pid = 100
  }

  /// The story as a poll every `poll` seconds saw it.
  private static func seen(
    _ length: Int, poll: Int = 5, observed: Double? = nil, queues: [String]? = ["celery"],
    suspended: String? = nil, _ story: (Int) -> Moment
  ) -> SnapshotHistory {
    stride(from: 0, through: length, by: poll).reduce(into: SnapshotHistory()) { history, second in
      let at = ago(Double(length - second))
      let moment = story(second)
      let facts = worker(
        pid: moment.pid, firstHeard: moment.pid == 100 ? 3600 : 100, queues: queues,
        processed: moment.processed, now: at)
      history.absorb(
        snapshot(
          at: at, observed: observed ?? Double(second),
          queues: .value([queue(ready: moment.ready, head: "tag-\(second)")]),
          workers: .value([facts]),
          inspection: InspectionFacts(lastRound: at, suspended: suspended)))
    }
  }

  /// Grows by one a second from `base`, while `perMinute` are taken.
  private static func growing(_ base: Int, perMinute: Int) -> (Int) -> Moment {
    { Moment(ready: base + $0, processed: 5000 + $0 * perMinute / 60) }
  }

  private static func judge(_ seen: SnapshotHistory, set: [String] = []) throws -> Verdict {
    try verdict(QueueBacklog.self, seen, set: set)
  }

  // 2,000 messages wait at the end; 1,000 more than the limit.
  @Test(arguments: [
    (140, []), (120, ["warning celery"]), (20, ["warning celery"]), (16, ["critical celery"]),
    (0, ["critical celery"]),
  ])
  func aGrowingQueueIsJudgedByTheTimeItNeedsToDrain(
    _ perMinute: Int, _ wanted: [String]
  ) throws {
    let said = try Self.judge(Self.seen(610, Self.growing(1390, perMinute: perMinute)))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test(arguments: [(1000, []), (1001, ["critical celery"])])
  func onlyMoreThanTheLimitCounts(_ last: Int, _ wanted: [String]) throws {
    let said = try Self.judge(Self.seen(610, Self.growing(last - 610, perMinute: 0)))
    #expect(told(said) == wanted)
  }

  @Test func theFindingTellsLengthGrowthAndPace() throws {
    let seen = Self.seen(610, queues: ["celery", "mail"], Self.growing(1390, perMinute: 60))
    let finding = try Self.judge(seen).first
    #expect(
      finding?.message
        == "2,000 messages wait, 610 more than 10m 10s ago; it would take at least 33m 20s to drain"
    )
    #expect(finding?.since == ago(610))
    #expect(finding?.evidence("taken") == .number(610))
    #expect(finding?.evidence("takenIsUpperBound") == .flag(true))
    #expect(finding?.evidence("drainSeconds") == .number(2000))
    let idle = try Self.judge(Self.seen(610, Self.growing(1390, perMinute: 0))).first
    #expect(idle?.message.hasSuffix("; nothing was taken meanwhile") == true)
    #expect(idle?.evidence("drainSeconds") == .text("never"))
  }

  @Test(arguments: [5, 60, 300, 600])
  func aBulkOfTwentyThousandIsHealthyWhileItIsPublishedAndWhileItDrains(_ minutes: Int) throws {
    // Comes within 100 s and is worked off at 10 a second, in 33 minutes.
    for after in stride(from: 20, through: 1800, by: 40) {
      let start = 700
      let seen = Self.seen(start + after, poll: 20) { second in
        let since = max(0, second - start)
        return Moment(
          ready: max(0, min(since * 200, 20_000) - since * 10) + (second / minutes) % 3,
          processed: since * 10)
      }
      #expect(try Self.judge(seen) == .healthy, "\(after) s after it began")
    }
  }

  @Test func aLongQueueThatIsSteadyOrFallsIsHealthy() throws {
    #expect(try Self.judge(Self.seen(700) { _ in Moment(ready: 5000) }) == .healthy)
    #expect(try Self.judge(Self.seen(700) { Moment(ready: 5000 - $0) }) == .healthy)
  }

  @Test func aGrowthThatWaversIsAGrowth() throws {
    let seen = Self.seen(610) { Moment(ready: 2000 + $0 + ($0 % 40) * 2) }
    #expect(told(try Self.judge(seen)) == ["critical celery"])
  }

  @Test func looksEveryFiveMinutesAreEnough() throws {
    #expect(
      told(try Self.judge(Self.seen(600, poll: 300, Self.growing(5000, perMinute: 60))))
        == ["warning celery"])
    let burst = Self.seen(600, poll: 300) { Moment(ready: [0: 0, 300: 5][$0] ?? 20_000) }
    #expect(try Self.judge(burst) == .healthy)
    #expect(
      try Self.judge(Self.seen(600, poll: 600, Self.growing(5000, perMinute: 60))).reason
        == "needs more than 2 looks in that time")
  }

  @Test func aWorkerThatStartsAnewGoesOnCounting() throws {
    // 60 a minute throughout: the same pid counts from zero again, or a new pid follows.
    let same = Self.seen(610) {
      Moment(ready: 1390 + $0, processed: $0 < 300 ? 5000 + $0 : $0 - 300)
    }
    #expect(try Self.judge(same).first?.evidence("taken") == .number(605))
    let other = Self.seen(610) {
      Moment(ready: 1390 + $0, processed: $0 < 300 ? 5000 + $0 : $0 - 300, pid: $0 < 300 ? 100 : 7)
    }
    #expect(try Self.judge(other).first?.evidence("taken") == .number(605))
  }

  @Test func untilTenMinutesWereSeenNothingIsKnown() throws {
    let young = Self.seen(300, Self.growing(5000, perMinute: 0))
    #expect(try Self.judge(young) == .unknown("needs 10m of celery, has 5m"))
  }

  @Test func aQueueThatIsNewToALongObservationCannotHaveGrownForLong() throws {
    let fresh = Self.seen(300, observed: 3600, Self.growing(5000, perMinute: 0))
    #expect(try Self.judge(fresh) == .healthy)
  }

  @Test func whatWorkersTookMustBeKnown() throws {
    let silent = Self.seen(610) { Moment(ready: 1390 + $0, processed: nil) }
    #expect(try Self.judge(silent) == .unknown("how much celery@w1 took over 10m was not heard"))
    let unasked = Self.seen(
      610, queues: nil, suspended: "--read-only", Self.growing(1390, perMinute: 9))
    #expect(
      try Self.judge(unasked) == .unknown("which queues celery@w1 consumes was not heard"))
    let foreign = Self.seen(610, queues: ["mail"], Self.growing(1390, perMinute: 9))
    #expect(
      try Self.judge(foreign)
        == .unknown("celery is taken from by a consumer that taskmon cannot see"))
    #expect(
      try verdict(QueueBacklog.self, history(of: snapshot(queues: .unavailable("timeout"))))
        == .unknown("timeout"))
  }

  @Test func oneQueueMayHaveLimitsOfItsOwn() throws {
    let seen = Self.seen(610, Self.growing(1390, perMinute: 60))
    #expect(try Self.judge(seen, set: ["queue-backlog[celery].ready=2000"]) == .healthy)
    #expect(try Self.judge(seen, set: ["queue-backlog[celery].warning=1h"]) == .healthy)
  }
}
