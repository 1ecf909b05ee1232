import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct ClockSkewTests {
  private static func seen(
    _ workers: WorkerFacts..., redis offset: Double? = nil, heard: [Interval]? = nil
  ) -> SnapshotHistory {
    var facts = server()
    facts.clockOffset = offset.map { Seconds($0) }
    return history(of: snapshot(server: .value(facts), workers: .value(workers), heard: heard))
  }

  private static func worker(_ delays: [Double], as name: String = "celery@w1") -> WorkerFacts {
    TaskmonHealthTests.worker(name, events: heartbeats(delays: delays))
  }

  @Test(arguments: [
    (15.0, []), (15.1, ["warning celery@w1"]), (-15.0, []), (-15.1, ["warning celery@w1"]),
  ])
  func aClockAQuarterOfAMinuteOffIsAWarning(_ offset: Double, _ wanted: [String]) throws {
    let delays = [offset + 0.4, offset, offset + 0.1]
    let said = try verdict(ClockSkew.self, Self.seen(Self.worker(delays)))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingSaysByHowMuchAndWhichWay() throws {
    let behind = try verdict(ClockSkew.self, Self.seen(Self.worker([70.3, 70, 70.1]))).first
    #expect(behind?.message == "its clock is 1m 10s behind taskmon's")
    #expect(behind?.evidence("behindSeconds") == .number(70))
    let ahead = try verdict(ClockSkew.self, Self.seen(Self.worker([-70, -69.9, -70]))).first
    #expect(ahead?.message == "its clock is 1m 10s ahead of taskmon's")
  }

  @Test func heartbeatsThatWereHeldUpOnTheirWayAreNoSkew() throws {
    let late = Self.worker([0.02, 40, 38, 36, 34, 32, 30, 28, 26, 24])
    #expect(
      try verdict(ClockSkew.self, Self.seen(late)).reason
        == "events come 24s late: clocks cannot be compared")
    let caughtUp = Self.worker([40, 38, 36, 34, 0.03])
    #expect(try verdict(ClockSkew.self, Self.seen(caughtUp)) == .healthy)
  }

  @Test func oneWorkersDelayIsNotOurLag() throws {
    let slow = Self.worker([0.1, 0.1, 9])
    let skewed = Self.worker([30, 30, 30.1], as: "celery@w2")
    #expect(told(try verdict(ClockSkew.self, Self.seen(slow, skewed))) == ["warning celery@w2"])
  }

  @Test func aSingleLateHeartbeatMayOnlyBeLate() throws {
    #expect(
      try verdict(ClockSkew.self, Self.seen(Self.worker([60, 60]))).reason
        == "needs 3 heartbeats of celery@w1, has 2")
    // None comes before it was sent.
    #expect(
      told(try verdict(ClockSkew.self, Self.seen(Self.worker([-60])))) == ["warning celery@w1"])
  }

  @Test func whereRedisAgreesWithTheWorkerItIsOurClock() throws {
    let seen = Self.seen(Self.worker([70, 70, 70]), redis: 70)
    let finding = try verdict(ClockSkew.self, seen).first
    #expect(finding?.message.hasSuffix("look at the clock of this machine first") == true)
    #expect(finding?.evidence("redisBehindSeconds") == .number(70))
  }

  @Test func whatASilentWorkerSaidLongAgoIsNotCompared() throws {
    let lost = TaskmonHealthTests.worker(
      heard: 200, replied: nil, events: heartbeats(delays: [99, 99, 99]))
    #expect(
      try verdict(ClockSkew.self, Self.seen(lost)).reason == "no heartbeat of a worker was heard")
  }

  @Test func withoutHeartbeatsNothingIsKnown() throws {
    #expect(
      try verdict(ClockSkew.self, Self.seen(TaskmonHealthTests.worker())).reason
        == "no heartbeat of a worker was heard")
    #expect(try verdict(ClockSkew.self, Self.seen()) == .healthy)
    #expect(try verdict(ClockSkew.self, Self.seen(heard: [])).reason != nil)
  }

  @Test func theDifferenceCanBeSetForOneWorker() throws {
    let seen = Self.seen(Self.worker([70, 70, 70]))
    #expect(
      try verdict(ClockSkew.self, seen, set: ["clock-skew[celery@w1].difference=2m"]) == .healthy)
  }
}
