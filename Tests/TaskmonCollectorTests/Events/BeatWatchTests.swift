import CeleryProtocol
import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct BeatWatchTests {
  private static let entry = ScheduleEntry(
    name: "e", task: "a.b", argumentsText: "1", schedule: .every(Seconds(2)), source: .redBeat)
  private static let key = PeriodicKey(entry)
  private static let all = [Interval(from: at(0), to: at(100))]

  private static func watch(limit: Int = 10) -> BeatWatch {
    var watch = BeatWatch(limit: limit)
    watch.follow([entry], at: at(5))
    return watch
  }

  @Test func `receipts and publications of an entry are kept, of others not`() {
    var watch = Self.watch()
    watch.received(Self.key, at: at(6))
    watch.received(
      PeriodicKey(task: "a.b", argumentsText: "2", keywordArgumentsText: ""), at: at(7))
    watch.published(Self.key, id: "1", by: "gen1@h", at: at(6))
    #expect(
      watch.traffic(of: Self.entry, heard: Self.all)
        == EntryTraffic(
          entry: "e", heard: [Interval(from: at(5), to: at(100))], receipts: [at(6)],
          publications: [Publication(at: at(6), publisher: "gen1@h")]))
  }

  @Test func `one id published counts once, by event and by message`() {
    var watch = Self.watch()
    watch.published(Self.key, id: "1", by: "gen1@h", at: at(6))
    watch.published(Self.key, id: "1", by: "gen1@h/reply", at: at(7))
    #expect(watch.traffic(of: Self.entry, heard: []).publications.count == 1)
  }

  @Test func `the oldest make room`() {
    var watch = Self.watch(limit: 3)
    for second in 1...5 {
      watch.received(Self.key, at: at(Double(second)))
      watch.published(Self.key, id: "\(second)", by: "g", at: at(Double(second)))
    }
    let traffic = watch.traffic(of: Self.entry, heard: [])
    #expect(traffic.receipts == [at(3), at(4), at(5)])
    #expect(traffic.publications.map(\.at) == [at(3), at(4), at(5)])
  }

  @Test func `an entry that stays keeps what was seen, one that goes does not`() {
    var watch = Self.watch()
    watch.received(Self.key, at: at(6))
    var other = Self.entry
    other.task = "c.d"
    watch.follow([Self.entry, other], at: at(9))
    #expect(watch.traffic(of: Self.entry, heard: []).receipts == [at(6)])
    #expect(watch.watches("c.d"))
    watch.follow([other], at: at(10))
    #expect(watch.traffic(of: Self.entry, heard: Self.all) == EntryTraffic(entry: "e"))
    #expect(!watch.watches("a.b"))
  }

  @Test func `a list and a tuple of arguments are the same periodic task`() throws {
    let announced = TaskAnnouncement(
      id: "1", name: "a.b", argumentsRepr: "(1,)", keywordArgumentsRepr: "{}")
    let asList = TaskAnnouncement(
      id: "2", name: "a.b", argumentsRepr: "[1]", keywordArgumentsRepr: "{}")
    #expect(try #require(PeriodicKey(announced)) == Self.key)
    #expect(try #require(PeriodicKey(asList)) == Self.key)
    #expect(PeriodicKey(TaskAnnouncement(id: "3")) == nil)
  }
}
