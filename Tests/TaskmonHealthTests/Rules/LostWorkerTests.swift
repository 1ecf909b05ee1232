import FoundationEssentials
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct LostWorkerTests {
  private static func seen(
    _ workers: [WorkerFacts], queues: [QueueFacts] = [], running: [RunningTask] = [],
    observed: Double = 600, heard: [Interval]? = nil
  ) -> SnapshotHistory {
    history(
      of: snapshot(
        observed: observed, queues: .value(queues), workers: .value(workers), heard: heard,
        running: .value(running)))
  }

  @Test(arguments: [(30.0, 2.0, false), (30.1, 2.0, true), (39.9, 10.0, false), (40.1, 10.0, true)])
  func silenceOfFourHeartbeatsAndHalfAMinuteIsALoss(
    _ silent: Double, _ freq: Double, _ isLost: Bool
  ) throws {
    let said = try verdict(
      LostWorker.self, Self.seen([worker(heard: silent, replied: nil, freq: freq)]))
    #expect(told(said) == (isLost ? ["warning celery@w1"] : []))
    #expect((said == .healthy) == !isLost)
  }

  @Test func theFindingSaysSinceWhenAndWithWhichProcess() throws {
    let finding = try verdict(LostWorker.self, Self.seen([worker(heard: 72, replied: 75)])).first
    #expect(finding?.message == "no heartbeat for 1m 12s and no worker-offline")
    #expect(finding?.since == ago(72))
    #expect(finding?.evidence("pid") == .number(100))
    #expect(finding?.evidence("queues") == .list(["celery"]))
  }

  @Test func anOrderlyStopIsNoLoss() throws {
    #expect(
      try verdict(LostWorker.self, Self.seen([worker(heard: 200, replied: nil, offline: 200)]))
        == .healthy)
  }

  @Test func aWorkerThatStillAnswersIsNotLost() throws {
    #expect(
      try verdict(LostWorker.self, Self.seen([worker(heard: 200, replied: 20)])) == .healthy)
    #expect(
      told(try verdict(LostWorker.self, Self.seen([worker(heard: 200, replied: 91)])))
        == ["warning celery@w1"])
  }

  @Test func aWorkerWithoutHeartbeatsIsNeverLostBySilence() throws {
    let mute = worker(heard: nil, replied: 1000, freq: nil)
    #expect(try verdict(LostWorker.self, Self.seen([mute])) == .healthy)
  }

  @Test func ourOwnDeafnessAndTheMinuteAfterItAreNotItsSilence() throws {
    let deaf = [Interval(from: ago(600), to: ago(300)), Interval(from: ago(90), to: noon)]
    #expect(
      try verdict(LostWorker.self, Self.seen([worker(heard: 300, replied: nil)], heard: deaf))
        == .healthy)
    let longer = [Interval(from: ago(600), to: ago(300)), Interval(from: ago(91), to: noon)]
    #expect(
      told(
        try verdict(LostWorker.self, Self.seen([worker(heard: 300, replied: nil)], heard: longer)))
        == ["warning celery@w1"])
  }

  @Test func theLastConsumerOfAQueueWithMessagesIsCritical() throws {
    let lost = worker(heard: 60, replied: nil, queues: ["mail"])
    let waiting = [queue("mail", ready: 3)]
    let alone = try verdict(LostWorker.self, Self.seen([lost], queues: waiting))
    #expect(told(alone) == ["critical celery@w1"])
    #expect(alone.first?.evidence("queuesLeftAlone") == .list(["mail"]))
    let other = worker("celery@w2", queues: ["mail"])
    #expect(
      told(try verdict(LostWorker.self, Self.seen([lost, other], queues: waiting)))
        == ["warning celery@w1"])
    #expect(
      told(
        try verdict(
          LostWorker.self, Self.seen([lost], queues: [queue("mail", ready: 0, head: nil)])))
        == ["warning celery@w1"])
  }

  @Test func whoLivesMayConsumeWhatNobodyWasToldOf() throws {
    let lost = worker(heard: 60, replied: nil, queues: ["mail"])
    let silent = worker("celery@w2", queues: nil)
    let said = try verdict(
      LostWorker.self, Self.seen([lost, silent], queues: [queue("mail", ready: 3)]))
    #expect(told(said) == ["warning celery@w1"])
    #expect(said.first?.evidence("queuesLeftAlone") == .unknown)
    let idle = try verdict(LostWorker.self, Self.seen([lost, silent]))
    #expect(idle.first?.evidence("queuesLeftAlone") == .list([]))
  }

  @Test func whoMayBeAtWorkMayConsumeWhatTheLostHas() throws {
    let lost = worker(heard: 60, replied: nil, queues: ["mail"])
    // Silent, and its pool is not known: it may be a solo pool at work.
    let silent = worker("celery@w2", heard: 60, replied: nil, pool: nil, queues: ["mail"])
    let said = try verdict(
      LostWorker.self, Self.seen([lost, silent], queues: [queue("mail", ready: 3)]))
    #expect(told(said) == ["warning celery@w1"])
    #expect(said.first?.evidence("queuesLeftAlone") == .list([]))
  }

  @Test(arguments: [(true, "critical"), (false, "warning"), (nil, "warning")] as [(Bool?, String)])
  func acknowledgedWorkThatRanOnItIsGone(_ acknowledged: Bool?, _ severity: String) throws {
    let run = RunningTask(
      id: "id-1", task: "a", worker: WorkerID(name: "celery@w1", pid: 100), startedAt: ago(100),
      acknowledged: acknowledged)
    let said = try verdict(
      LostWorker.self, Self.seen([worker(heard: 60, replied: nil, active: 1)], running: [run]))
    #expect(told(said) == ["\(severity) celery@w1"])
  }

  @Test func aRunThatItsLastHeartbeatDidNotCountIsNotSaidToBeLost() throws {
    let run = RunningTask(
      id: "id-1", task: "a", worker: WorkerID(name: "celery@w1", pid: 100), startedAt: ago(100),
      acknowledged: true)
    let said = try verdict(
      LostWorker.self, Self.seen([worker(heard: 60, replied: nil, active: 0)], running: [run]))
    #expect(told(said) == ["warning celery@w1"])
  }

  @Test(arguments: [
    (59.0, ["celery"], "info"), (61.0, ["celery"], "warning"), (59.0, ["mail"], "warning"),
    (59.0, ["celery", "mail"], "info"),
  ])
  func aWorkerForTheSameQueuesThatCameSoonMakesItAnInfo(
    _ firstHeard: Double, _ queues: [String], _ severity: String
  ) throws {
    let lost = worker(heard: 60, replied: nil)
    let fresh = worker("celery@w9", pid: 7, firstHeard: firstHeard, queues: queues)
    #expect(
      told(try verdict(LostWorker.self, Self.seen([lost, fresh]))) == ["\(severity) celery@w1"])
  }

  @Test(arguments: [(480.0, "info"), (479.0, "warning")])
  func aReplacementHasTwoMinutes(_ firstHeard: Double, _ severity: String) throws {
    let lost = worker(heard: 600, replied: nil)
    let fresh = worker("celery@w9", pid: 7, firstHeard: firstHeard)
    #expect(
      told(try verdict(LostWorker.self, Self.seen([lost, fresh], observed: 900)))
        == ["\(severity) celery@w1"])
  }

  @Test func aRestartUnderTheSameNameIsAReplacement() throws {
    let lost = worker(heard: 60, replied: nil)
    let again = worker(pid: 101, firstHeard: 55, replied: nil, queues: nil)
    #expect(told(try verdict(LostWorker.self, Self.seen([lost, again]))) == ["info celery@w1"])
  }

  @Test func aNeighbourFirstHeardAtOurStartDidNotComeThen() throws {
    let lost = worker(heard: 110, replied: nil)
    let neighbour = worker("celery@w2", firstHeard: 109)
    #expect(
      told(try verdict(LostWorker.self, Self.seen([lost, neighbour], observed: 111)))
        == ["warning celery@w1"])
  }

  @Test(arguments: [PoolKind.solo, .gevent, .eventlet])
  func aPoolThatFallsSilentAtWorkIsBusyWhileItsTaskMayRun(_ pool: PoolKind) throws {
    let working = worker(heard: 200, replied: nil, pool: pool, oldestStart: 200)
    #expect(try verdict(LostWorker.self, Self.seen([working])) == .healthy)
    let blind = worker(heard: 200, replied: nil, pool: pool, sendsTaskEvents: false)
    #expect(
      try verdict(LostWorker.self, Self.seen([blind])).reason?.contains("without task") == true)
  }

  @Test(arguments: [PoolKind.gevent, .eventlet])
  func aPoolOfGreenletsTellsWhatItBegins(_ pool: PoolKind) throws {
    let idle = worker(heard: 200, replied: nil, pool: pool)
    #expect(told(try verdict(LostWorker.self, Self.seen([idle]))) == ["warning celery@w1"])
  }

  @Test(arguments: [
    ([90.0, 30], 150.0, true), ([90, 30], 150.1, false), ([90, nil], 3599, true),
    ([], 3599, true), (nil, 3599, true),
  ])
  func aSoloPoolMayBeAtWorkUntilItsLongestTaskMustHaveEnded(
    _ limits: [Double?]?, _ silent: Double, _ isForgiven: Bool
  ) throws {
    let tasks = limits?.enumerated().map { number, limit in
      RegisteredTask(name: "shop.\(number)", hardLimit: limit.map { Seconds($0) })
    }
    let solo = worker(
      firstHeard: 5000, heard: silent, replied: nil, pool: .solo, registered: tasks)
    let said = try verdict(LostWorker.self, Self.seen([solo], observed: 5000))
    #expect(told(said) == (isForgiven ? [] : ["warning celery@w1"]))
    #expect(said.reason?.contains("its events come after it") == (isForgiven ? true : nil))
  }

  @Test(arguments: [PoolKind.prefork, .threads])
  func otherPoolsAreNeverExcused(_ pool: PoolKind) throws {
    let working = worker(heard: 200, replied: nil, pool: pool, oldestStart: 200)
    #expect(told(try verdict(LostWorker.self, Self.seen([working]))) == ["warning celery@w1"])
  }

  @Test func aSoloWorkerHungPastItsLimitIsLeftToStuckTask() throws {
    let run = RunningTask(
      id: "id-1", task: "a", worker: WorkerID(name: "celery@w1", pid: 100), startedAt: ago(500),
      limits: TaskLimits(hard: Seconds(60), isKnown: true))
    let solo = worker(heard: 500, replied: nil, pool: .solo, oldestStart: 500)
    let seen = Self.seen([solo], running: [run])
    #expect(try verdict(LostWorker.self, seen) == .healthy)
    #expect(told(try verdict(StuckTask.self, seen)) == ["critical a"])
  }

  @Test func aPoolNobodyToldMayBeASoloPoolAtWork() throws {
    let secret = worker(heard: 60, replied: nil, active: 1, pool: nil)
    #expect(try verdict(LostWorker.self, Self.seen([secret])).reason?.contains("solo") == true)
    let idle = worker(heard: 60, replied: nil, active: 0, pool: nil)
    #expect(try verdict(LostWorker.self, Self.seen([idle])).reason?.contains("solo") == true)
    // A solo pool sends no heartbeat while it works.
    let busy = worker(heard: 1, active: 1, pool: nil, now: ago(80))
    let seen = history(
      of: snapshot(at: ago(80), workers: .value([busy])), snapshot(workers: .value([idle])))
    #expect(told(try verdict(LostWorker.self, seen)) == ["warning celery@w1"])
  }

  @Test func withoutTheEventStreamNothingIsKnown() throws {
    #expect(
      try verdict(LostWorker.self, Self.seen([worker()], heard: [])).reason
        == "the event stream was not heard")
    let young = Self.seen([], observed: 10)
    #expect(try verdict(LostWorker.self, young).reason == "needs 30s of heartbeats, has 10s")
    #expect(
      try verdict(LostWorker.self, history(of: snapshot(workers: .unavailable("no events"))))
        == .unknown("no events"))
  }

  /// A first run hears a worker; the second, a minute later, listens for `observed` seconds.
  private static func secondRun(
    observed: Double, workers: [WorkerFacts] = []
  ) throws -> SnapshotHistory {
    let first = history(
      of: snapshot(
        at: ago(60), observed: 10,
        workers: .value([worker(firstHeard: 10, heard: 1, replied: 5, now: ago(60))])))
    var second = try JSONDecoder().decode(
      SnapshotHistory.self, from: try JSONEncoder().encode(first))
    second.absorb(snapshot(observed: observed, workers: .value(workers)))
    return second
  }

  @Test func aWorkerOfAnEarlierRunThatStaysUnheardAndUnansweringIsLost() throws {
    let said = try verdict(LostWorker.self, try Self.secondRun(observed: 10))
    #expect(told(said) == ["warning celery@w1"])
    #expect(said.first?.since == ago(61))
  }

  @Test func fourHeartbeatsMustHaveBeenMissedByTheNewRunToo() throws {
    let said = try verdict(LostWorker.self, try Self.secondRun(observed: 7.9))
    #expect(said.reason == "celery@w1 was heard by an earlier run and not yet by this one")
    #expect(told(try verdict(LostWorker.self, try Self.secondRun(observed: 8))).count == 1)
  }

  @Test func aWorkerOfAnEarlierRunThatAnswersIsAlive() throws {
    let answering = worker(firstHeard: 9, heard: nil, replied: 9)
    let said = try verdict(
      LostWorker.self, try Self.secondRun(observed: 10, workers: [answering]))
    #expect(said == .healthy)
  }

  @Test func aWorkerThatCameBetweenTwoRunsIsAReplacement() throws {
    let fresh = worker("celery@w9", pid: 7, firstHeard: 9)
    let said = try verdict(LostWorker.self, try Self.secondRun(observed: 10, workers: [fresh]))
    #expect(told(said) == ["info celery@w1"])
  }

  @Test func thePatienceCanBeSet() throws {
    let seen = Self.seen([worker(heard: 20, replied: nil)])
    #expect(
      told(try verdict(LostWorker.self, seen, set: ["lost-worker.silence=10s"]))
        == ["warning celery@w1"])
  }
}
