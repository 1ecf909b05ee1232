import FoundationEssentials
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct BeatWithoutLockTests {
  /// Looks 4 s apart, the last one now, at an entry that runs each time.
  private static func looks(
    _ locks: [BeatLock?], moving: Bool = true, publications: [Publication] = []
  ) -> SnapshotHistory {
    var history = SnapshotHistory()
    for (index, lock) in locks.enumerated() {
      let seconds = Double(locks.count - 1 - index) * 4
      let due = moving ? seconds - 1 : 100
      var beat = redBeat([redBeatEntry(due: due)], lock: lock)
      beat.traffic = [EntryTraffic(entry: "tick", publications: publications)]
      history.absorb(snapshot(at: ago(seconds), beat: beat))
    }
    return history
  }

  @Test(arguments: [(3, []), (4, ["warning beat"])])
  func entriesThatMoveOnWithoutALockAreTold(_ count: Int, _ wanted: [String]) throws {
    let said = try verdict(
      BeatWithoutLock.self, Self.looks(Array(repeating: nil, count: count)))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func untilItWasLookedForUnderOtherNamesNothingIsKnown() throws {
    var history = SnapshotHistory()
    for seconds in stride(from: 40.0, through: 0, by: -4) {
      var beat = redBeat([redBeatEntry(due: seconds - 1)], lock: nil)
      beat.redBeat = beat.redBeat.map { facts in
        var facts = facts
        facts?.isLockCertain = false
        return facts
      }
      history.absorb(snapshot(at: ago(seconds), beat: beat))
    }
    #expect(
      try verdict(BeatWithoutLock.self, history).reason
        == "RedBeat's lock: it is not under its usual name, and other names were not looked for yet"
    )
    #expect(history.schedule.missingSince == nil)
    #expect(
      try verdict(BeatDown.self, history, set: ["beat-down.lock-missing=0s"]) == .healthy)
  }

  @Test func aLockThatNeverExpiresIsNone() throws {
    let said = try verdict(
      BeatWithoutLock.self, Self.looks(Array(repeating: lock(left: nil), count: 5)))
    #expect(
      said.first?.message
        == "RedBeat's lock has been without an expiry for 16s, and entries are run all the same")
    #expect(said.first?.since == ago(16))
  }

  @Test func aBeatThatIsGoneWithItsLockIsNotThis() throws {
    let gone = Self.looks([lock()] + Array(repeating: nil, count: 20), moving: false)
    #expect(try verdict(BeatWithoutLock.self, gone) == .healthy)
  }

  /// An entry each 4 s, the last one now, whose due moment moves on and whose runs do not.
  private static func saved(_ runs: [Int]) -> SnapshotHistory {
    var history = SnapshotHistory()
    for (index, count) in runs.enumerated() {
      let at = ago(Double(runs.count - 1 - index) * 4)
      var entry = redBeatEntry(due: 0, runs: count, now: at)
      entry.lastRun = ago(200)
      history.absorb(snapshot(at: at, beat: redBeat([entry], lock: nil)))
    }
    return history
  }

  @Test func anEntryThatIsSavedAgainAndAgainDoesNotRun() throws {
    #expect(
      try verdict(BeatWithoutLock.self, Self.saved(Array(repeating: 7, count: 6))) == .healthy)
  }

  @Test func aRunThatIsReadLaterCountsTheMovesBefore() throws {
    #expect(
      told(try verdict(BeatWithoutLock.self, Self.saved([7, 7, 7, 7, 10]))) == ["warning beat"])
    #expect(try verdict(BeatWithoutLock.self, Self.saved([7, 7, 7, 7, 9])) == .healthy)
  }

  @Test func aBeatThatStartsAndTakesItsLockIsHealthy() throws {
    let starts = Self.looks([nil, nil, nil, lock(), lock(), lock()])
    #expect(try verdict(BeatWithoutLock.self, starts) == .healthy)
  }

  @Test func whatMovedInOneRunIsRememberedInTheNext() throws {
    let before = Self.looks(Array(repeating: nil, count: 3))
    var later = try JSONDecoder().decode(
      SnapshotHistory.self, from: JSONEncoder().encode(before))
    later.absorb(
      snapshot(
        at: noon + Seconds(60), observed: 5,
        beat: redBeat([redBeatEntry(due: -1, now: noon + Seconds(60))], lock: nil)))
    #expect(told(try verdict(BeatWithoutLock.self, later)) == ["warning beat"])
  }

  private static func published(
    _ by: [(String, [Double])], tokenChanged seconds: Double = 80
  ) -> SnapshotHistory {
    let publications = by.flatMap { name, moments in
      moments.map { Publication(at: ago($0), publisher: name) }
    }.sorted { $0.at < $1.at }
    let changed = Int(seconds / 4)
    let tokens =
      Array(repeating: lock("old"), count: 5)
      + Array(repeating: lock("new"), count: changed + 1)
    return looks(tokens, publications: publications)
  }

  /// Each four seconds, twice the entry's period, for the last three quarters of a minute.
  private static let turns = stride(from: 48.0, through: 4, by: -4).map(\.self)

  @Test func theFormerHolderThatKeepsItsPaceIsTold() throws {
    let both = Self.published([
      ("gen1@a", [95, 90] + Self.turns), ("gen2@b", [70] + Self.turns.map { $0 - 2 }),
    ])
    let said = try verdict(BeatWithoutLock.self, both)
    #expect(told(said) == ["warning beat"])
    #expect(said.first?.evidence("formerHolder") == .text("gen1@a"))
    #expect(said.first?.evidence("publishers") == .list(["gen1@a", "gen2@b"]))
  }

  @Test func aProcessIsOneWhateverTellsOfIt() throws {
    let both = Self.published([
      ("gen1@a/r1", [95, 90]), ("gen1@a", Self.turns), ("gen2@b", Self.turns.map { $0 - 2 }),
    ])
    #expect(told(try verdict(BeatWithoutLock.self, both)) == ["warning beat"])
  }

  @Test func whatADeadHolderSentMayBeSeenLater() throws {
    let waited = Self.published([
      ("gen1@a/r1", [95, 90] + Self.turns), ("gen2@b", Self.turns.map { $0 - 2 }),
    ])
    #expect(try verdict(BeatWithoutLock.self, waited) == .healthy)
  }

  @Test func whoCallsTheTaskNowAndThenIsNoBeat() throws {
    let web = Self.published([
      ("gen1@a", [95, 90, 41.3, 40, 11.6, 9.1]), ("gen2@b", Self.turns.map { $0 - 2 }),
    ])
    #expect(try verdict(BeatWithoutLock.self, web) == .healthy)
  }

  @Test func aTakeoverAndAHolderThatTookANewTokenAreHealthy() throws {
    let handover = Self.published([("gen1@a", [95, 90, 79]), ("gen2@b", [70] + Self.turns)])
    #expect(try verdict(BeatWithoutLock.self, handover) == .healthy)
    let same = Self.published([("gen1@a", [95, 90] + Self.turns)])
    #expect(try verdict(BeatWithoutLock.self, same) == .healthy)
  }

  @Test func withoutRedBeatThereIsNothingToLock() throws {
    let plain = history(of: snapshot(beat: plainBeat(received: [5])))
    #expect(try verdict(BeatWithoutLock.self, plain) == .healthy)
  }

  @Test func keysAndEntriesThatCannotBeReadAreUnknown() throws {
    let unread = history(of: snapshot(beat: BeatFacts(redBeat: .unavailable("timeout"))))
    #expect(try verdict(BeatWithoutLock.self, unread).reason == "timeout")
    var beat = redBeat([], lock: nil)
    beat.entries = .unavailable("not read yet")
    #expect(
      try verdict(BeatWithoutLock.self, history(of: snapshot(beat: beat))).reason
        == "whether entries move on without the lock: not read yet")
  }
}
