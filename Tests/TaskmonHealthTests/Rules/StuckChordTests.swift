import FoundationEssentials
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct StuckChordTests {
  private static func chord(
    _ unchanged: Double, done: Int = 7, size: Int = 8, task: String? = "shop.part",
    group: String = "g-1"
  ) -> ChordFacts {
    ChordFacts(
      groupID: group, size: size, done: done, unchangedSince: ago(unchanged), task: task,
      timeToLive: Seconds(80_000))
  }

  private static func judge(
    _ chords: ChordFacts..., observed: Double = 7200, set: [String] = []
  ) throws -> Verdict {
    try verdict(
      StuckChord.self, history(of: snapshot(observed: observed, chords: .value(chords))), set: set)
  }

  @Test(arguments: [(3600.0, []), (3600.1, ["warning shop.part"])])
  func aChordThatStandsStillIsJudgedAtItsLimit(_ unchanged: Double, _ wanted: [String]) throws {
    let said = try Self.judge(Self.chord(unchanged))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func aChordThatIsDoneOrProceedsIsHealthy() throws {
    #expect(try Self.judge(Self.chord(7000, done: 8), Self.chord(20)) == .healthy)
    #expect(try Self.judge() == .healthy)
  }

  @Test func chordsOfOneTaskAreOneOfTheFindingsAndTheOldestSpeaks() throws {
    let said = try Self.judge(
      Self.chord(4000), Self.chord(7000, done: 0, group: "g-2"), Self.chord(5000, task: nil))
    #expect(told(said) == ["warning shop.part", "warning unknown task"])
    #expect(
      said.first?.message
        == "a chord has 0 of 8 parts done, unchanged for 1h 56m; 1 more like it")
    #expect(said.first?.since == ago(7000))
    #expect(said.first?.evidence("groupID") == .text("g-2"))
    #expect(said.first?.evidence("stuckChords") == .number(2))
  }

  @Test func untilAnHourWasObservedAnOpenChordIsUnknown() throws {
    #expect(
      try Self.judge(Self.chord(600), observed: 600)
        == .unknown("needs 1h of observation, has 10m"))
    #expect(try Self.judge(Self.chord(600, done: 8), observed: 600) == .healthy)
    #expect(
      try verdict(StuckChord.self, history(of: snapshot())) == .unknown("not scanned yet"))
  }

  /// A run of a few seconds, at so many minutes before noon, with what the run before it kept.
  private static func run(
    _ minutes: Double, _ chords: [ChordFacts], after state: Data? = nil
  ) throws -> (verdict: Verdict, state: Data) {
    var history = SnapshotHistory()
    if let state { history = try JSONDecoder().decode(SnapshotHistory.self, from: state) }
    let now = ago(minutes * 60)
    let seen = chords.map { chord in
      var chord = chord
      chord.unchangedSince = now - Seconds(1)
      return chord
    }
    history.absorb(snapshot(at: now, observed: 5, chords: .value(seen)))
    return (try verdict(StuckChord.self, history), try JSONEncoder().encode(history))
  }

  @Test func runsThatKeepTheirStateKnowHowLongAChordHasStoodStill() throws {
    let first = try Self.run(122, [Self.chord(0), Self.chord(0, done: 2, group: "g-2")])
    #expect(first.verdict == .unknown("needs 1h of observation, has 1s"))
    let second = try Self.run(
      61, [Self.chord(0), Self.chord(0, done: 3, group: "g-2")], after: first.state)
    #expect(told(second.verdict) == ["warning shop.part"])
    #expect(second.verdict.first?.message.contains("unchanged for 1h 1m") == true)
    let third = try Self.run(
      0, [Self.chord(0), Self.chord(0, done: 4, group: "g-2")], after: second.state)
    #expect(third.verdict.first?.since == ago(122 * 60 + 1))
    #expect(third.verdict.first?.evidence("stuckChords") == .number(1))
  }

  @Test func betweenRunsAMovingOrANewChordIsHealthyWhereTheyAreCloseEnough() throws {
    let first = try Self.run(30, [Self.chord(0)])
    let close = try Self.run(
      0, [Self.chord(0, done: 8), Self.chord(0, group: "g-2")], after: first.state)
    #expect(close.verdict == .healthy)
    let early = try Self.run(61, [Self.chord(0)])
    let late = try Self.run(0, [Self.chord(0, group: "g-2")], after: early.state)
    #expect(late.verdict == .unknown("needs 1h of observation, has 1s"))
  }

  @Test func timeWithoutALookProvesNothing() throws {
    func judge(lookedAt: Double) throws -> Verdict {
      let results = ResultFacts(completedPasses: 2, updatedAt: ago(lookedAt))
      return try verdict(
        StuckChord.self,
        history(
          of: snapshot(
            observed: 7200, results: .value(results), chords: .value([Self.chord(3700)]))))
    }
    #expect(try judge(lookedAt: 200) == .healthy)
    #expect(told(try judge(lookedAt: 50)) == ["warning shop.part"])
  }

  @Test func oneTaskMayBeGivenMoreTime() throws {
    let set = ["stuck-chord[shop.part].unchanged=2h"]
    #expect(try Self.judge(Self.chord(7000), set: set) == .healthy)
  }
}
