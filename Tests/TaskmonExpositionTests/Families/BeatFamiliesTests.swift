import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite("Beat metrics")
struct BeatFamiliesTests {
  static func input(_ redBeat: Observation<RedBeatFacts?>) -> ExpositionInput {
    var snapshot = Shop.snapshot()
    snapshot.beat.redBeat = redBeat
    return Shop.input(snapshot)
  }

  @Test(
    "tell the lock: held, free, without end, or not there to be told",
    arguments: [
      (
        .value(RedBeatFacts(lock: BeatLock(token: "t", timeToLive: Seconds(9)), entryCount: 1)),
        ["celery_beat_lock_held 1", "celery_beat_lock_ttl_seconds 9"]
      ),
      (
        .value(RedBeatFacts(lock: BeatLock(token: "t"), entryCount: 1)),
        ["celery_beat_lock_held 1", "celery_beat_lock_ttl_seconds +Inf"]
      ),
      (.value(RedBeatFacts(entryCount: 1)), ["celery_beat_lock_held 0"]),
      (.value(nil), []), (.unavailable("no permission"), []),
    ] as [(Observation<RedBeatFacts?>, [String])])
  func lock(redBeat: Observation<RedBeatFacts?>, lines: [String]) {
    let input = Self.input(redBeat)
    #expect(
      Shop.lines("celery_beat_lock_held", in: input)
        + Shop.lines("celery_beat_lock_ttl_seconds", in: input) == lines)
  }

  @Test("say how overdue an entry is, and zero before its time")
  func overdue() {
    #expect(
      Shop.lines("celery_beat_entry_overdue_seconds", in: Shop.full) == [
        #"celery_beat_entry_overdue_seconds{entry="every-10s"} 3.5"#,
        #"celery_beat_entry_overdue_seconds{entry="nightly"} 0"#,
      ])
    #expect(Shop.lines("celery_beat_entries", in: Shop.full) == ["celery_beat_entries 2"])
  }

  @Test("do not call overdue what was only saved between two runs")
  func saved() {
    var snapshot = Shop.snapshot()
    func entry(_ name: String, _ schedule: Schedule) -> ScheduleEntry {
      ScheduleEntry(
        name: name, task: "t", schedule: schedule, source: .redBeat,
        lastRun: Shop.now - Seconds(90.5), dueAt: Shop.now - Seconds(30.5))
    }
    snapshot.beat.entries = .value([
      entry("hourly", .every(.hours(1))), entry("nightly", .crontab("0 3 * * *")),
    ])
    #expect(
      Shop.lines("celery_beat_entry_overdue_seconds", in: Shop.input(snapshot)) == [
        #"celery_beat_entry_overdue_seconds{entry="hourly"} 0"#
      ])
  }

  @Test("say nothing of when a disabled entry or one without a due moment would run")
  func disabled() {
    var snapshot = Shop.snapshot()
    snapshot.beat.entries = .value([
      ScheduleEntry(
        name: "off", task: "t", schedule: .every(Seconds(1)), source: .redBeat, isEnabled: false,
        dueAt: Shop.now - .days(1)),
      ScheduleEntry(
        name: "plain", task: "t", schedule: .every(Seconds(1)), source: .workerConfiguration),
    ])
    let input = Shop.input(snapshot)
    #expect(Shop.lines("celery_beat_entry_overdue_seconds", in: input) == [])
    #expect(Shop.lines("celery_beat_entries", in: input) == ["celery_beat_entries 2"])
  }

  @Test("count the publishers of an entry, where any was seen lately")
  func publishers() {
    #expect(
      Shop.lines("celery_beat_publishers", in: Shop.full) == [
        #"celery_beat_publishers{entry="every-10s"} 2"#
      ])
  }
}
