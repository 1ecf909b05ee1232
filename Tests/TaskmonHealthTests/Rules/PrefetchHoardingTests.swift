import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct PrefetchHoardingTests {
  private static func held(_ seconds: Double) -> HeldTask {
    HeldTask(id: "id-9", task: "shop.pay", since: ago(seconds))
  }

  /// All slots taken, and a message in its hands.
  private static func full(
    _ now: Timestamp, active: Int = 2, held: [HeldTask] = [held(100)], prefetched: Int? = 3,
    delays: [Double] = [0.01], heard: Double = 1, pool: PoolKind = .prefork,
    queues: [String]? = ["celery"]
  ) -> WorkerFacts {
    worker(
      "celery@busy", heard: heard, active: active, pool: pool, queues: queues, slots: 2,
      prefetched: prefetched, events: heartbeats(delays: delays, held: held), now: now)
  }

  private static func free(
    _ now: Timestamp, active: Int = 1, queues: [String] = ["celery", "mail"],
    held: [HeldTask] = [], heard: Double = 1
  ) -> WorkerFacts {
    worker(
      "celery@idle", heard: heard, active: active, queues: queues, slots: 2, prefetched: held.count,
      events: heartbeats(held: held), now: now)
  }

  private static func seen(
    for seconds: Double = 60, observed: Double = 600,
    unacked: Observation<UnackedFacts> = .unavailable("not read"),
    workers: (_ now: Timestamp, _ isLater: Bool) -> [WorkerFacts] = { now, _ in
      [full(now), free(now)]
    }
  ) -> SnapshotHistory {
    history(
      of: snapshot(
        at: ago(seconds), observed: observed - seconds,
        workers: .value(workers(ago(seconds), false))),
      snapshot(observed: observed, unacked: unacked, workers: .value(workers(noon, true))))
  }

  @Test(arguments: [(59.0, []), (60.0, ["warning celery@busy"])])
  func whatOneCannotStartAndAnotherCouldIsAWarningAfterAMinute(
    _ seconds: Double, _ wanted: [String]
  ) throws {
    let said = try verdict(PrefetchHoarding.self, Self.seen(for: seconds))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingNamesBoth() throws {
    let finding = try verdict(PrefetchHoarding.self, Self.seen(for: 80)).first
    #expect(
      finding?.message
        == "holds 1 message it cannot start, while celery@idle has had free slots for 1m 20s")
    #expect(finding?.since == ago(80))
    #expect(finding?.evidence("longestHeldTaskID") == .text("id-9"))
    #expect(finding?.evidence("idleWorker") == .text("celery@idle"))
  }

  @Test func aFullWorkerWithNothingInItsHandsHoardsNothing() throws {
    let seen = Self.seen { now, _ in [Self.full(now, held: [], prefetched: 0), Self.free(now)] }
    #expect(try verdict(PrefetchHoarding.self, seen) == .healthy)
  }

  @Test func aMessageHeldForAMomentIsNoHoard() throws {
    let seen = Self.seen { now, _ in [Self.full(now, held: [Self.held(20)]), Self.free(now)] }
    #expect(try verdict(PrefetchHoarding.self, seen) == .healthy)
    // Its clock is 90 s behind.
    let behind = Self.seen { now, _ in
      [Self.full(now, held: [Self.held(110)], delays: [90]), Self.free(now)]
    }
    #expect(try verdict(PrefetchHoarding.self, behind) == .healthy)
  }

  @Test func aWorkerWithAFreeSlotHoldsRateLimitedTasks() throws {
    let seen = Self.seen { now, _ in [Self.full(now, active: 1), Self.free(now)] }
    #expect(try verdict(PrefetchHoarding.self, seen) == .healthy)
    let between = Self.seen { now, isLater in
      [Self.full(now, active: isLater ? 2 : 1), Self.free(now)]
    }
    #expect(try verdict(PrefetchHoarding.self, between) == .healthy)
  }

  @Test func aNeighbourThatWasBusyMeanwhileCouldNotHelp() throws {
    let seen = Self.seen { now, isLater in
      [Self.full(now), Self.free(now, active: isLater ? 1 : 2)]
    }
    #expect(try verdict(PrefetchHoarding.self, seen) == .healthy)
  }

  @Test func aNeighbourOfOtherQueuesOrWithMessagesOfItsOwnCannotHelp() throws {
    let other = Self.seen { now, _ in [Self.full(now), Self.free(now, queues: ["mail"])] }
    #expect(try verdict(PrefetchHoarding.self, other) == .healthy)
    let loaded = Self.seen { now, _ in [Self.full(now), Self.free(now, held: [Self.held(5)])] }
    #expect(try verdict(PrefetchHoarding.self, loaded) == .healthy)
    let silent = Self.seen { now, isLater in
      [Self.full(now), Self.free(now, heard: isLater ? 15 : 1)]
    }
    #expect(try verdict(PrefetchHoarding.self, silent) == .healthy)
    let alone = Self.seen { now, _ in [Self.full(now)] }
    #expect(try verdict(PrefetchHoarding.self, alone) == .healthy)
  }

  @Test func ofSeveralNeighboursTheOneFreeForLongestIsNamed() throws {
    let seen = Self.seen(for: 80) { now, isLater in
      var late = Self.free(now, active: isLater ? 1 : 2)
      late.id.name = "celery@a-late-one"
      return [late, Self.full(now), Self.free(now)]
    }
    let finding = try verdict(PrefetchHoarding.self, seen).first
    #expect(finding?.evidence("idleWorker") == .text("celery@idle"))
  }

  @Test func whoConsumesNoQueueAnyMoreHoardsWhatAnyoneCouldTake() throws {
    let seen = Self.seen { now, _ in [Self.full(now, queues: []), Self.free(now)] }
    #expect(told(try verdict(PrefetchHoarding.self, seen)) == ["warning celery@busy"])
  }

  @Test func aSoloWorkerSilentAtWorkIsNotJudged() throws {
    let seen = Self.seen { now, isLater in
      [Self.full(now, heard: isLater ? 59 : 1, pool: .solo), Self.free(now)]
    }
    #expect(try verdict(PrefetchHoarding.self, seen) == .healthy)
  }

  @Test func messagesThatWaitForTheirEtaAreNotHoarded() throws {
    let seen = Self.seen { now, _ in
      let scheduled = heartbeats(scheduled: 9)
      let busy = worker(
        "celery@busy", active: 2, slots: 2, prefetched: 9, events: scheduled, now: now)
      return [busy, Self.free(now)]
    }
    #expect(try verdict(PrefetchHoarding.self, seen) == .healthy)
  }

  @Test func whatAWorkerHoldsIsKnownFromItsEventsOnly() throws {
    let seen = Self.seen { now, _ in [Self.full(now, prefetched: nil), Self.free(now)] }
    #expect(
      try verdict(PrefetchHoarding.self, seen) == .unknown("what celery@busy holds: no task events")
    )
    let silent = Self.seen { now, _ in [Self.full(now, queues: nil), Self.free(now)] }
    #expect(try verdict(PrefetchHoarding.self, silent).reason?.contains("queues") == true)
  }

  @Test(arguments: [
    (3, nil), (4, "celery@busy may hold messages that were delivered before taskmon listened"),
  ])
  func whatWasDeliveredBeforeWeListenedIsInNobodysCount(
    _ unacked: Int, _ reason: String?
  ) throws {
    let seen = Self.seen(unacked: .value(UnackedFacts(count: unacked))) { now, _ in
      [Self.full(now, held: [], prefetched: 0), Self.free(now)]
    }
    #expect(try verdict(PrefetchHoarding.self, seen).reason == reason)
  }

  @Test func aMinuteMustHaveBeenSeen() throws {
    #expect(
      try verdict(PrefetchHoarding.self, Self.seen(for: 10, observed: 10))
        == .unknown("needs 1m, has 10s"))
    #expect(
      told(
        try verdict(
          PrefetchHoarding.self, Self.seen(for: 10, observed: 10),
          set: ["prefetch-hoarding.duration=10s"])) == ["warning celery@busy"])
  }
}
