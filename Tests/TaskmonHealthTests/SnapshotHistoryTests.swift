import FoundationEssentials
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct SnapshotHistoryTests {
  private static func seen(_ moments: [(Double, [QueueFacts])]) -> QueueTrack? {
    moments.reduce(into: SnapshotHistory()) { history, moment in
      history.absorb(snapshot(at: noon + Seconds(moment.0), queues: .value(moment.1)))
    }.queues["celery"]
  }

  // MARK: Registries

  private static func held(_ task: String, in queue: String) -> Observation<UnackedFacts> {
    let message = MessageFacts(task: task, deliveryTag: "tag")
    return .value(
      UnackedFacts(
        count: 1,
        sample: [
          UnackedMessage(
            queue: queue, deliveredAt: noon, message: .value(message), size: ByteCount(500))
        ]))
  }

  /// As with `--read-only`, where no round of requests ends.
  @Test func queuesWhoseTasksWereMetAreBoundedThoughNobodyIsAsked() {
    let silent = InspectionFacts(suspended: "--read-only")
    let seen = (0..<1500).reduce(into: SnapshotHistory()) { history, number in
      history.absorb(
        snapshot(
          at: noon + Seconds(Double(number)), unacked: Self.held("shop.pay", in: "q\(number)"),
          inspection: silent))
    }
    #expect(seen.registries.count <= 1001)
    #expect(seen.registries["q1499"] != nil)
  }

  @Test func tasksMetADayAgoAreForgottenThoughNobodyIsAsked() {
    let silent = InspectionFacts(suspended: "--read-only")
    let seen = history(
      of: snapshot(unacked: Self.held("shop.old", in: "celery"), inspection: silent),
      snapshot(
        at: noon + Seconds.hours(25), unacked: Self.held("shop.pay", in: "celery"),
        inspection: silent))
    #expect(seen.registries["celery"]?.tasks.keys.sorted() == ["shop.pay"])
  }

  // MARK: Queues

  @Test func aHeadThatStaysKeepsItsSince() {
    let track = Self.seen([(0, [queue()]), (5, [queue(ready: 9)])])
    #expect(track?.headSince == noon)
    #expect(track?.lastMoved == nil)
  }

  @Test(arguments: [["tag-0", "tag-1"], ["tag-0", "tag-9", "tag-1"]])
  func aMessageInFrontOfTheOldHeadIsNoMovement(_ tail: [String]) {
    let track = Self.seen([(0, [queue()]), (5, [queue(head: "tag-0", tail: tail)])])
    #expect(track?.headTag == "tag-1")
    #expect(track?.headSince == noon)
    #expect(track?.lastMoved == nil)
  }

  @Test func aHeadThatIsGoneWasTaken() {
    let track = Self.seen([(0, [queue()]), (5, [queue(head: "tag-2", tail: ["tag-2"])])])
    #expect(track?.headTag == "tag-2")
    #expect(track?.headSince == noon + Seconds(5))
    #expect(track?.lastMoved == noon + Seconds(5))
  }

  @Test func aQueueThatIsEmptiedMovedAndHasNoHead() {
    let track = Self.seen([(0, [queue()]), (5, [queue(ready: 0, head: nil)])])
    #expect(track?.headTag == nil && track?.headSince == nil)
    #expect(track?.lastMoved == noon + Seconds(5))
  }

  @Test func aHeadThatCannotBeReadChangesNothing() {
    var unreadable = queue()
    unreadable.head = .unavailable("too large")
    let track = Self.seen([(0, [queue()]), (5, [unreadable])])
    #expect(track?.headTag == "tag-1" && track?.headSince == noon)
  }

  @Test func samplesSpanHalfAnHourAndAreBounded() {
    let track = Self.seen((0...4000).map { (Double($0), [queue(ready: $0)]) })
    let samples = track?.ready ?? []
    #expect(samples.count <= 64 && samples.count > 50)
    #expect(samples.last == ReadySample(at: noon + Seconds(4000), ready: 4000))
    #expect((samples.first?.at ?? noon) >= noon + Seconds(2200))
    #expect(samples == samples.sorted { $0.at < $1.at })
  }

  @Test func aQueueThatIsGoneIsForgottenButNotWhileQueuesCannotBeRead() {
    var history = history(of: snapshot(queues: .value([queue()])))
    history.absorb(snapshot(at: noon + Seconds(1801), queues: .unavailable("timeout")))
    #expect(history.queues.count == 1)
    history.absorb(snapshot(at: noon + Seconds(1801), queues: .value([])))
    #expect(history.queues.isEmpty)
  }

  @Test func aQueueNotYetDiscoveredByANewProcessKeepsItsHead() {
    let track = Self.seen([(0, [queue()]), (60, []), (61, [queue()])])
    #expect(track?.headSince == noon)
    #expect(track?.ready.count == 2)
  }

  @Test func whileRedisIsAwayOnlyTheLatestSnapshotMoves() {
    var history = history(of: snapshot(queues: .value([queue()]), workers: .value([worker()])))
    let before = history
    let failure = LinkFailure(kind: .timeout, sentence: "s", since: noon, attempts: 1)
    history.absorb(snapshot(at: noon + Seconds(60), link: .down(failure)))
    #expect(history.queues == before.queues && history.workers == before.workers)
    #expect(history.latest?.takenAt == noon + Seconds(60))
  }

  // MARK: Workers

  private static func track(
    heard seconds: Double, intervals: [Interval]
  ) -> WorkerTrack? {
    history(
      of: snapshot(workers: .value([worker(heard: seconds)]), heard: intervals)
    ).workers[WorkerID(name: "celery@w1", pid: 100)]
  }

  @Test func silenceCountsOnlyWhatWasHeardAndSettledOnlyAfterAMinute() {
    let intervals = [Interval(from: ago(500), to: ago(400)), Interval(from: ago(100), to: noon)]
    let track = Self.track(heard: 420, intervals: intervals)
    #expect(track?.silentHeard == Seconds(120))
    #expect(track?.silentSettled == Seconds(60))
  }

  @Test func aWorkerThatIsHeardIsNotSilent() {
    let track = Self.track(heard: 0, intervals: [Interval(from: ago(500), to: noon)])
    #expect(track?.silentHeard == .zero && track?.silentSettled == .zero)
  }

  @Test(arguments: [(585.0, nil), (584.0, ago(584))] as [(Double, Timestamp?)])
  func whoIsFirstHeardAtOurStartMayHaveBeenThereBefore(
    _ firstHeard: Double, _ joined: Timestamp?
  ) {
    let seen = history(of: snapshot(workers: .value([worker(firstHeard: firstHeard)])))
    #expect(seen.workers[WorkerID(name: "celery@w1", pid: 100)]?.joinedAt == joined)
  }

  @Test func aWorkerIsForgottenAnHourAfterItsLastSign() {
    var history = history(of: snapshot(workers: .value([worker(heard: 0, replied: nil)])))
    history.absorb(snapshot(at: noon + Seconds(3600), workers: .value([])))
    #expect(history.workers.count == 1)
    history.absorb(snapshot(at: noon + Seconds(3601), workers: .value([])))
    #expect(history.workers.isEmpty)
  }

  @Test func whatAWorkerOnceSaidOutlivesASnapshotWithoutIt() {
    var history = history(of: snapshot(workers: .value([worker(heard: 1)])))
    history.absorb(
      snapshot(workers: .value([worker(heard: 0, freq: nil, pool: nil, queues: nil)])))
    let track = history.workers[WorkerID(name: "celery@w1", pid: 100)]
    #expect(track?.queues == ["celery"])
    #expect(track?.pool == .prefork)
    #expect(track?.heartbeatInterval == Seconds(2))
  }

  // MARK: Beat

  private static func traffic(_ start: Double, _ end: Double, _ receipts: [Double]) -> EntryTraffic
  {
    EntryTraffic(
      entry: "e", heard: [Interval(from: ago(start), to: ago(end))], receipts: receipts.map(ago),
      publications: receipts.map { Publication(at: ago($0), publisher: "p") })
  }

  private static func beats(_ traffics: EntryTraffic...) -> BeatTrack? {
    traffics.reduce(into: SnapshotHistory()) { history, traffic in
      history.absorb(snapshot(beat: BeatFacts(traffic: [traffic])))
    }.beatEntries["e"]
  }

  @Test func theTrafficOfOneProcessReplacesWhatItSaidBefore() {
    let track = Self.beats(Self.traffic(20, 10, [18, 12]), Self.traffic(20, 0, [18, 12, 4]))
    #expect(track?.heard == [Interval(from: ago(20), to: noon)])
    #expect(track?.receipts == [ago(18), ago(12), ago(4)])
    #expect(track?.publications.count == 3)
  }

  @Test func theTrafficOfAnEarlierRunIsKept() {
    let track = Self.beats(Self.traffic(90, 80, [88, 82]), Self.traffic(20, 0, [18]))
    #expect(track?.heard.count == 2)
    #expect(track?.receipts == [ago(88), ago(82), ago(18)])
  }

  @Test func trafficIsBoundedToTheNewest() {
    let track = Self.beats(Self.traffic(1000, 0, (0..<900).reversed().map(Double.init)))
    #expect(track?.receipts.count == BeatTrack.moments)
    #expect(track?.receipts.last == noon)
  }

  @Test func anEntryThatLeftTheScheduleIsForgottenButNotOneThatANewProcessHasYetToHearOf() {
    var history = history(of: snapshot(beat: BeatFacts(traffic: [Self.traffic(20, 0, [5])])))
    history.absorb(snapshot(beat: BeatFacts(entries: .unavailable("not read"))))
    #expect(history.beatEntries.count == 1)
    history.absorb(snapshot(at: noon + Seconds(60), beat: BeatFacts(entries: .value([]))))
    #expect(history.beatEntries.count == 1)
    history.absorb(snapshot(at: noon + Seconds(1801), beat: BeatFacts(entries: .value([]))))
    #expect(history.beatEntries.isEmpty)
  }

  @Test func aMissingLockIsRememberedSinceItWasFirstMissed() {
    func locked(_ at: Double, _ lock: BeatLock?) -> Snapshot {
      snapshot(
        at: noon + Seconds(at),
        beat: BeatFacts(redBeat: .value(RedBeatFacts(lock: lock, entryCount: 1))))
    }
    var history = history(of: locked(0, nil), locked(5, nil))
    #expect(history.schedule.missingSince == noon)
    history.absorb(locked(9, BeatLock(token: "t")))
    #expect(history.schedule.missingSince == nil)
  }

  // MARK: State

  @Test func theStateKeepsTheTracksAndNotTheSnapshot() throws {
    let beat = BeatFacts(
      redBeat: .value(RedBeatFacts(lock: nil, entryCount: 1)), traffic: [Self.traffic(20, 0, [5])])
    let first = history(
      of: snapshot(queues: .value([queue()]), workers: .value([worker(heard: 30)]), beat: beat))
    let second = try JSONDecoder().decode(
      SnapshotHistory.self, from: try JSONEncoder().encode(first))
    #expect(second.latest == nil)
    #expect(second.queues == first.queues)
    #expect(second.beatEntries == first.beatEntries)
    #expect(second.schedule.missingSince == noon)
    #expect(second.earlierRunEnded == noon)
    let track = try #require(second.workers[WorkerID(name: "celery@w1", pid: 100)])
    #expect(track.isFromEarlierRun)
    #expect(track.silentHeard == .zero && track.silentSettled == .zero)
    #expect(track.queues == ["celery"])
  }

  @Test func aWorkerOfAnEarlierRunThatIsHeardIsOfThisRun() throws {
    let first = history(of: snapshot(workers: .value([worker()])))
    var second = try JSONDecoder().decode(
      SnapshotHistory.self, from: try JSONEncoder().encode(first))
    second.absorb(
      snapshot(
        at: noon + Seconds(60), observed: 10,
        workers: .value([worker(now: noon + Seconds(60))])))
    #expect(second.workers[WorkerID(name: "celery@w1", pid: 100)]?.isFromEarlierRun == false)
  }

  // MARK: Chords

  @Test func aChordIsFollowedUntilItIsCalledAndOnlyAThousandAre() {
    func chords(_ count: Int, done: Int = 1) -> Observation<[ChordFacts]> {
      .value(
        (0..<count).map {
          ChordFacts(
            groupID: "g-\($0)", size: 3, done: done, unchangedSince: noon + Seconds(Double($0)))
        })
    }
    var history = history(of: snapshot(chords: chords(1001)))
    #expect(history.chords.byGroup.count == 1000)
    #expect(history.chords["g-0"]?.changedAfter == nil)
    #expect(history.chords["g-1000"] == nil)
    history.absorb(snapshot(at: noon + Seconds(9), chords: .unavailable("no permission")))
    #expect(history.chords.byGroup.count == 1000)
    history.absorb(snapshot(at: noon + Seconds(10), chords: chords(1, done: 2)))
    #expect(
      history.chords.byGroup == [
        "g-0": ChordTrack(size: 3, done: 2, unchangedSince: noon, changedAfter: noon)
      ])
  }

  @Test func aQueueTellsWhenNothingThatCameLaterWaits() {
    func track(_ samples: [(Double, Int)], head: Double) -> QueueTrack {
      QueueTrack(
        headTag: "t", headSince: ago(head),
        ready: samples.map { ReadySample(at: ago($0.0), ready: $0.1) })
    }
    let still = track([(100, 3), (50, 3), (0, 3)], head: 100)
    #expect(still.lastWithoutArrivals(since: ago(60)) == noon)
    #expect(still.lastWithoutArrivals(since: ago(200)) == nil)
    #expect(still.lastWithoutArrivals(since: noon) == nil)
    // One was taken and another came, before or after.
    #expect(
      track([(100, 3), (50, 3), (0, 3)], head: 80).lastWithoutArrivals(since: ago(60)) == nil)
    let emptied = track([(100, 3), (50, 0), (20, 0), (0, 1)], head: 0)
    #expect(emptied.lastWithoutArrivals(since: ago(60)) == ago(20))
    #expect(emptied.lastWithoutArrivals(since: ago(10)) == nil)
    #expect(QueueTrack().lastWithoutArrivals(since: ago(60)) == nil)
  }
}
