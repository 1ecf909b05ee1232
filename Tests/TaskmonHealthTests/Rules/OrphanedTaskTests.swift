import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct OrphanedTaskTests {
  private static let lostID = WorkerID(name: "celery@w1", pid: 100)

  private static func run(
    _ id: String = "id-1", task: String? = "billing.sync", started: Double = 100,
    acknowledged: Bool? = nil, on worker: WorkerID = lostID
  ) -> RunningTask {
    RunningTask(
      id: id, task: task, worker: worker, startedAt: ago(started), acknowledged: acknowledged)
  }

  /// Messages in Redis' list of unacknowledged ones, delivered 110 s ago.
  private static func unacked(
    _ ids: [String?], whole: Bool = true
  ) -> Observation<UnackedFacts> {
    .value(
      UnackedFacts(
        count: ids.count,
        sample: ids.map { id in
          UnackedMessage(
            queue: "celery", deliveredAt: ago(110),
            message: .value(MessageFacts(taskID: id, deliveryTag: "tag")), size: ByteCount(500))
        }, isWhole: whole))
  }

  /// A worker lost a minute ago, with this in its hands.
  private static func seen(
    _ runs: [RunningTask] = [], held: [HeldTask] = [], active: Int? = nil,
    unacked: Observation<UnackedFacts> = unacked([]), heard: Double = 60,
    others: [WorkerFacts] = [],
    events: Bool = true, timeout: Double? = 3600
  ) -> SnapshotHistory {
    let lost = worker(
      heard: heard, replied: nil, active: active ?? runs.count { $0.worker == lostID },
      events: events ? heartbeats(held: held) : nil)
    return history(
      of: snapshot(
        unacked: unacked, workers: .value([lost] + others),
        running: events ? .value(runs) : .unavailable("no task events"),
        visibilityTimeout: timeout))
  }

  @Test func aRunThatWasAcknowledgedIsGone() throws {
    let finding = try verdict(OrphanedTask.self, Self.seen([Self.run(acknowledged: true)])).first
    #expect(finding?.severity == .critical)
    #expect(finding?.subject == "billing.sync")
    #expect(
      finding?.message
        == "1 run was lost with celery@w1: acknowledged early, nothing runs again")
    #expect(finding?.since == ago(60))
    #expect(finding?.evidence("goneTaskIDs") == .list(["id-1"]))
    #expect(finding?.evidence("handedOutAgainAt") == .text("never"))
  }

  @Test func aRunThatIsNotAmongTheUnacknowledgedWasAcknowledged() throws {
    let gone = Self.seen([Self.run()], unacked: Self.unacked(["id-2"]))
    #expect(told(try verdict(OrphanedTask.self, gone)) == ["critical billing.sync"])
    let unread = Self.seen([Self.run()], unacked: Self.unacked(["id-2"], whole: false))
    #expect(
      try verdict(OrphanedTask.self, unread).reason
        == "whether billing.sync on celery@w1 was acknowledged early was not heard")
    let nameless = Self.seen([Self.run()], unacked: Self.unacked(["id-2", nil]))
    #expect(try verdict(OrphanedTask.self, nameless).reason != nil)
  }

  @Test(arguments: [nil, false] as [Bool?])
  func whatRedisStillHoldsComesBackWithItsTime(_ acknowledged: Bool?) throws {
    let late = Self.seen([Self.run(acknowledged: acknowledged)], unacked: Self.unacked(["id-1"]))
    let finding = try verdict(OrphanedTask.self, late).first
    #expect(finding?.severity == .warning)
    #expect(
      finding?.message
        == "1 message was held by celery@w1, Redis hands it out again at 2026-01-02T12:58:10Z")
    #expect(finding?.evidence("heldTaskIDs") == .list(["id-1"]))
    #expect(finding?.evidence("handedOutAgainAt") == .text("2026-01-02T12:58:10Z"))
  }

  @Test func whatItHadReceivedAndNotBegunComesBackToo() throws {
    let held = [HeldTask(id: "id-5", task: "emails.send", since: ago(70))]
    let seen = Self.seen(
      [Self.run(acknowledged: true)], held: held, unacked: Self.unacked(["id-5"]))
    #expect(
      told(try verdict(OrphanedTask.self, seen)) == [
        "critical billing.sync", "warning emails.send",
      ])
  }

  @Test func goneAndHeldRunsOfOneTaskAreOneFinding() throws {
    let runs = [
      Self.run(acknowledged: true), Self.run("id-2", acknowledged: true), Self.run("id-3"),
    ]
    let finding = try verdict(
      OrphanedTask.self, Self.seen(runs, unacked: Self.unacked(["id-3"]))
    ).first
    #expect(finding?.message.hasPrefix("2 runs were lost with celery@w1") == true)
    #expect(finding?.message.contains("1 message was held by celery@w1") == true)
    #expect(finding?.severity == .critical)
  }

  @Test func whatAnotherWorkerHasTakenUpIsNoOrphan() throws {
    let other = WorkerID(name: "celery@w2", pid: 100)
    let rerun = Self.run(started: 20, on: other)
    let seen = Self.seen(
      [Self.run(acknowledged: false), rerun], others: [worker("celery@w2", active: 1)])
    #expect(try verdict(OrphanedTask.self, seen) == .healthy)
    let held = [HeldTask(id: "id-1", task: "billing.sync", since: ago(10))]
    let received = Self.seen(
      [Self.run()], others: [worker("celery@w2", events: heartbeats(held: held))])
    #expect(try verdict(OrphanedTask.self, received) == .healthy)
  }

  @Test func whatWasHandedOutAgainIsNoOrphan() throws {
    let held = [HeldTask(id: "id-5", task: "emails.send", since: ago(70))]
    #expect(
      try verdict(OrphanedTask.self, Self.seen(held: held, unacked: Self.unacked([]))) == .healthy)
    let late = Self.seen([Self.run(acknowledged: false)], unacked: Self.unacked([]))
    #expect(try verdict(OrphanedTask.self, late) == .healthy)
  }

  @Test func pastTheVisibilityTimeoutAMissingMessageProvesNothing() throws {
    let seen = Self.seen([Self.run()], timeout: 90)
    #expect(try verdict(OrphanedTask.self, seen).reason?.contains("acknowledged early") == true)
  }

  /// A worker that took a message long ago, began it `started` s ago and was lost a minute ago;
  /// `looks` are its message's delivery and the moments at which it was seen unacknowledged.
  private static func restored(
    _ delivered: Double, started: Double, looks: [Double], timeout: Double
  ) -> SnapshotHistory {
    let looked = looks.map { before in
      let held = UnackedMessage(
        queue: "celery", deliveredAt: ago(delivered),
        message: .value(MessageFacts(taskID: "id-1", deliveryTag: "tag")), size: ByteCount(500))
      let isRunning = started >= before
      let waiting = HeldTask(id: "id-1", task: "billing.sync", since: ago(delivered - 1))
      let taker = worker(
        active: isRunning ? 1 : 0, events: heartbeats(held: isRunning ? [] : [waiting]),
        now: ago(before))
      return snapshot(
        at: ago(before), unacked: .value(UnackedFacts(count: 1, sample: [held], isWhole: true)),
        workers: .value([taker]), running: .value(isRunning ? [run(started: started)] : []),
        visibilityTimeout: timeout)
    }
    return (looked + [seen([run(started: started)], timeout: timeout).latest].compactMap(\.self))
      .reduce(into: SnapshotHistory()) { $0.absorb($1) }
  }

  @Test func aMessageThatWasSeenUnacknowledgedAtWorkIsNeverGone() throws {
    // Redis has handed it out again by its delivery, a quarter of an hour before its start says so.
    let late = Self.restored(1000, started: 200, looks: [120, 90], timeout: 950)
    #expect(try verdict(OrphanedTask.self, late) == .healthy)
    // Nor when the time is not over: whoever has taken it since has acknowledged it.
    let early = Self.restored(1000, started: 200, looks: [120, 90], timeout: 3600)
    #expect(try verdict(OrphanedTask.self, early) == .healthy)
  }

  @Test func whatWasSeenUnacknowledgedBeforeItBeganMayBeGone() throws {
    let gone = Self.restored(1000, started: 200, looks: [300, 250], timeout: 3600)
    #expect(told(try verdict(OrphanedTask.self, gone)) == ["critical billing.sync"])
    // A look may be older than it says.
    let soon = Self.restored(1000, started: 100, looks: [80], timeout: 3600)
    #expect(told(try verdict(OrphanedTask.self, soon)) == ["critical billing.sync"])
    // Its delivery was so long ago that it may have been handed out again.
    let doubtful = Self.restored(1000, started: 200, looks: [300, 250], timeout: 950)
    #expect(try verdict(OrphanedTask.self, doubtful).reason?.contains("was not heard") == true)
  }

  @Test func whatWasDeliveredToAnotherSinceIsNotHeldByTheLost() throws {
    let held = [HeldTask(id: "id-1", task: "emails.send", since: ago(150))]
    let silent = worker("celery@w2", sendsTaskEvents: false)
    #expect(
      try verdict(
        OrphanedTask.self,
        Self.seen(held: held, unacked: Self.unacked(["id-1"]), others: [silent])) == .healthy)
  }

  @Test func aLivingOrStoppedWorkerLeavesNoOrphans() throws {
    let runs = [Self.run(acknowledged: true)]
    #expect(try verdict(OrphanedTask.self, Self.seen(runs, heard: 1)) == .healthy)
    let stopped = history(
      of: snapshot(
        unacked: Self.unacked([]), workers: .value([worker(heard: 60, replied: nil, offline: 60)]),
        running: .value(runs)))
    #expect(try verdict(OrphanedTask.self, stopped) == .healthy)
  }

  @Test func whomLostWorkerCallsAliveLeavesNoOrphans() throws {
    let seen = Self.seen([Self.run(acknowledged: true)])
    let patient = ["lost-worker.silence=5m"]
    #expect(try verdict(OrphanedTask.self, seen, set: patient) == .healthy)
    #expect(try verdict(LostWorker.self, seen, set: patient) == .healthy)
  }

  @Test func anIdleWorkerLeavesNothingBehind() throws {
    #expect(try verdict(OrphanedTask.self, Self.seen()) == .healthy)
    #expect(try verdict(OrphanedTask.self, Self.seen(active: 0, events: false)) == .healthy)
  }

  @Test func runsThatItsLastHeartbeatDidNotCountMayHaveEnded() throws {
    let seen = Self.seen([Self.run(), Self.run("id-2")], active: 1)
    #expect(
      try verdict(OrphanedTask.self, seen).reason
        == "celery@w1 ran 1 of 2 tasks whose end was not heard")
    // One that began after it was not counted yet.
    let fresh = Self.seen([Self.run(), Self.run("id-2", started: 62)], active: 1)
    #expect(told(try verdict(OrphanedTask.self, fresh)) == ["critical billing.sync"])
  }

  @Test func withoutTaskEventsItIsNotKnownWhatItHeld() throws {
    #expect(
      try verdict(OrphanedTask.self, Self.seen(active: 3, events: false)).reason
        == "what celery@w1 had in its hands: it sent no task events")
    #expect(
      try verdict(OrphanedTask.self, history(of: snapshot(workers: .value([]), heard: []))).reason
        == "the event stream was not heard")
    let silent = worker(heard: 60, replied: nil, active: 1, pool: nil)
    #expect(
      try verdict(OrphanedTask.self, history(of: snapshot(workers: .value([silent])))).reason
        != nil)
  }
}
