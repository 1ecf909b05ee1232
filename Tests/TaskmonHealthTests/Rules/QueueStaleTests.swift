import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct QueueStaleTests {
  private static func waiting(
    _ age: Observation<QueueAge>?, ready: Int = 12, name: String = "mail"
  ) -> QueueFacts {
    var facts = queue(name, ready: ready, task: "mail.send")
    facts.oldest = age
    return facts
  }

  private static func age(
    _ seconds: Double, _ basis: QueueAge.Basis = .sent
  ) -> Observation<QueueAge> {
    .value(QueueAge(age: Seconds(seconds), basis: basis))
  }

  private static func judge(_ queues: QueueFacts..., set: [String] = []) throws -> Verdict {
    try verdict(QueueStale.self, history(of: snapshot(queues: .value(queues))), set: set)
  }

  @Test(arguments: [
    (300.0, []), (300.1, ["warning mail"]), (3600.0, ["warning mail"]),
    (3600.1, ["critical mail"]),
  ])
  func theAgeIsJudgedAtItsLimits(_ seconds: Double, _ wanted: [String]) throws {
    for basis in [QueueAge.Basis.sent, .eta, .remembered] {
      let said = try Self.judge(Self.waiting(Self.age(seconds, basis)))
      #expect(told(said) == wanted)
      #expect((said == .healthy) == wanted.isEmpty)
    }
  }

  @Test func theFindingsTellTheAgeAndHowItIsKnown() throws {
    let exact = try Self.judge(Self.waiting(Self.age(850))).first
    #expect(exact?.message == "12 messages wait, the oldest that is due for 14m 10s")
    #expect(exact?.since == ago(850))
    #expect(exact?.evidence("ageKnownFrom") == .text("task-sent event"))
    #expect(exact?.evidence("headTask") == .text("mail.send"))
    let bound = try Self.judge(Self.waiting(Self.age(400, .unmoved), ready: 1)).first
    #expect(bound?.message == "1 message waits, the oldest that is due for at least 6m 40s")
    #expect(bound?.evidence("isLowerBound") == .flag(true))
  }

  @Test func messagesWhoseEtaLiesAheadHaveNoAgeAndAreHealthy() throws {
    #expect(try Self.judge(Self.waiting(nil)) == .healthy)
  }

  @Test func anEmptyQueueIsHealthyWhateverIsRemembered() throws {
    #expect(try Self.judge(Self.waiting(Self.age(9000), ready: 0)) == .healthy)
  }

  @Test func aSmallLowerBoundProvesNothing() throws {
    #expect(
      try Self.judge(Self.waiting(Self.age(40, .unmoved))).reason
        == "the next message of mail has waited at least 40s; how much longer was not seen")
    #expect(
      try Self.judge(Self.waiting(.unavailable("no task-sent events")))
        == .unknown("the age of mail: no task-sent events"))
  }

  @Test(arguments: [(299.0, true), (301.0, false)])
  func aQueueThatWasSeenEmptyHoldsNothingOlder(_ since: Double, _ isHealthy: Bool) throws {
    let seen = history(
      of: snapshot(at: ago(since), queues: .value([Self.waiting(nil, ready: 0)])),
      snapshot(queues: .value([Self.waiting(Self.age(2, .unmoved))])))
    #expect((try verdict(QueueStale.self, seen) == .healthy) == isHealthy)
  }

  @Test func oneUnknownQueueDoesNotHideAStaleOne() throws {
    let said = try Self.judge(
      Self.waiting(.unavailable("too large")), Self.waiting(Self.age(400), name: "slow"))
    #expect(told(said) == ["warning slow"])
  }

  @Test func queuesThatCannotBeReadAreUnknown() throws {
    let said = try verdict(QueueStale.self, history(of: snapshot(queues: .unavailable("timeout"))))
    #expect(said == .unknown("timeout"))
  }

  @Test func oneQueueMayBeSlow() throws {
    let set = ["queue-stale[mail].warning=2h", "queue-stale[mail].critical=1d"]
    #expect(try Self.judge(Self.waiting(Self.age(7200)), set: set) == .healthy)
  }
}
