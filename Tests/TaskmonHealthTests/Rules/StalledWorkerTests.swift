import FoundationEssentials
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct StalledWorkerTests {
  /// The same at both moments: a message at the head, and whoever is there doing nothing.
  private static func seen(
    for seconds: Double = 60, observed: Double = 600, queues: [QueueFacts] = [queue("mail")],
    workers: (_ now: Timestamp, _ isLater: Bool) -> [WorkerFacts] = { now, _ in [idle(now)] }
  ) -> SnapshotHistory {
    let before = ago(seconds)
    return history(
      of: snapshot(
        at: before, observed: observed - seconds, queues: .value(queues),
        workers: .value(workers(before, false))),
      snapshot(observed: observed, queues: .value(queues), workers: .value(workers(noon, true))))
  }

  private static func idle(
    _ now: Timestamp, heard: Double? = 1, active: Int? = 0, queues: [String]? = ["mail"],
    told: Double = 5, slots: Int? = 2, processed: Int? = 500, pool: PoolKind? = .prefork,
    sendsTaskEvents: Bool? = true, events: WorkerEventFacts? = heartbeats(), offline: Double? = nil
  ) -> WorkerFacts {
    worker(
      heard: heard, offline: offline, active: active, pool: pool, queues: queues,
      sendsTaskEvents: sendsTaskEvents, processed: processed, slots: slots, queuesTold: told,
      events: events, now: now)
  }

  @Test(arguments: [(59.0, []), (60.0, ["critical celery@w1"]), (300.0, ["critical celery@w1"])])
  func anIdleWorkerBeforeMessagesThatDoNotMoveIsCritical(
    _ seconds: Double, _ wanted: [String]
  ) throws {
    #expect(told(try verdict(StalledWorker.self, Self.seen(for: seconds))) == wanted)
  }

  @Test func theFindingNamesQueueAndVersion() throws {
    let finding = try verdict(
      StalledWorker.self, Self.seen(for: 90, queues: [queue("mail", ready: 7)])
    ).first
    #expect(
      finding?.message
        == "beats and is idle, but took nothing from mail for 1m 30s, where 7 messages wait")
    #expect(finding?.since == ago(90))
    #expect(finding?.evidence("queue") == .text("mail"))
    #expect(finding?.evidence("slots") == .number(2))
    #expect(finding?.evidence("processed") == .number(500))
  }

  @Test func aWorkerThatBeginsTasksIsNotStalled() throws {
    let seen = Self.seen { now, isLater in [Self.idle(now, processed: isLater ? 501 : 500)] }
    #expect(try verdict(StalledWorker.self, seen) == .healthy)
  }

  @Test func aWorkerWhoseSlotsAreTakenIsNotStalled() throws {
    let full = Self.seen { now, _ in [Self.idle(now, active: 2)] }
    #expect(try verdict(StalledWorker.self, full) == .healthy)
    // Its one slot has become free just now.
    let ended = Self.seen { now, isLater in [Self.idle(now, active: isLater ? 0 : 1, slots: 1)] }
    #expect(try verdict(StalledWorker.self, ended) == .healthy)
  }

  @Test func aSoloWorkerThatIsSilentAtWorkDoesNotBeat() throws {
    let solo = Self.seen { now, isLater in
      [Self.idle(now, heard: isLater ? 61 : 1, slots: 1, pool: .solo)]
    }
    #expect(try verdict(StalledWorker.self, solo) == .healthy)
  }

  @Test func aQueueWhoseHeadMovesHasAConsumer() throws {
    let first = snapshot(
      at: ago(90), queues: .value([queue("mail", head: "tag-1")]),
      workers: .value([Self.idle(ago(90))]))
    let then = snapshot(
      queues: .value([queue("mail", head: "tag-2")]), workers: .value([Self.idle(noon)]))
    #expect(try verdict(StalledWorker.self, history(of: first, then)) == .healthy)
  }

  @Test func aQueueItDoesNotConsumeIsNotItsBusiness() throws {
    let other = Self.seen { now, _ in [Self.idle(now, queues: ["celery"])] }
    #expect(try verdict(StalledWorker.self, other) == .healthy)
    let empty = Self.seen(queues: [queue("mail", ready: 0, head: nil)])
    #expect(try verdict(StalledWorker.self, empty) == .healthy)
  }

  @Test func aQueueItMayHaveCeasedToConsumeProvesNothing() throws {
    let stale = Self.seen { now, _ in [Self.idle(now, told: 70)] }
    #expect(
      try verdict(StalledWorker.self, stale).reason
        == "celery@w1 has not said since mail stands still whether it still consumes it")
  }

  @Test func aWorkerThatHoldsRateLimitedTasksIsNotStalled() throws {
    let limited = heartbeats(held: [HeldTask(id: "id-1", task: "a", since: ago(50))])
    let seen = Self.seen { now, _ in [Self.idle(now, events: limited)] }
    #expect(try verdict(StalledWorker.self, seen) == .healthy)
    let scheduled = Self.seen { now, _ in [Self.idle(now, events: heartbeats(scheduled: 4))] }
    #expect(told(try verdict(StalledWorker.self, scheduled)) == ["critical celery@w1"])
  }

  @Test func withoutTaskEventsWhatItHoldsIsKnownOnlyWhereNothingIsHeld() throws {
    func seen(unacked: Observation<Int>) -> SnapshotHistory {
      var mail = queue("mail")
      mail.unacked = unacked
      return Self.seen(queues: [mail]) { now, _ in [Self.idle(now, sendsTaskEvents: false)] }
    }
    #expect(told(try verdict(StalledWorker.self, seen(unacked: .value(0)))).count == 1)
    #expect(
      try verdict(StalledWorker.self, seen(unacked: .value(3))).reason
        == "celery@w1 may hold rate-limited tasks: no task event of it was heard")
    #expect(try verdict(StalledWorker.self, seen(unacked: .unavailable("x"))).reason != nil)
  }

  @Test(arguments: [(30.0, true), (-30.0, false)])
  func whatIsNotYetDueIsNotWaitingForIt(_ ahead: Double, _ isHealthy: Bool) throws {
    let message = MessageFacts(task: "a", deliveryTag: "tag-1", eta: noon + Seconds(ahead))
    let mail = QueueFacts(
      name: "mail", priorities: [PriorityLength(step: 0, ready: 1)], head: .value(message))
    #expect((try verdict(StalledWorker.self, Self.seen(queues: [mail])) == .healthy) == isHealthy)
  }

  @Test func aWorkerThatIsGoneIsLeftToLostWorker() throws {
    let lost = Self.seen { now, isLater in [Self.idle(now, heard: isLater ? 61 : 1)] }
    let stopped = Self.seen { now, isLater in [Self.idle(now, offline: isLater ? 2 : nil)] }
    #expect(try verdict(StalledWorker.self, lost) == .healthy)
    #expect(try verdict(StalledWorker.self, stopped) == .healthy)
  }

  @Test func aMinuteMustHaveBeenSeen() throws {
    #expect(
      try verdict(StalledWorker.self, Self.seen(for: 10, observed: 10))
        == .unknown("needs 1m, has 10s"))
    let fresh = Self.seen(for: 70) { now, isLater in isLater ? [Self.idle(now)] : [] }
    #expect(try verdict(StalledWorker.self, fresh).reason == "needs 1m, has 0s")
  }

  @Test func twoRunsAMinuteApartAreEnough() throws {
    func later(processed: Int) throws -> SnapshotHistory {
      let first = Self.seen(for: 9, observed: 10)
      let encoded = try JSONEncoder().encode(first)
      var second = try JSONDecoder().decode(SnapshotHistory.self, from: encoded)
      let moment = noon + Seconds(60)
      second.absorb(
        snapshot(
          at: moment, observed: 10, queues: .value([queue("mail")]),
          workers: .value([Self.idle(moment, processed: processed)])))
      return second
    }
    #expect(told(try verdict(StalledWorker.self, try later(processed: 500))).count == 1)
    #expect(told(try verdict(StalledWorker.self, try later(processed: 501))).isEmpty)
  }

  @Test func withoutAnswersNeitherQueuesNorSlotsAreKnown() throws {
    let silent = Self.seen { now, _ in [Self.idle(now, queues: nil)] }
    #expect(
      try verdict(StalledWorker.self, silent).reason == "the queues of celery@w1: not asked yet")
    let slotless = Self.seen { now, _ in [Self.idle(now, pool: nil)] }
    #expect(
      try verdict(StalledWorker.self, slotless).reason == "the slots of celery@w1: not asked yet")
    #expect(
      try verdict(StalledWorker.self, history(of: snapshot(queues: .unavailable("not read"))))
        == .unknown("not read"))
  }
}
