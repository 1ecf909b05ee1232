import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits

/// A shop of Celery as an operator might find it on an ordinary afternoon, written down.
enum SampleData {
  /// 2026-01-02T14:03:22Z.
  static let now = Timestamp(secondsSince1970: 1_767_362_602)
  static let broker = BrokerIdentity(name: "prod", url: "redis://redis.internal:6379/0")

  static func ago(_ seconds: Double) -> Timestamp { now - Seconds(seconds) }

  /// The history of half an hour, and the report of its end.
  static func data(
    _ report: HealthReport = healthy, snapshot: (Timestamp) -> Snapshot = { snapshot(at: $0) }
  ) -> ConsoleData {
    ConsoleData(history: history(snapshot), report: report, broker: broker)
  }

  static func history(_ snapshot: (Timestamp) -> Snapshot) -> SnapshotHistory {
    var history = SnapshotHistory()
    for back in stride(from: 1800, through: 0, by: -30) {
      history.absorb(snapshot(ago(Double(back))))
    }
    return history
  }

  static func snapshot(at moment: Timestamp) -> Snapshot {
    Snapshot(
      takenAt: moment, polledAt: moment, observedSince: ago(7200), broker: broker,
      link: .up(since: ago(7200)), server: .value(server), queues: .value(queues(at: moment)),
      unacked: .value(UnackedFacts(count: 128, oldestDelivery: ago(312), sample: [heldMessage])),
      workers: .value(workers(at: moment)),
      inspection: InspectionFacts(lastRound: moment, replies: 4, receivers: 4),
      events: EventStreamFacts(
        pattern: "/0.celeryev/*", connectedSince: ago(7200),
        heard: [Interval(from: ago(7200), to: moment)], received: 48_211),
      running: .value(running), tasks: .value(tasks),
      beat: beat, results: .value(results), chords: .value(chords),
      replyLists: .value(
        ReplyListFacts(
          count: 3, totalSize: ByteCount(9_120), largest: "1c7e.reply.celery.pidbox",
          withoutExpiry: 1)),
      collectors: collectors, cost: cost)
  }

  static let heldMessage = UnackedMessage(
    queue: "celery", deliveredAt: ago(312),
    message: .value(message(tag: "held", task: "mail.send")),
    size: ByteCount(1_204))

  static let results = ResultFacts(
    completedPasses: 2, updatedAt: ago(12), count: 48_211, totalSize: ByteCount(222_298_112),
    withoutExpiry: 12, states: ["SUCCESS": 48_000, "FAILURE": 210, "STARTED": 1],
    failures: ["TimeoutError": 180, "KeyError": 30], groups: 4,
    largest: [
      StoredResult(
        taskID: "7d1a4b52-93c0-4b7e-8f55-0c8a2f6f1e20", task: "reports.render",
        size: ByteCount(3_565_158), state: "SUCCESS", timeToLive: Seconds(80_000)),
      StoredResult(taskID: "custom:id/1", size: ByteCount(91_000)),
    ],
    tasks: [
      TaskResultSizes(
        task: "reports.render", count: 211, totalSize: ByteCount(222_000_000),
        largest: ByteCount(3_565_158), largestID: "7d1a4b52-93c0-4b7e-8f55-0c8a2f6f1e20",
        classes: [
          ResultSizeClass(floor: .kibibytes(512), count: 180, totalSize: ByteCount(150_000_000)),
          ResultSizeClass(floor: .mebibytes(1), count: 31, totalSize: ByteCount(72_000_000)),
        ]),
      TaskResultSizes(
        task: TaskResultSizes.unknownTask, count: 48_000, totalSize: ByteCount(298_112),
        largest: ByteCount(91_000), largestID: "custom:id/1"),
    ])

  static let chords = [
    ChordFacts(
      groupID: "b4b1d1c6-5a6d-4f6e-9a55-52f3a8f0a001", size: 5, done: 3,
      unchangedSince: ago(5_400), task: "reports.part", timeToLive: Seconds(70_000))
  ]

  static let collectors = [
    CollectorStatus(name: "queue-lengths", ranAt: now, duration: .milliseconds(2)),
    CollectorStatus(name: "results", ranAt: ago(12), duration: Seconds(14.2)),
  ]

  static let cost = OwnCost(
    commands: ["LLEN": 28_800, "INFO": 7_200, "SCAN": 300], roundTrips: 21_000,
    bytesSent: ByteCount(1_900_000), bytesReceived: ByteCount(64_000_000),
    redisTime: Seconds(61.2), redisShare: 0.0123, scanShare: 0.0101)

  static let server = ServerFacts(
    version: "7.0.15", runID: "f00", uptime: Seconds(400_000), usedMemory: ByteCount(12_900_000),
    maxMemory: ByteCount(2_147_483_648), connectedClients: 41)

  static func queues(at moment: Timestamp) -> [QueueFacts] {
    let backlog = max(0, 12_000 - Int((now - moment).value * 6))
    return [
      QueueFacts(
        name: "celery",
        priorities: [
          PriorityLength(step: 0, ready: backlog), PriorityLength(step: 3, ready: 300),
          PriorityLength(step: 6, ready: 0), PriorityLength(step: 9, ready: 45),
        ],
        head: .value(message(tag: "tag-\(Int(moment.secondsSince1970))", task: "mail.send")),
        newest: .value(message(tag: "newest", task: "mail.send")), unacked: .value(96),
        unackedIsEstimate: true, oldest: .value(QueueAge(age: Seconds(192), basis: .sent)),
        largest: .value(LargestMessage(size: ByteCount(91_000), isEstimate: true))),
      QueueFacts(
        name: "billing", priorities: [PriorityLength(step: 0, ready: 0)], unacked: .value(32)),
      QueueFacts(
        name: "reports", priorities: [PriorityLength(step: 0, ready: 7)],
        head: .value(message(tag: "stuck", task: "reports.render")),
        newest: .unavailable("larger than 64 KiB"), tailTags: ["stuck"], unacked: .value(0),
        oldest: .value(QueueAge(age: .minutes(30), basis: .unmoved))),
    ]
  }

  static func message(tag: String, task: String) -> MessageFacts {
    MessageFacts(
      taskID: "0a6f7c9e-13bb-4b39-8e0e-2c4a2f1b9d10", task: task, deliveryTag: tag, priority: 0,
      retries: 1, eta: ago(-90), origin: "gen41@web1", argumentsText: "('a@example.org',)",
      keywordArgumentsText: "{}", size: ByteCount(1_204))
  }

  static func workers(at moment: Timestamp) -> [WorkerFacts] {
    [
      worker(1, heard: moment - Seconds(1), queues: .value(["celery", "billing"]), pool: .prefork),
      worker(2, heard: moment, queues: .value(["celery"]), pool: .threads),
      worker(3, heard: ago(94), queues: .value(["billing"]), pool: .prefork),
      WorkerFacts(
        id: WorkerID(name: "celery@w4", pid: 418), firstHeard: ago(7000), lastHeard: ago(600),
        offlineSince: ago(600), heartbeatInterval: Seconds(2), processed: 88),
    ]
  }

  static func worker(
    _ number: Int, heard: Timestamp, queues: Observation<[String]>, pool: PoolKind
  ) -> WorkerFacts {
    WorkerFacts(
      id: WorkerID(name: "celery@w\(number)", pid: 300 + number * 10 + 1), firstHeard: ago(7000),
      lastHeard: heard, lastReply: ago(12), heartbeatInterval: Seconds(2), active: 4 * number,
      processed: 41_000 * number, loadAverage: [0.42, 0.51, 0.6], softwareVersion: "5.7.0",
      sendsTaskEvents: .value(true), queues: queues,
      registered: .value(registered),
      settings: .value(
        WorkerSettings(
          visibilityTimeout: Seconds(7200), resultBackend: "redis://…/1", acksLate: number == 2,
          resultExpires: Seconds(3600), prefetchMultiplier: 4, memoryPerChild: .mebibytes(200))),
      stats: .value(
        WorkerStats(
          repliedAt: ago(12), pool: pool, slots: 16, uptime: Seconds(93_600), prefetchCount: 64,
          totals: ["billing.sync": 1_200, "mail.send": 39_800])),
      prefetched: 12)
  }

  /// One in good order, one that nothing protects, one that tries for ever, one that tells nothing.
  static let registered = [
    RegisteredTask(
      name: "billing.sync", hardLimit: Seconds(60), softLimit: Seconds(45), acksLate: true,
      rejectsOnWorkerLost: true, retriesByItself: true, mostRetries: 5, ignoresResult: false),
    RegisteredTask(name: "mail.legacy"),
    RegisteredTask(
      name: "mail.send", acksLate: false, rejectsOnWorkerLost: false, retriesByItself: false,
      mostRetries: 3, ignoresResult: true, rateLimit: "100/m"),
    RegisteredTask(
      name: "reports.render", hardLimit: .hours(3), acksLate: true, rejectsOnWorkerLost: true,
      retriesByItself: true, ignoresResult: false),
  ]

  /// What a worker of the shop answers when its page is opened.
  static let holdings: WorkerHoldings = {
    var holdings = WorkerHoldings(
      worker: WorkerID(name: "celery@w1", pid: 311), askedAt: ago(2), silent: "")
    holdings.reserved = .value(
      HeldRequests(
        count: 3,
        first: [
          HeldRequest(
            id: "0d5f0f6e-5d6c-4c8e-8f0b-6c1f3f0a7b21", task: "billing.sync", queue: "billing",
            redelivered: false, argumentsText: "['order\u{1B}]0;17', 'eur']",
            keywordArgumentsText: "{}"),
          HeldRequest(id: "invoice:2026/18", task: "mail.send", queue: "celery", redelivered: true),
        ]))
    holdings.scheduled = .value(
      HeldRequests(
        count: 1,
        first: [
          HeldRequest(
            id: "remind:4", task: "mail.send", eta: ago(-900), queue: "celery", redelivered: false,
            argumentsText: "[4]", keywordArgumentsText: "{'again': True}")
        ]))
    holdings.revoked = .unavailable("no answer within 2s")
    return holdings
  }()

  static let beat = BeatFacts(
    redBeat: .value(
      RedBeatFacts(
        lock: BeatLock(
          token: "9f1c0b6e4cfa11f0a2b3", timeToLive: Seconds(24), holderSince: ago(86_000),
          holderNode: "02fc00000001"),
        entryCount: 3, nextDue: ago(-2))),
    entries: .value([
      ScheduleEntry(
        name: "refresh-prices", task: "shop.refresh_prices", argumentsText: "'eur',",
        schedule: .every(Seconds(30)), source: .redBeat, lastRun: ago(28), runCount: 12_204,
        dueAt: ago(-2)),
      ScheduleEntry(
        name: "nightly-report", task: "reports.render", schedule: .crontab("0 3 * * *"),
        source: .redBeat, lastRun: ago(39_802), runCount: 201, dueAt: ago(-46_598)),
      ScheduleEntry(
        name: "old-import", task: "imports.run", schedule: .every(.hours(1)), source: .redBeat,
        isEnabled: false),
    ]),
    traffic: [
      EntryTraffic(
        entry: "refresh-prices", heard: [Interval(from: ago(120), to: now)],
        receipts: [ago(88), ago(58), ago(28)],
        publications: [
          Publication(at: ago(88), publisher: "gen41@web1"),
          Publication(at: ago(58), publisher: "gen977@web2"),
          Publication(at: ago(28), publisher: "gen41@web1"),
        ])
    ])

  static let judged: [RuleID] = [
    "broker-unreachable", "no-celery-here", "queue-without-consumers", "multiple-beats",
  ]

  static let healthy = HealthReport(takenAt: now, observed: Seconds(7200), healthy: judged)
}
