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

  @Test func oneTaskMayBeGivenMoreTime() throws {
    let set = ["stuck-chord[shop.part].unchanged=2h"]
    #expect(try Self.judge(Self.chord(7000), set: set) == .healthy)
  }
}
