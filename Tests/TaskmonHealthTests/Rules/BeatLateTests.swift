import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct BeatLateTests {
  /// One entry overdue while another has run just now.
  private static func judge(_ entries: ScheduleEntry..., set: [String] = []) throws -> Verdict {
    let alive = redBeatEntry("alive", due: -1, ran: 1)
    return try verdict(
      BeatLate.self, history(of: snapshot(beat: redBeat(entries + [alive]))), set: set)
  }

  @Test(arguments: [
    (30.0, []), (30.1, ["warning tick"]), (600.0, ["warning tick"]), (600.1, ["critical tick"]),
  ])
  func anEntryIsJudgedAtItsLimits(_ due: Double, _ wanted: [String]) throws {
    let said = try Self.judge(redBeatEntry(due: due))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theIntervalBuysNoPatience() throws {
    let said = try Self.judge(redBeatEntry("nightly", every: 86_400, due: 31))
    #expect(told(said) == ["warning nightly"])
  }

  @Test(arguments: [(330.0, []), (331.0, ["warning tick"])])
  func anEntryThatNeverRanWaitsUntilBeatWakes(_ due: Double, _ wanted: [String]) throws {
    #expect(told(try Self.judge(redBeatEntry(due: due, runs: nil))) == wanted)
  }

  @Test func anEntryThatWasSavedAsDueNowWaitsAsLong() throws {
    // Its last run was an hour before: no run has made it due a minute ago.
    #expect(try Self.judge(redBeatEntry(due: 60, ran: 3600)) == .healthy)
    #expect(told(try Self.judge(redBeatEntry(due: 331, ran: 3600))) == ["warning tick"])
  }

  @Test func anEntryWhoseScheduleWasChangedWaitsAsLong() throws {
    let before = redBeatEntry("report", every: 3600, due: -1850, ran: 1750)
    let after = redBeatEntry("report", every: 1700, due: 50, ran: 1750)
    let alive = redBeatEntry("alive", due: -1, ran: 1)
    let seen = history(
      of: snapshot(at: ago(100), beat: redBeat([before, alive])),
      snapshot(at: ago(60), beat: redBeat([after, alive])),
      snapshot(beat: redBeat([after, alive])))
    #expect(try verdict(BeatLate.self, seen) == .healthy)
  }

  @Test func whatWasSavedAndHasRunSinceIsKnownToBeat() throws {
    func look(_ seconds: Double, runs: Int, due: Double) -> Snapshot {
      let now = ago(seconds)
      return snapshot(
        at: now,
        beat: redBeat([
          redBeatEntry("alive", due: -1, ran: 1, now: now),
          redBeatEntry(every: 5, due: due, runs: runs, now: now),
        ]))
    }
    let first = snapshot(
      at: ago(120), beat: redBeat([redBeatEntry("alive", due: -1, ran: 1, now: ago(120))]))
    let seen = history(
      of: first, look(110, runs: 3, due: -5), look(80, runs: 9, due: 35), look(0, runs: 9, due: 115)
    )
    #expect(told(try verdict(BeatLate.self, seen)) == ["warning tick"])
    let unrun = history(
      of: first, look(110, runs: 3, due: -5), look(80, runs: 3, due: 35), look(0, runs: 3, due: 115)
    )
    #expect(try verdict(BeatLate.self, unrun) == .healthy)
  }

  /// Looks each 10 s at an entry that is saved as due now each time.
  private static func saved(runs: (Int) -> Int) -> SnapshotHistory {
    (0...20).reduce(into: SnapshotHistory()) { history, index in
      let now = ago(Double(20 - index) * 10)
      var entry = redBeatEntry(every: 60, due: 0, runs: runs(index), now: now)
      entry.lastRun = ago(260)
      let alive = redBeatEntry("alive", due: -1, ran: 1, now: now)
      history.absorb(snapshot(at: now, beat: redBeat([entry, alive])))
    }
  }

  @Test func anEntryThatIsOnlySavedStaysOverdue() throws {
    let said = try verdict(BeatLate.self, Self.saved { _ in 7 })
    #expect(told(said) == ["warning tick"])
    #expect(said.first?.since == ago(200))
    #expect(try verdict(BeatLate.self, Self.saved { $0 / 3 + 1 }) == .healthy)
  }

  @Test(arguments: [(2400.0, []), (3600, []), (3640, ["warning report"])] as [(Double, [String])])
  func whatAStartOfBeatSavesIsNotDueBeforeItsPeriodIsOver(
    _ ran: Double, _ wanted: [String]
  ) throws {
    // RedBeat scores it by what is left from the start on, added to the last run.
    let saved = redBeatEntry("report", every: 3600, due: 1200.5, ran: ran)
    #expect(told(try Self.judge(saved)) == wanted)
  }

  @Test(arguments: [(700.5, true), (660, false)])
  func aCrontabThatWasSavedBetweenTwoRunsIsUnknown(_ due: Double, _ isSaved: Bool) throws {
    var nightly = redBeatEntry("nightly", due: due, ran: 40_000)
    nightly.schedule = .crontab("0 3 * * *")
    let said = try Self.judge(nightly)
    #expect(
      said.reason == (isSaved ? "when nightly is due: it was saved between two runs" : nil))
    #expect(told(said) == (isSaved ? [] : ["critical nightly"]))
  }

  @Test func disabledEntriesAndThoseThatNeverRunAgainAreNotLate() throws {
    #expect(
      try Self.judge(redBeatEntry(due: 9000, isEnabled: false), redBeatEntry("once", due: nil))
        == .healthy)
  }

  @Test func whileBeatDownNamesItThisRuleIsQuiet() throws {
    let seen = history(of: snapshot(beat: redBeat([redBeatEntry(due: 700)])))
    #expect(try verdict(BeatLate.self, seen) == .healthy)
    #expect(told(try verdict(BeatDown.self, seen)) == ["critical beat"])
  }

  @Test func itIsQuietOnlyByTheThresholdsOfBeatDown() throws {
    let dead = history(of: snapshot(beat: redBeat([redBeatEntry(due: 700)])))
    let patient = ["beat-down.silence=20m"]
    #expect(told(try verdict(BeatLate.self, dead, set: patient)) == ["critical tick"])
    #expect(try verdict(BeatDown.self, dead, set: patient) == .healthy)
    var evaluator = Evaluator(
      rules: [BeatLate.self, BeatDown.self], thresholds: try ThresholdOverrides(patient))
    #expect(evaluator.evaluate(dead).present.map(\.rule) == [BeatLate.id])
  }

  @Test func theFindingTellsWhatElseRanAndWhenTheLockWasRenewed() throws {
    let entries = [redBeatEntry(due: 45), redBeatEntry("other", due: -5, ran: 40)]
    let seen = history(
      of: snapshot(at: ago(50), beat: redBeat(entries, lock: lock(left: 200))),
      snapshot(at: ago(48), beat: redBeat(entries, lock: lock(left: 205))),
      snapshot(beat: redBeat(entries, lock: lock(left: 157))))
    let finding = try verdict(BeatLate.self, seen).first
    #expect(
      finding?.message == "due 45s ago and is not published: beat is blocked, busy or gone")
    #expect(finding?.since == ago(45))
    #expect(finding?.evidence("anyRunSecondsAgo") == .number(40))
    #expect(finding?.evidence("lockRenewedSecondsAgo") == .number(48))
  }

  @Test(arguments: [(49.0, []), (51.0, ["warning tick"])])
  func aPlainBeatIsGivenItsPeriodOnceMore(_ silent: Double, _ wanted: [String]) throws {
    let seen = history(of: snapshot(beat: plainBeat(received: [silent, silent + 10])))
    #expect(told(try verdict(BeatLate.self, seen)) == wanted)
  }

  @Test func whatMayWaitInAQueueIsUnknown() throws {
    let seen = history(
      of: snapshot(queues: .value([queue(ready: 2)]), beat: plainBeat(received: [90])))
    #expect(
      try verdict(BeatLate.self, seen).reason
        == "tick was not received, but may be among the messages that wait in celery")
  }

  @Test(arguments: [(75.0, false), (60, true)])
  func aQueueThatWasEmptyBeforeItWasLateMayHideIt(_ emptied: Double, _ isLate: Bool) throws {
    // Due 80 s ago, and late since 70 s ago.
    let beat = plainBeat(received: [90])
    let seen = history(
      of: snapshot(at: ago(100), queues: .value([queue(ready: 2)])),
      snapshot(at: ago(emptied), queues: .value([queue(ready: 0, head: nil)])),
      snapshot(at: ago(30), queues: .value([queue(ready: 1)])),
      snapshot(queues: .value([queue(ready: 2)]), beat: beat))
    let said = try verdict(BeatLate.self, seen)
    #expect(told(said) == (isLate ? ["warning tick"] : []))
    #expect((said.reason == nil) == isLate)
  }

  @Test(arguments: ["beat-late", "beat-down", "multiple-beats"] as [RuleID])
  func ofAScheduleThatOnlyMessagesTellNoTimeIsKnown(_ id: RuleID) throws {
    let rule = try #require(RuleRegistry.rule(id))
    let entry = ScheduleEntry(
      name: "Sweep floor 1", task: "shop.sweep", schedule: .unknown, source: .messages)
    let seen = history(
      of: snapshot(
        beat: BeatFacts(
          redBeat: .value(nil), entries: .value([entry]),
          traffic: [EntryTraffic(entry: entry.name, receipts: [ago(900)])])))
    #expect(
      try verdict(rule, seen).reason
        == "when Sweep floor 1 is due is not known: only messages of beat tell of its schedule")
  }

  @Test func withoutAScheduleNothingIsKnown() throws {
    let seen = history(of: snapshot())
    #expect(try verdict(BeatLate.self, seen).reason == "RedBeat's keys: not read yet")
  }

  @Test func oneEntryMayBeLate() throws {
    #expect(try Self.judge(redBeatEntry(due: 50), set: ["beat-late[tick].warning=60"]) == .healthy)
  }
}
