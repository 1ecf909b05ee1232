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
    // A beat that starts saves its entries as due too early by the time since their last runs.
    var saved = redBeat(lock, due: SampleData.ago(30))
    saved.entries = .value([
      ScheduleEntry(
        name: "hourly", task: "t", schedule: .every(.hours(1)), source: .redBeat,
        lastRun: SampleData.ago(90.5), dueAt: SampleData.ago(30.5)),
      ScheduleEntry(
        name: "nightly", task: "t", schedule: .crontab("0 3 * * *"), source: .redBeat,
        lastRun: SampleData.ago(90.5), dueAt: SampleData.ago(30.5)),
    ])
    #expect(Self.status(saved) == .held(lock))
    let unsought = RedBeatFacts(isLockCertain: false, entryCount: 1, nextDue: now)
    #expect(
      Self.status(BeatFacts(redBeat: .value(unsought))) == .unknown(RedBeatFacts.unsought))
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

  private static func showing(
    _ entry: ScheduleEntry, receipts: [Timestamp] = [], heard: [Interval] = []
  ) -> ConsoleData {
    SampleData.data(snapshot: { moment in
      var snapshot = SampleData.snapshot(at: moment)
      snapshot.beat = BeatFacts(
        redBeat: .value(nil), entries: .value([entry]),
        traffic: [EntryTraffic(entry: entry.name, heard: heard, receipts: receipts)])
      return snapshot
    })
  }

  @Test("An entry that only messages tell of has no schedule that is known")
  func byMessages() throws {
    let entry = ScheduleEntry(
      name: "Sweep floor 1", task: "shop.sweep", argumentsText: "1", schedule: .unknown,
      source: .messages)
    let data = Self.showing(entry)
    let lines = Console.showing(data, view: .beat).lines
    #expect(lines.contains { $0.contains("1 entry from messages of beat") }, "\(lines)")
    let row = try #require(lines.first { $0.contains("Sweep floor 1") })
    #expect(row.firstMatch(of: #/shop.sweep +\? +\? +\? +\? +\? +\?/#) != nil, "\(row)")
    let context = try #require(SampleData.context(data))
    let page = EntryPage.page(entry, context).lines(width: 80).map(\.text)
    #expect(page.contains { $0.contains("schedule       ? (only messages tell of it)") }, "\(page)")
    #expect(page.contains { $0.contains("known from     messages") })
  }

  @Test("A plain beat's interval is due a period after its last message, while all are heard")
  func due() throws {
    let entry = ScheduleEntry(
      name: "tick", task: "t", schedule: .every(Seconds(60)), source: .workerConfiguration)
    func due(_ entry: ScheduleEntry, heard: Interval?) throws -> Timestamp? {
      let data = Self.showing(
        entry, receipts: [SampleData.ago(100)], heard: heard.map { [$0] } ?? [])
      return EntryFacts(entry, try #require(SampleData.context(data))).due
    }
    let heard = Interval(from: SampleData.ago(300), to: SampleData.now)
    #expect(try due(entry, heard: heard) == SampleData.ago(40))
    #expect(try due(entry, heard: nil) == nil)
    #expect(try due(entry, heard: Interval(from: SampleData.ago(50), to: SampleData.now)) == nil)
    #expect(
      try due(entry, heard: Interval(from: SampleData.ago(300), to: SampleData.ago(20))) == nil)
    var crontab = entry
    crontab.schedule = .crontab("* * * * *")
    #expect(try due(crontab, heard: heard) == nil)
  }

  @Test("A lock that never expires leaves no second a chance")
  func takeover() throws {
    var beat = SampleData.beat
    beat.redBeat = .value(
      RedBeatFacts(
        lock: BeatLock(token: "t"), entryCount: 3, nextDue: SampleData.ago(-2), keyPrefix: "s7-"))
    let data = SampleData.data(snapshot: { moment in
      var snapshot = SampleData.snapshot(at: moment)
      snapshot.beat = beat
      return snapshot
    })
    let context = try #require(SampleData.context(data))
    #expect(
      BeatStatus(context).line(context).text
        == " RedBeat lock held; it never expires, so that no second could take over")
    let entry = try #require(beat.entries.value?.first)
    let page = EntryPage.page(entry, context).lines(width: 80).map(\.text)
    #expect(page.contains { $0.contains("keys begin     s7-") }, "\(page)")
    #expect(page.contains { $0.contains("never: the lock has no expiry") }, "\(page)")
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
