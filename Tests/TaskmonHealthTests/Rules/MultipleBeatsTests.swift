import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct MultipleBeatsTests {
  private static func entry(
    _ name: String = "every-2s", task: String = "shop.tick", arguments: String = "",
    schedule: Schedule = .every(Seconds(2)), isEnabled: Bool = true
  ) -> ScheduleEntry {
    ScheduleEntry(
      name: name, task: task, argumentsText: arguments, schedule: schedule,
      source: .workerConfiguration, isEnabled: isEnabled)
  }

  /// Moments a period apart, the first `start` seconds ago, none in the future.
  private static func beats(
    every period: Double, from start: Double, jitter: Double = 0
  ) -> [Timestamp] {
    stride(from: start, through: 0, by: -period).enumerated().map { index, seconds in
      ago(seconds + (index.isMultiple(of: 2) ? jitter : -jitter))
    }
  }

  private static func seen(
    _ entries: [ScheduleEntry], _ traffic: [EntryTraffic], workers: [WorkerFacts] = [worker()]
  ) -> SnapshotHistory {
    history(
      of: snapshot(
        workers: .value(workers), beat: BeatFacts(entries: .value(entries), traffic: traffic)))
  }

  private static func received(
    _ receipts: [Timestamp], heard seconds: Double, name: String = "every-2s"
  ) -> EntryTraffic {
    EntryTraffic(
      entry: name, heard: [Interval(from: ago(seconds), to: noon)], receipts: receipts.sorted())
  }

  // MARK: Receipts

  @Test(arguments: [0.0, 0.1, 0.5, 0.999, 1.0, 1.5])
  func twoBeatsAtAnyDistanceAreTold(_ phase: Double) throws {
    let receipts =
      Self.beats(every: 2, from: 11.9) + Self.beats(every: 2, from: 11.9 - phase, jitter: 0.05)
    let said = try verdict(
      MultipleBeats.self, Self.seen([Self.entry()], [Self.received(receipts, heard: 12)]))
    #expect(told(said) == ["critical every-2s"])
    #expect(said.first?.evidence("task") == .text("shop.tick"))
  }

  @Test(arguments: [0.0, 0.3, 1.0, 1.9])
  func oneBeatIsHealthyWhereverTheWindowBegins(_ phase: Double) throws {
    let receipts = Self.beats(every: 2, from: 10 - phase, jitter: 0.05)
    let said = try verdict(
      MultipleBeats.self, Self.seen([Self.entry()], [Self.received(receipts, heard: 10)]))
    #expect(said == .healthy)
  }

  @Test(arguments: [(9.9, false), (10.0, true)])
  func fiveDueMomentsMustHaveBeenHeard(_ heard: Double, _ isTold: Bool) throws {
    let receipts = Self.beats(every: 2, from: heard - 0.1) + Self.beats(every: 2, from: heard - 0.6)
    let said = try verdict(
      MultipleBeats.self, Self.seen([Self.entry()], [Self.received(receipts, heard: heard)]))
    #expect(told(said).isEmpty == !isTold)
    #expect(
      said.reason == (isTold ? nil : "needs 5 due moments with their messages, has heard 4"))
  }

  @Test func aBurstByHandIsNoSecondBeat() throws {
    let burst = (0..<20).map { ago(5 + Double($0) * 0.05) }
    let receipts = Self.beats(every: 2, from: 19.5) + burst
    let said = try verdict(
      MultipleBeats.self, Self.seen([Self.entry()], [Self.received(receipts, heard: 20)]))
    #expect(said == .healthy)
  }

  @Test func callsByHandAsOftenAsTheScheduleAreNoSecondBeat() throws {
    let byHand = [3, 31, 52, 107, 118, 143, 171, 205, 238, 262, 291, 325, 344, 391].map {
      ago(Double($0))
    }
    let receipts = Self.beats(every: 30, from: 415) + byHand
    let said = try verdict(
      MultipleBeats.self,
      Self.seen(
        [Self.entry(schedule: .every(Seconds(30)))], [Self.received(receipts, heard: 420)]))
    #expect(said == .healthy)
  }

  @Test func aRestartedBeatIsOneBeat() throws {
    let receipts =
      Self.beats(every: 2, from: 20).filter { $0 < ago(10) } + Self.beats(every: 2, from: 9.3)
    let said = try verdict(
      MultipleBeats.self, Self.seen([Self.entry()], [Self.received(receipts, heard: 21)]))
    #expect(said == .healthy)
  }

  @Test func twoEntriesThatCallTheSameAreNotCounted() throws {
    let entries = [Self.entry("a"), Self.entry("b", schedule: .every(Seconds(4)))]
    let twice = Self.beats(every: 2, from: 19) + Self.beats(every: 2, from: 18.5)
    let traffic = ["a", "b"].map { Self.received(twice, heard: 20, name: $0) }
    #expect(
      try verdict(MultipleBeats.self, Self.seen(entries, traffic)).reason
        == "needs 5 due moments with their messages, has heard 0")
    let apart = [Self.entry("a"), Self.entry("b", arguments: "1", schedule: .every(Seconds(4)))]
    #expect(
      told(try verdict(MultipleBeats.self, Self.seen(apart, traffic))).contains("critical a"))
  }

  @Test func aDisabledTwinDoesNotCount() throws {
    let entries = [Self.entry("a"), Self.entry("b", isEnabled: false)]
    let receipts = Self.beats(every: 2, from: 19) + Self.beats(every: 2, from: 18.5)
    let said = try verdict(
      MultipleBeats.self, Self.seen(entries, [Self.received(receipts, heard: 20, name: "a")]))
    #expect(told(said) == ["critical a"])
  }

  @Test func entriesWithFewDueMomentsAreJudgedTogether() throws {
    let entries = (1...3).map {
      Self.entry("slow-\($0)", task: "shop.t\($0)", schedule: .every(Seconds(30)))
    }
    let twice = entries.map {
      Self.received(
        Self.beats(every: 30, from: 65) + Self.beats(every: 30, from: 63), heard: 70, name: $0.name)
    }
    #expect(told(try verdict(MultipleBeats.self, Self.seen(entries, twice))).count == 3)
    #expect(try verdict(MultipleBeats.self, Self.seen([entries[0]], [twice[0]])).reason != nil)
    let once = entries.map {
      Self.received(Self.beats(every: 30, from: 65), heard: 70, name: $0.name)
    }
    #expect(try verdict(MultipleBeats.self, Self.seen(entries, once)) == .healthy)
  }

  @Test func stretchesShorterThanTwoPeriodsSayNothing() throws {
    let heard = stride(from: 300.0, to: 0, by: -60).map {
      Interval(from: ago($0), to: ago($0 - 50))
    }
    let traffic = EntryTraffic(
      entry: "every-2s", heard: heard, receipts: heard.map { $0.start + Seconds(1) })
    let said = try verdict(
      MultipleBeats.self, Self.seen([Self.entry(schedule: .every(Seconds(30)))], [traffic]))
    #expect(said.reason == "needs 5 due moments with their messages, has heard 0")
  }

  @Test func aSecondBeatThatWasStoppedIsForgottenWithinTheWindow() throws {
    let receipts =
      Self.beats(every: 2, from: 199) + Self.beats(every: 2, from: 198.4).filter { $0 < ago(60) }
    let said = try verdict(
      MultipleBeats.self, Self.seen([Self.entry()], [Self.received(receipts, heard: 200)]))
    #expect(said == .healthy)
  }

  @Test func busyWorkersThatTakeMessagesLateStillShowTwoBeats() throws {
    let receipts =
      Self.beats(every: 10, from: 239, jitter: 0.9) + Self.beats(every: 10, from: 236, jitter: 0.8)
    let said = try verdict(
      MultipleBeats.self,
      Self.seen(
        [Self.entry(schedule: .every(Seconds(10)))], [Self.received(receipts, heard: 240)]))
    #expect(told(said) == ["critical every-2s"])
  }

  @Test func crontabEntriesAreCountedByTheirMinutes() throws {
    let minutely = Self.entry(schedule: .crontab("* * * * *"))
    let once = Self.beats(every: 60, from: 360).map { $0 + Seconds(0.2) }
    let twice = once + once.map { $0 + Seconds(0.1) }
    #expect(
      told(
        try verdict(MultipleBeats.self, Self.seen([minutely], [Self.received(twice, heard: 370)])))
        == ["critical every-2s"])
    #expect(
      try verdict(MultipleBeats.self, Self.seen([minutely], [Self.received(once, heard: 370)]))
        == .healthy)
  }

  // MARK: Publishers

  private static func published(_ publishers: [String: [Timestamp]]) -> EntryTraffic {
    let all = publishers.flatMap { name, moments in
      moments.map { Publication(at: $0, publisher: name) }
    }
    return EntryTraffic(entry: "every-2s", publications: all.sorted { $0.at < $1.at })
  }

  @Test func twoPublishersInTurnsAreNamed() throws {
    let traffic = Self.published([
      "gen41@web1": Self.beats(every: 2, from: 8), "gen977@web2": Self.beats(every: 2, from: 7.4),
    ])
    let said = try verdict(MultipleBeats.self, Self.seen([Self.entry()], [traffic]))
    #expect(told(said) == ["critical every-2s"])
    #expect(said.first?.message == "published by 2 processes: gen41@web1, gen977@web2")
    #expect(said.first?.evidence("publishers") == .list(["gen41@web1", "gen977@web2"]))
    #expect(said.first?.since == ago(7.4))
  }

  @Test func oneProcessIsOnePublisherWithOrWithoutItsReplyQueue() throws {
    let traffic = Self.published([
      "gen41@web1": Self.beats(every: 2, from: 8),
      "gen41@web1/reply-a": Self.beats(every: 2, from: 8).map { $0 + Seconds(0.2) },
    ])
    #expect(try verdict(MultipleBeats.self, Self.seen([Self.entry()], [traffic])).reason != nil)
  }

  @Test func containersWithTheSameNameAreToldByTheirReplyQueues() throws {
    let traffic = Self.published([
      "gen1@app/a": Self.beats(every: 2, from: 8), "gen1@app/b": Self.beats(every: 2, from: 7.2),
    ])
    #expect(
      told(try verdict(MultipleBeats.self, Self.seen([Self.entry()], [traffic])))
        == ["critical every-2s"])
  }

  @Test func aRestartedBeatPublishesUnderTwoNamesButNotInTurns() throws {
    let moments = Self.beats(every: 2, from: 40)
    let traffic = Self.published([
      "gen41@web1": Array(moments.prefix(10)), "gen99@web1": Array(moments.suffix(10)),
    ])
    #expect(told(try verdict(MultipleBeats.self, Self.seen([Self.entry()], [traffic]))).isEmpty)
  }

  @Test func aWebProcessThatCallsTheTaskNowAndThenIsNoBeat() throws {
    let byHand = [38.2, 31.1, 26.7, 19.3, 12.9, 10.2, 5.6, 1.1].map { ago($0 * 10) }
    let traffic = Self.published([
      "gen41@web1": Self.beats(every: 20, from: 400), "gen7@web2": byHand,
    ])
    let slow = Self.entry(schedule: .every(Seconds(20)))
    #expect(told(try verdict(MultipleBeats.self, Self.seen([slow], [traffic]))).isEmpty)
  }

  @Test func publishersThatTookTurnsLongAgoAreHistory() throws {
    let traffic = Self.published([
      "gen41@web1": Self.beats(every: 2, from: 100),
      "gen977@web2": Self.beats(every: 2, from: 99).filter { $0 < ago(30) },
    ])
    #expect(told(try verdict(MultipleBeats.self, Self.seen([Self.entry()], [traffic]))).isEmpty)
  }

  // MARK: Counts of the workers

  /// A history of rounds half a minute apart, the last one at noon; `runs` tells what a worker has
  /// counted by then.
  private static func counted(
    _ entries: [ScheduleEntry], minutes: Double, workers names: [String] = ["celery@w1"],
    runs: (_ worker: Int, _ seconds: Double) -> [String: Int]
  ) -> SnapshotHistory {
    var history = SnapshotHistory()
    for seconds in stride(from: 0, through: minutes * 60, by: 30) {
      let now = ago(minutes * 60 - seconds)
      let workers = names.enumerated().map { index, name in
        var facts = worker(name, sendsTaskEvents: false, now: now)
        facts.stats = .value(
          WorkerStats(repliedAt: now, pool: .prefork, totals: runs(index, seconds)))
        return facts
      }
      history.absorb(
        snapshot(
          at: now, workers: .value(workers), inspection: InspectionFacts(lastRound: now),
          beat: BeatFacts(entries: .value(entries))))
    }
    return history
  }

  private static let slow = entry(schedule: .every(Seconds(30)))

  @Test(arguments: [(1, false), (2, true), (3, true)])
  func countsTellWhereNoEventsCome(_ beats: Int, _ isTold: Bool) throws {
    // Each of two workers takes every other message.
    let seen = Self.counted([Self.slow], minutes: 8, workers: ["celery@a", "celery@b"]) { _, at in
      ["shop.tick": 700 + Int(at / 60) * beats]
    }
    let said = try verdict(MultipleBeats.self, seen)
    #expect(told(said) == (isTold ? ["critical every-2s"] : []))
    #expect(said == .healthy || isTold)
    #expect(said.first?.evidence("dueMoments") == (isTold ? .count(16) : nil))
    #expect(said.first?.evidence("runs") == (isTold ? .count(16 * beats) : nil))
  }

  @Test func tenDueMomentsMustHaveBeenCounted() throws {
    let few = Self.counted([Self.slow], minutes: 4) { _, at in ["shop.tick": Int(at / 15)] }
    #expect(
      try verdict(MultipleBeats.self, few).reason
        == "no task events: celery@w1 sends none, start it with -E")
  }

  @Test func aTaskThatIsRetriedOrCalledElsewhereIsNoSecondBeatWhileOtherEntriesRunOnce() throws {
    let other = Self.entry("other", task: "shop.other", schedule: .every(Seconds(30)))
    let seen = Self.counted([Self.slow, other], minutes: 8) { _, at in
      ["shop.tick": Int(at / 15), "shop.other": Int(at / 30)]
    }
    #expect(try verdict(MultipleBeats.self, seen) == .healthy)
    let both = Self.counted([Self.slow, other], minutes: 8) { _, at in
      ["shop.tick": Int(at / 15), "shop.other": Int(at / 15)]
    }
    #expect(told(try verdict(MultipleBeats.self, both)).count == 2)
  }

  @Test func aBurstOfRunsIsNoSecondBeat() throws {
    let seen = Self.counted([Self.slow], minutes: 8) { _, at in
      ["shop.tick": Int(at / 30) + (at >= 240 ? 20 : 0)]
    }
    #expect(try verdict(MultipleBeats.self, seen) == .healthy)
  }

  @Test func aWorkerThatBeganAnewAndOneThatWasThereBeforeAddNothingOfTheirPast() throws {
    let restarted = Self.counted([Self.slow], minutes: 8) { _, at in
      ["shop.tick": at < 240 ? 5000 + Int(at / 30) : Int((at - 240) / 30)]
    }
    #expect(try verdict(MultipleBeats.self, restarted) == .healthy)
  }

  @Test func runsThatNobodyCountsAreUnknownAndNotHealthy() throws {
    let idle = Self.counted([Self.slow], minutes: 8) { _, _ in [:] }
    #expect(try verdict(MultipleBeats.self, idle).reason != nil)
  }

  @Test func entriesOfOneTaskAreNotToldApartByCounts() throws {
    let twin = Self.entry("twin", arguments: "1", schedule: .every(Seconds(30)))
    let seen = Self.counted([Self.slow, twin], minutes: 8) { _, at in ["shop.tick": Int(at / 15)] }
    #expect(try verdict(MultipleBeats.self, seen).reason != nil)
  }

  // MARK: What is missing

  @Test func withoutAScheduleNothingIsJudged() throws {
    let none = history(
      of: snapshot(beat: BeatFacts(entries: .unavailable("no worker answered for its conf"))))
    #expect(try verdict(MultipleBeats.self, none) == .unknown("no worker answered for its conf"))
    let empty = history(of: snapshot(beat: BeatFacts(entries: .value([]))))
    #expect(
      try verdict(MultipleBeats.self, empty).reason?.hasPrefix("no schedule is known") == true)
  }

  @Test func withoutTaskEventsTheWorkerThatSendsNoneIsNamed() throws {
    let said = try verdict(
      MultipleBeats.self,
      Self.seen([Self.entry()], [], workers: [worker(sendsTaskEvents: false)]))
    #expect(said.reason == "no task events: celery@w1 sends none, start it with -E")
  }

  @Test(arguments: [
    Schedule.other("<solar: sunset>"), .crontab("every now and then"), .every(Seconds(0)),
    .every(Seconds(.nan)), .crontab("0 0 31 2 *"),
  ])
  func aScheduleThatCannotBeEvaluatedIsLeftOut(_ schedule: Schedule) throws {
    let receipts = Self.beats(every: 2, from: 19) + Self.beats(every: 2, from: 18.5)
    let said = try verdict(
      MultipleBeats.self,
      Self.seen([Self.entry(schedule: schedule)], [Self.received(receipts, heard: 20)]))
    #expect(said.reason != nil)
  }

  @Test func theLimitsCanBeSetForOneEntry() throws {
    let receipts = Self.beats(every: 2, from: 5.9) + Self.beats(every: 2, from: 5.2)
    let seen = Self.seen([Self.entry()], [Self.received(receipts, heard: 6)])
    #expect(try verdict(MultipleBeats.self, seen).reason != nil)
    #expect(
      told(try verdict(MultipleBeats.self, seen, set: ["multiple-beats[every-2s].due-moments=3"]))
        == ["critical every-2s"])
  }
}
