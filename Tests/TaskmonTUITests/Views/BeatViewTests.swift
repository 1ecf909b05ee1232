import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Beat view")
struct BeatViewTests {
  static let plainEntry = ScheduleEntry(
    name: "a", task: "t", schedule: .other("?"), source: .workerConfiguration)

  static func status(_ beat: BeatFacts) -> BeatStatus? {
    let data = SampleData.data(snapshot: { moment in
      var snapshot = SampleData.snapshot(at: moment)
      snapshot.beat = beat
      return snapshot
    })
    return SampleData.context(data).map { BeatStatus($0) }
  }

  @Test("Beat is told by lock, schedule and what could be read")
  func statuses() {
    let lock = BeatLock(token: "t", timeToLive: Seconds(20))
    func redBeat(_ lock: BeatLock?, due: Timestamp?) -> BeatFacts {
      BeatFacts(redBeat: .value(RedBeatFacts(lock: lock, entryCount: 1, nextDue: due)))
    }
    let now = SampleData.now
    #expect(Self.status(redBeat(lock, due: now)) == .held(lock))
    #expect(Self.status(redBeat(lock, due: nil)) == .held(lock))
    #expect(Self.status(redBeat(lock, due: SampleData.ago(30))) == .late(lock, by: Seconds(30)))
    #expect(Self.status(redBeat(nil, due: now)) == .noLock(since: SampleData.ago(1800)))
    #expect(Self.status(BeatFacts(redBeat: .value(nil))) == BeatStatus.none)
    #expect(Self.status(BeatFacts(redBeat: .unavailable("x"))) == .unknown("x"))
    let plain = BeatFacts(
      redBeat: .value(nil),
      entries: .value([Self.plainEntry]))
    #expect(Self.status(plain) == .plain(entries: 1, lastSeen: nil))
    var seen = plain
    seen.traffic = [EntryTraffic(entry: "a", receipts: [SampleData.ago(40)])]
    #expect(Self.status(seen) == .plain(entries: 1, lastSeen: SampleData.ago(40)))
  }

  @Test(
    "Where nothing shows a beat at work, the view says that none is known to run",
    arguments: [
      (BeatFacts(redBeat: .value(nil)), true),
      (BeatFacts(redBeat: .value(nil), entries: .value([plainEntry])), true),
      (
        BeatFacts(
          redBeat: .value(nil), entries: .value([plainEntry]),
          traffic: [EntryTraffic(entry: "a", receipts: [SampleData.ago(40)])]), false
      ),
    ])
  func noBeat(beat: BeatFacts, isSaid: Bool) throws {
    let data = SampleData.data(snapshot: { moment in
      var snapshot = SampleData.snapshot(at: moment)
      snapshot.beat = beat
      return snapshot
    })
    let lines = Console.showing(data, view: .beat).lines.joined(separator: " ")
    #expect(lines.contains("no beat is known to run") == isSaid)
  }

  @Test("An entry's last run is RedBeat's note, else what was seen")
  func last() throws {
    let context = try #require(SampleData.context())
    var entry = try #require(SampleData.beat.entries.value?.first)
    #expect(EntryFacts(entry, context).last == SampleData.ago(28))
    entry.lastRun = SampleData.ago(500)
    #expect(EntryFacts(entry, context).last == SampleData.ago(500))
    entry.lastRun = nil
    #expect(EntryFacts(entry, context).last == SampleData.ago(28))
    #expect(EntryFacts(entry, context).publishers == ["gen41@web1", "gen977@web2"])
    entry.name = "never-seen"
    #expect(EntryFacts(entry, context).last == nil)
  }
}
