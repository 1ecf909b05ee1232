import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct QueueWithoutConsumersTests {
  /// A queue first seen `unmoved` seconds ago, whose head is the same now.
  private static func standing(
    _ unmoved: Double, workers: [WorkerFacts] = [worker(queues: ["celery"])],
    inspection: InspectionFacts? = nil, now: QueueFacts = queue("reports", ready: 12)
  ) -> SnapshotHistory {
    let before = snapshot(
      at: ago(unmoved), observed: 5, queues: .value([queue("reports", ready: 12)]),
      workers: .value(workers), inspection: inspection)
    let after = snapshot(
      observed: unmoved + 5, queues: .value([now]), workers: .value(workers),
      inspection: inspection)
    return history(of: before, after)
  }

  @Test(arguments: [
    (59.9, []), (60.0, ["warning reports"]), (299.9, ["warning reports"]),
    (300.0, ["critical reports"]),
  ])
  func aHeadThatDoesNotMoveIsJudgedAtItsLimits(_ unmoved: Double, _ wanted: [String]) throws {
    let said = try verdict(QueueWithoutConsumers.self, Self.standing(unmoved))
    #expect(told(said) == wanted)
  }

  @Test func theFindingNamesTheTaskItsPublisherAndWhatIsConsumed() throws {
    let finding = try verdict(QueueWithoutConsumers.self, Self.standing(372)).first
    #expect(
      finding?.message
        == "12 messages wait and no worker consumes this queue; nothing was taken for 6m 12s")
    #expect(finding?.since == ago(372))
    #expect(finding?.evidence("headTask") == .text("shop.pay"))
    #expect(finding?.evidence("publisher") == .text("gen7@web1"))
    #expect(finding?.evidence("queuesConsumed") == .list(["celery"]))
  }

  @Test func aQueueWithAnyLivingConsumerIsHealthyHoweverLongItWaits() throws {
    let workers = [worker(queues: ["celery"]), worker("celery@w2", queues: ["reports"])]
    #expect(
      try verdict(QueueWithoutConsumers.self, Self.standing(900, workers: workers)) == .healthy)
  }

  @Test func aMessagePutInFrontOfTheOldHeadProvesNoConsumer() throws {
    let restored = queue("reports", ready: 13, head: "tag-0", tail: ["tag-0", "tag-1"])
    let said = try verdict(QueueWithoutConsumers.self, Self.standing(90, now: restored))
    #expect(told(said) == ["warning reports"])
  }

  /// A queue at one look every ten seconds, the last one now: its length and its head.
  private static func looks(
    _ looks: (ready: Int, head: String?)..., workers: [WorkerFacts] = [worker(queues: ["celery"])]
  ) -> SnapshotHistory {
    looks.enumerated().reduce(into: SnapshotHistory()) { history, look in
      let seen = queue("reports", ready: look.element.ready, head: look.element.head)
      history.absorb(
        snapshot(
          at: ago(Double(looks.count - 1 - look.offset) * 10), queues: .value([seen]),
          workers: .value(workers)))
    }
  }

  @Test func aPurgedQueueProvesNoConsumer() throws {
    #expect(
      try verdict(QueueWithoutConsumers.self, Self.looks((12, "a"), (0, nil))) == .healthy)
    // What is published between the purge and the look seems to have stood behind the old head.
    #expect(
      try verdict(QueueWithoutConsumers.self, Self.looks((12, "a"), (1, "z"), (1, "z")))
        == .healthy)
  }

  @Test func headsThatAreTakenOneByOneProveAConsumerThatCannotBeSeen() throws {
    let alone = try verdict(
      QueueWithoutConsumers.self, Self.looks((1, "a"), (0, nil), (1, "b"), (0, nil)))
    #expect(told(alone) == ["info reports"])
    let among = try verdict(
      QueueWithoutConsumers.self, Self.looks((9, "a"), (8, "b"), (7, "c"), (0, nil)))
    #expect(told(among) == ["info reports"])
  }

  @Test func whatAStoppedConsumerTookIsNoMystery() throws {
    let workers = [worker(), worker("celery@w2", heard: 10, offline: 10, queues: ["reports"])]
    let seen = Self.looks((9, "a"), (8, "b"), (7, "c"), (0, nil), workers: workers)
    #expect(try verdict(QueueWithoutConsumers.self, seen) == .healthy)
  }

  @Test func whileLostWorkerNamesTheQueueThisRuleIsQuiet() throws {
    let workers = [worker(), worker("celery@w2", heard: 200, replied: nil, queues: ["reports"])]
    let seen = Self.standing(400, workers: workers)
    #expect(try verdict(QueueWithoutConsumers.self, seen) == .healthy)
    #expect(told(try verdict(LostWorker.self, seen)) == ["critical celery@w2"])
  }

  @Test func whileALivingWorkersQueuesWereNotHeardNothingIsKnown() throws {
    let workers = [worker(), worker("celery@w2", queues: nil)]
    #expect(
      try verdict(QueueWithoutConsumers.self, Self.standing(900, workers: workers)).reason
        == "which queues celery@w2 consumes was not heard")
  }

  @Test func withoutAnyWorkerHeardOrAskedNothingIsKnown() throws {
    let mute = InspectionFacts(suspended: "--read-only")
    #expect(
      try verdict(
        QueueWithoutConsumers.self, Self.standing(900, workers: [], inspection: mute)
      ).reason == "no worker was heard or asked (--read-only)")
    #expect(
      told(try verdict(QueueWithoutConsumers.self, Self.standing(900, workers: [])))
        == ["critical reports"])
  }

  @Test func aConsumerKnownByAnswersOnlyThatFellSilentIsDoubted() throws {
    let silent = worker("celery@w2", heard: nil, replied: 200, freq: nil, queues: ["reports"])
    let said = try verdict(
      QueueWithoutConsumers.self, Self.standing(900, workers: [worker(), silent]))
    #expect(said.reason == "celery@w2 sends no heartbeats and has not answered for 3m 20s")
  }

  @Test func aQueueJustSeenNeedsAMinute() throws {
    let young = history(
      of: snapshot(
        observed: 10, queues: .value([queue("reports", ready: 12)]),
        workers: .value([worker(queues: ["celery"])])))
    #expect(try verdict(QueueWithoutConsumers.self, young).reason == "needs 1m, has 10s")
  }

  @Test func aQueueThatIsNewToALongObservationIsHealthyForAMinute() throws {
    let fresh = history(
      of: snapshot(
        observed: 600, queues: .value([queue("reports", ready: 12)]),
        workers: .value([worker(queues: ["celery"])])))
    #expect(try verdict(QueueWithoutConsumers.self, fresh) == .healthy)
  }

  @Test func aHeadThatCannotBeReadIsNotJudged() throws {
    var garbage = queue("reports", ready: 3)
    garbage.head = .unavailable("it is no message of kombu's")
    let seen = history(
      of: snapshot(queues: .value([garbage]), workers: .value([worker(queues: ["celery"])])))
    #expect(
      try verdict(QueueWithoutConsumers.self, seen).reason
        == "the head of reports: it is no message of kombu's")
  }

  @Test func anEmptyQueueNeedsNoConsumer() throws {
    let empty = history(
      of: snapshot(queues: .value([queue("old", ready: 0, head: nil)]), workers: .value([])))
    #expect(try verdict(QueueWithoutConsumers.self, empty) == .healthy)
  }

  @Test func oneQueueMayHaveLimitsOfItsOwn() throws {
    let set = [
      "queue-without-consumers[reports].warning=901s",
      "queue-without-consumers[reports].critical=2h",
    ]
    #expect(try verdict(QueueWithoutConsumers.self, Self.standing(900), set: set) == .healthy)
  }
}
