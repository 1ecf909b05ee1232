import FoundationEssentials
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct BeatDownTests {
  private static func judge(
    _ beat: BeatFacts, queues: [QueueFacts] = [], set: [String] = []
  ) throws -> Verdict {
    try verdict(
      BeatDown.self, history(of: snapshot(queues: .value(queues), beat: beat)), set: set)
  }

  /// The same keys, seen `seconds` ago and now.
  private static func seen(
    _ entries: [ScheduleEntry], lock: BeatLock?, since seconds: Double
  ) -> SnapshotHistory {
    history(
      of: snapshot(at: ago(seconds), beat: redBeat(entries, lock: lock)),
      snapshot(beat: redBeat(entries, lock: lock)))
  }

  // MARK: RedBeat

  @Test(arguments: [(300.0, false), (301.0, true)])
  func entriesThatNobodyRunsForFiveMinutesAreACase(_ due: Double, _ isDown: Bool) throws {
    let said = try Self.judge(
      redBeat([redBeatEntry(due: due), redBeatEntry("later", every: 3600, due: -50)]))
    #expect(told(said) == (isDown ? ["critical beat"] : []))
    #expect((said == .healthy) == !isDown)
  }

  @Test func theFindingTellsSinceWhenAndWhatTheLockSays() throws {
    let beat = redBeat(
      [redBeatEntry(due: 400), redBeatEntry("hourly", every: 3600, due: 100)],
      lock: lock(left: 1100))
    let finding = try Self.judge(beat).first
    #expect(
      finding?.message == "2 entries are due and no beat has run any for 6m 40s; RedBeat's lock is"
        + " held for another 18m 20s, before which no other beat can start")
    #expect(finding?.since == ago(400))
    #expect(finding?.evidence("oldestDueEntry") == .text("tick"))
    #expect(finding?.evidence("lockExpiresInSeconds") == .number(1100))
  }

  @Test func anEntryThatFallsDueLaterDoesNotHideTheSilence() throws {
    let beat = redBeat([redBeatEntry(due: 900), redBeatEntry("hourly", every: 3600, due: 2)])
    #expect(told(try Self.judge(beat)) == ["critical beat"])
  }

  @Test(arguments: [("gen1@beat/r", true), ("gen1@beat", false)])
  func whatIsReceivedFromABacklogIsNoSignOfLife(_ publisher: String, _ isDown: Bool) throws {
    var beat = redBeat([redBeatEntry(due: 900)])
    beat.traffic[0].receipts = [ago(200), ago(3)]
    beat.traffic[0].publications = [Publication(at: ago(2), publisher: publisher)]
    #expect(told(try Self.judge(beat)) == (isDown ? ["critical beat"] : []))
  }

  @Test func aBeatThatRunsOtherEntriesIsNotDown() throws {
    let beat = redBeat([redBeatEntry(due: 900), redBeatEntry("other", due: -1, ran: 20)])
    #expect(try Self.judge(beat) == .healthy)
  }

  @Test func disabledEntriesAndThoseThatNeverRunAgainStayOverdueForEver() throws {
    let beat = redBeat([
      redBeatEntry(due: 90_000, isEnabled: false), redBeatEntry("once", due: nil),
    ])
    #expect(try Self.judge(beat) == .healthy)
  }

  @Test(arguments: [(301.0, false), (331.0, true)])
  func anEntryThatWasNeverRunMayWaitUntilBeatWakes(_ due: Double, _ isDown: Bool) throws {
    let said = try Self.judge(redBeat([redBeatEntry(due: due, runs: nil)]))
    #expect(told(said) == (isDown ? ["critical beat"] : []))
  }

  @Test func aLockThatIsRenewedIsASignOfLife() throws {
    let entries = [redBeatEntry(due: 900)]
    let renewed = history(
      of: snapshot(at: ago(100), beat: redBeat(entries, lock: lock(left: 20))),
      snapshot(beat: redBeat(entries, lock: lock(left: 20))))
    #expect(try verdict(BeatDown.self, renewed) == .healthy)
    let runningOut = history(
      of: snapshot(at: ago(10), beat: redBeat(entries, lock: lock(left: 20))),
      snapshot(beat: redBeat(entries, lock: lock(left: 10))))
    #expect(told(try verdict(BeatDown.self, runningOut)) == ["critical beat"])
  }

  @Test(arguments: [(60.0, false), (61.0, true)])
  func withoutItsLockAMinuteIsEnough(_ seconds: Double, _ isDown: Bool) throws {
    let seen = Self.seen([redBeatEntry(due: 70)], lock: nil, since: seconds)
    let said = try verdict(BeatDown.self, seen)
    #expect(told(said) == (isDown ? ["critical beat"] : []))
    let rest = said.first?.message.hasSuffix("RedBeat's lock is missing for 1m 1s")
    #expect(rest == (isDown ? true : nil))
  }

  @Test func withItsLockTurnedOffABeatThatRunsIsNotDown() throws {
    let seen = Self.seen([redBeatEntry(due: 1)], lock: nil, since: 900)
    #expect(try verdict(BeatDown.self, seen) == .healthy)
  }

  @Test func theLockMayHaveBeenMissedByAnEarlierRun() throws {
    let before = history(
      of: snapshot(at: ago(120), beat: redBeat([redBeatEntry(due: 130)], lock: nil)))
    var later = try JSONDecoder().decode(
      SnapshotHistory.self, from: JSONEncoder().encode(before))
    later.absorb(snapshot(observed: 5, beat: redBeat([redBeatEntry(due: 130)], lock: nil)))
    #expect(told(try verdict(BeatDown.self, later)) == ["critical beat"])
  }

  // MARK: Plain beats

  @Test(arguments: [(320.0, false), (321.0, true)])
  func aPlainBeatWhoseMessagesStopIsDown(_ silent: Double, _ isDown: Bool) throws {
    let said = try Self.judge(plainBeat(received: [silent, silent + 10, silent + 20]))
    #expect(told(said) == (isDown ? ["critical beat"] : []))
  }

  @Test func whatWaitsInAQueueWasPublished() throws {
    let said = try Self.judge(plainBeat(received: [900]), queues: [queue(ready: 3)])
    #expect(
      said.reason
        == "tick was not received, but may be among the messages that wait in celery")
  }

  @Test func aQueueThatNobodyTouchesHidesNothing() throws {
    let beat = plainBeat(received: [900])
    let still = history(
      of: snapshot(at: ago(1000), queues: .value([queue("dead", ready: 3)])),
      snapshot(at: ago(500), queues: .value([queue("dead", ready: 3)])),
      snapshot(queues: .value([queue("dead", ready: 3)]), beat: beat))
    #expect(told(try verdict(BeatDown.self, still)) == ["critical beat"])
  }

  @Test func silenceThatWasNotHeardWholeProvesNothing() throws {
    #expect(
      try Self.judge(plainBeat(received: [900], heard: 600)).reason
        == "task events were not heard all the time since tick last came")
  }

  // MARK: What cannot be known

  @Test func aPlainBeatThatWasNeverSeenIsUnknown() throws {
    #expect(
      try Self.judge(plainBeat(received: [])).reason
        == "beat leaves no key without RedBeat, and no message of its schedule was seen")
    #expect(
      try Self.judge(BeatFacts(redBeat: .value(nil), entries: .value([]))).reason
        == "no schedule is known: neither RedBeat nor a worker's beat_schedule has one")
    #expect(
      try Self.judge(BeatFacts(redBeat: .value(nil), entries: .unavailable("--read-only")))
        == .unknown("--read-only"))
  }

  @Test func keysThatCannotBeReadAreUnknown() throws {
    #expect(
      try Self.judge(BeatFacts(redBeat: .unavailable("no permission"))).reason
        == "RedBeat's keys: no permission")
  }
}
