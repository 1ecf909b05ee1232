import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct EventsDisabledTests {
  private static func seen(
    _ workers: WorkerFacts..., heard: [Interval]? = nil
  ) -> SnapshotHistory {
    history(of: snapshot(workers: .value(workers), heard: heard))
  }

  @Test(arguments: [(2, []), (3, ["info celery@w1"]), (500, ["info celery@w1"])])
  func runsWithoutAnEventOfAnyAreAnInfo(_ unseen: Int, _ wanted: [String]) throws {
    let mute = worker(
      sendsTaskEvents: false, processed: 900,
      events: heartbeats(taskEvents: 0, last: nil, unseen: unseen))
    let said = try verdict(EventsDisabled.self, Self.seen(mute))
    #expect(told(said) == wanted)
  }

  @Test func theFindingCountsWhatWasNotSeen() throws {
    let mute = worker(
      sendsTaskEvents: false, processed: 900,
      events: heartbeats(taskEvents: 0, last: nil, unseen: 40))
    let finding = try verdict(EventsDisabled.self, Self.seen(mute)).first
    #expect(
      finding?.message == "began 40 tasks and sent no task event of them; none was ever heard")
    #expect(finding?.since == ago(600))
    #expect(finding?.evidence("runsUnseen") == .number(40))
    #expect(finding?.evidence("processed") == .number(900))
  }

  @Test(arguments: [(10.0, []), (10.1, ["info celery@w1"])])
  func aWorkerWhoseEventsWereSwitchedOffIsNoticedWhenTheyAreOverdue(
    _ last: Double, _ wanted: [String]
  ) throws {
    let muted = worker(events: heartbeats(taskEvents: 90, last: last, unseen: 12))
    let said = try verdict(EventsDisabled.self, Self.seen(muted))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func aWorkerThatSendsEventsIsHealthyHoweverBusy() throws {
    let busy = worker(processed: 100_000, events: heartbeats(taskEvents: 300_000, unseen: 2))
    #expect(try verdict(EventsDisabled.self, Self.seen(busy)) == .healthy)
    let idle = worker(events: heartbeats(taskEvents: 9, last: 500, unseen: 0))
    #expect(try verdict(EventsDisabled.self, Self.seen(idle)) == .healthy)
  }

  @Test func theCountsOfItsAnswersStandInForHeartbeats() throws {
    let before = snapshot(
      at: ago(60), observed: 540,
      workers: .value([
        worker(heard: nil, freq: nil, sendsTaskEvents: nil, processed: 100, now: ago(60))
      ]))
    let after = snapshot(
      workers: .value([worker(heard: nil, freq: nil, sendsTaskEvents: nil, processed: 130)]))
    let said = try verdict(EventsDisabled.self, history(of: before, after))
    #expect(told(said) == ["info celery@w1"])
    #expect(said.first?.evidence("runsUnseen") == .number(30))
  }

  @Test func aWorkerThatRunsNothingShowsNeither() throws {
    let idle = worker(sendsTaskEvents: nil, events: heartbeats(taskEvents: 0, last: nil))
    #expect(
      try verdict(EventsDisabled.self, Self.seen(idle))
        == .unknown("celery@w1: no task event yet"))
  }

  @Test func whatALostOrStoppedWorkerDidIsNoMatter() throws {
    let mute = heartbeats(taskEvents: 0, last: nil, unseen: 40)
    let gone = worker(heard: 200, replied: nil, sendsTaskEvents: false, events: mute)
    let stopped = worker("celery@w2", offline: 5, sendsTaskEvents: false, events: mute)
    #expect(try verdict(EventsDisabled.self, Self.seen(gone, stopped)) == .healthy)
  }

  @Test func withoutTheEventStreamNothingIsKnown() throws {
    #expect(
      try verdict(EventsDisabled.self, Self.seen(worker(), heard: []))
        == .unknown("the event stream was not heard"))
    #expect(
      try verdict(EventsDisabled.self, history(of: snapshot(workers: .unavailable("no events"))))
        == .unknown("no events"))
  }

  @Test func howManyRunsItTakesCanBeSet() throws {
    let mute = worker(
      sendsTaskEvents: false, events: heartbeats(taskEvents: 0, last: nil, unseen: 40))
    #expect(
      try verdict(EventsDisabled.self, Self.seen(mute), set: ["events-disabled.runs=100"])
        == .healthy)
  }
}
