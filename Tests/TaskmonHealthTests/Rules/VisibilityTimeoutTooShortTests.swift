import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct VisibilityTimeoutTooShortTests {
  private static func told(_ name: String, _ timeout: Double?, offline: Double? = nil)
    -> WorkerFacts
  {
    worker(
      name, heard: offline ?? 1, offline: offline,
      settings: WorkerSettings(visibilityTimeout: timeout.map { Seconds($0) }))
  }

  private static func message(
    eta: Double? = nil, task: String? = "mail.later", tag: String = "t"
  ) -> MessageFacts {
    MessageFacts(
      taskID: "id-\(tag)", task: task, deliveryTag: tag, eta: eta.map { noon + Seconds($0) })
  }

  private static func held(
    _ seconds: Double?, eta: Double? = nil, task: String? = "mail.later", tag: String = "t"
  ) -> UnackedMessage {
    UnackedMessage(
      queue: "mail", deliveredAt: seconds.map(ago),
      message: .value(message(eta: eta, task: task, tag: tag)), size: ByteCount(900))
  }

  private static func judge(
    _ held: [UnackedMessage], queues: [QueueFacts] = [],
    workers: [WorkerFacts] = [told("celery@w1", 3600)], given: Double? = nil, set: [String] = []
  ) throws -> Verdict {
    try verdict(
      VisibilityTimeoutTooShort.self,
      history(
        of: snapshot(
          queues: .value(queues),
          unacked: .value(UnackedFacts(count: held.count, sample: held, isWhole: true)),
          workers: .value(workers), visibilityTimeout: given)), set: set)
  }

  @Test(arguments: [(3000.0, []), (3000.1, ["warning mail.later"])])
  func anEtaIsCountedFromTheDelivery(_ eta: Double, _ wanted: [String]) throws {
    // Held for ten minutes already, so that fifty are left of the hour.
    let said = try Self.judge([Self.held(600, eta: eta)])
    #expect(TaskmonHealthTests.told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test(arguments: [(2880.0, []), (2880.1, ["warning mail.later"])])
  func aMessageHeldWithoutAnEtaIsJudgedAtItsShare(_ held: Double, _ wanted: [String]) throws {
    #expect(TaskmonHealthTests.told(try Self.judge([Self.held(held)])) == wanted)
    #expect(TaskmonHealthTests.told(try Self.judge([Self.held(held, eta: -100)])) == wanted)
  }

  @Test(
    arguments: [
      (3000.0, -1.0, []), (3000.0, -60.0, []), (3000.0, -60.1, ["warning mail.later"]),
      (3600.0, -1.0, []), (3600.1, -1.0, ["warning mail.later"]),
    ])
  func anEtaThatHasJustPassedWasNotHeldInVain(
    _ held: Double, _ eta: Double, _ wanted: [String]
  ) throws {
    let said = try Self.judge([Self.held(held, eta: eta)])
    #expect(TaskmonHealthTests.told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func anEtaWithinTheTimeoutIsHealthyHoweverLongItIsHeld() throws {
    #expect(try Self.judge([Self.held(3500, eta: 90), Self.held(100, eta: 3000)]) == .healthy)
  }

  @Test(arguments: [(3600.0, []), (3600.1, ["warning mail.later"])])
  func aWaitingEtaIsCountedFromNow(_ eta: Double, _ wanted: [String]) throws {
    let head = Observation.value(Self.message(eta: eta))
    let waiting = QueueFacts(
      name: "mail", priorities: [PriorityLength(step: 0, ready: 1)], head: head, newest: head)
    let said = try Self.judge([], queues: [waiting])
    #expect(TaskmonHealthTests.told(said) == wanted)
    if !wanted.isEmpty { #expect(said.first?.evidence("messages") == .number(1)) }
  }

  @Test func theFindingsSayWhenRedisHandsItOutAgain() throws {
    let said = try Self.judge([
      Self.held(600, eta: 18_000), Self.held(900, eta: 18_000, tag: "u"),
      Self.held(3000, task: "video.cut"), Self.held(4000, task: nil),
    ])
    guard case .findings(let findings) = said else {
      Issue.record("\(said)")
      return
    }
    #expect(
      findings.map { "\($0.subject): \($0.message)" } == [
        "mail.later: a message is held for its eta in 5h, beyond the visibility timeout of 1h:"
          + " Redis hands it out again in 45m; 1 more like it",
        "unknown task: a message is unacknowledged for 1h 6m of the visibility timeout of 1h:"
          + " Redis hands it out again at any moment",
        "video.cut: a message is unacknowledged for 50m of the visibility timeout of 1h:"
          + " Redis hands it out again in 10m",
      ])
    #expect(findings[0].evidence("taskID") == .text("id-u"))
    #expect(findings[0].evidence("handedOutAgainAt") == .text((noon + Seconds(2700)).iso8601))
    #expect(findings[2].since == ago(120))
  }

  @Test func theSmallestOfAllLiveWorkersIsInForce() throws {
    let short = [Self.told("celery@w1", 7200), Self.told("celery@w2", nil)]
    #expect(
      try Self.judge([Self.held(3000)], workers: short).first?
        .evidence("visibilityTimeoutSeconds") == .number(3600))
    let gone = [Self.told("celery@w1", 7200), Self.told("celery@w2", 60, offline: 30)]
    #expect(try Self.judge([Self.held(3000)], workers: gone) == .healthy)
  }

  @Test func whereNoWorkerToldItAnHourIsAssumedAndTheFindingIsAnInfo() throws {
    let finding = try Self.judge([Self.held(3000)], workers: []).first
    #expect(finding?.severity == .info)
    #expect(finding?.message.contains("the visibility timeout of 1h (assumed)") == true)
    #expect(
      try Self.judge([Self.held(10)], workers: [])
        == .unknown("no worker told its visibility timeout"))
    #expect(try Self.judge([], workers: []) == .healthy)
  }

  @Test func oneLiveWorkerThatDidNotTellLeavesItUnknown() throws {
    let workers = [Self.told("celery@w1", 7200), worker("celery@w2")]
    #expect(
      try Self.judge([Self.held(10)], workers: workers)
        == .unknown("the visibility timeout of celery@w2: not asked yet"))
    #expect(
      TaskmonHealthTests.told(try Self.judge([Self.held(6000)], workers: workers))
        == ["warning mail.later"])
  }

  @Test func whatIsToldByHandStandsForWorkersThatCannotBeAsked() throws {
    #expect(try Self.judge([Self.held(3000)], workers: [], given: 7200) == .healthy)
    #expect(
      TaskmonHealthTests.told(try Self.judge([Self.held(50)], workers: [worker()], given: 60))
        == ["warning mail.later"])
    #expect(try Self.judge([Self.held(50)], given: 60) == .healthy)
  }

  @Test func aMessageOutsideTheIndexIsNeverHandedOutAgain() throws {
    #expect(try Self.judge([Self.held(nil, eta: 90_000)]) == .healthy)
  }

  @Test func messagesThatWereNotReadAreUnknownButTheOldestIsJudged() throws {
    func unread(_ oldest: Double) throws -> Verdict {
      let facts = UnackedFacts(count: 40, oldestDelivery: ago(oldest))
      return try verdict(
        VisibilityTimeoutTooShort.self,
        history(
          of: snapshot(
            unacked: .value(facts), workers: .value([Self.told("celery@w1", 3600)]))))
    }
    #expect(try unread(10) == .unknown("none of the 40 unacknowledged messages was read"))
    #expect(TaskmonHealthTests.told(try unread(3000)) == ["warning unknown task"])
    #expect(
      try verdict(VisibilityTimeoutTooShort.self, history(of: snapshot()))
        == .unknown("not read yet"))
  }

  @Test func oneTaskMayBeHeldLonger() throws {
    let set = ["visibility-timeout-too-short[mail.later].held=0.95"]
    #expect(try Self.judge([Self.held(3000)], set: set) == .healthy)
  }
}
