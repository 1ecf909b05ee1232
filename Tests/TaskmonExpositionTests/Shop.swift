import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// A small shop whose every fact is known, for tests to take from.
enum Shop {
  static let now = Timestamp(secondsSince1970: 1_767_323_045.678)
  static let broker = BrokerIdentity(url: "redis://localhost:6379/0")
  static let build = BuildInfo(version: "0.1.0", revision: "abc1234", swift: "6.3")

  static func snapshot(at takenAt: Timestamp = now) -> Snapshot {
    var snapshot = Snapshot(
      takenAt: takenAt, polledAt: takenAt - Seconds(0.25), observedSince: takenAt - .hours(2),
      broker: broker, link: .up(since: takenAt - .hours(2)))
    snapshot.events.heard = [Interval(from: takenAt - .hours(2), to: takenAt)]
    return snapshot
  }

  static func input(
    _ snapshots: Snapshot..., report: HealthReport? = nil, process: ProcessFacts? = nil,
    limits: ExpositionLimits = ExpositionLimits(), droppedBefore: [String: Int] = [:]
  ) -> ExpositionInput {
    var history = SnapshotHistory()
    for snapshot in snapshots { history.absorb(snapshot) }
    let options = ExpositionOptions(
      broker: broker, build: build, limits: limits,
      antipattern: { ["stuck-task": "7", "multiple-beats": "9"][$0.rawValue] ?? "" })
    return ExpositionInput(
      history: history, report: report, process: process, droppedBefore: droppedBefore,
      options: options)
  }

  /// The lines of a family in the text format, without its comments.
  static func lines(_ name: String, in input: ExpositionInput) -> [String] {
    text(input).split(separator: "\n").map(String.init)
      .filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }
  }

  static func text(_ input: ExpositionInput, as format: ExpositionFormat = .text) -> String {
    Exposition(input).text(as: format)
  }

  static func worker(
    _ name: String, pid: Int? = 7, heard: Seconds? = Seconds(1), replied: Seconds? = nil,
    at now: Timestamp = now
  ) -> WorkerFacts {
    WorkerFacts(
      id: WorkerID(name: name, pid: pid), firstHeard: now - .hours(1),
      lastHeard: heard.map { now - $0 }, lastReply: replied.map { now - $0 },
      heartbeatInterval: Seconds(2))
  }

  static func finding(
    _ rule: RuleID, _ severity: Severity, _ subject: String, endedAt: Timestamp? = nil
  ) -> Finding {
    Finding(
      rule: rule, severity: severity, subject: subject, message: "is wrong", since: now,
      evidence: [], remedy: "mend it", endedAt: endedAt)
  }
}

extension Shop {
  /// Everything known, with names nobody should give.
  static var full: ExpositionInput {
    var snapshot = snapshot()
    snapshot.server = .value(server)
    snapshot.queues = .value(queues)
    snapshot.unacked = .value(UnackedFacts(count: 12, oldestDelivery: now - Seconds(90.5)))
    snapshot.workers = .value(workers)
    snapshot.inspection = InspectionFacts(lastRound: now - Seconds(5), replies: 2, receivers: 2)
    snapshot.running = .value(running)
    snapshot.tasks = .value(tasks)
    snapshot.beat = beat
    snapshot.results = .value(results)
    snapshot.collectors = [
      CollectorStatus(name: "queues", ranAt: now, duration: .milliseconds(1.25)),
      CollectorStatus(name: "results", ranAt: now, duration: Seconds(2), failure: "no permission"),
    ]
    snapshot.cost = OwnCost(
      commands: ["LLEN": 4_000, "INFO": 400], roundTrips: 4_400, bytesSent: ByteCount(120_000),
      bytesReceived: ByteCount(3_400_000))
    snapshot.events = events
    return input(snapshot, report: report, process: process)
  }

  private static var server: ServerFacts {
    ServerFacts(
      version: "7.0.15", runID: "a", uptime: .days(2), usedMemory: ByteCount(12_345_678),
      maxMemory: .mebibytes(64), evictedKeys: 0, connectedClients: 17, flushes: 1)
  }

  private static var queues: [QueueFacts] {
    [
      QueueFacts(
        name: "celery",
        priorities: [0, 3, 6, 9].map { PriorityLength(step: $0, ready: $0 * 10) },
        unacked: .value(12)),
      QueueFacts(
        name: "sp ace \"quoted\" back\\slash\nnew line ümläut 🚀",
        priorities: [PriorityLength(step: 0, ready: 1)]),
    ]
  }

  private static var workers: [WorkerFacts] {
    var first = worker("celery@w1")
    first.active = 2
    first.processed = 1_234
    first.prefetched = 8
    first.softwareVersion = "5.7.0"
    first.queues = .value(["celery"])
    first.settings = .value(WorkerSettings(visibilityTimeout: Seconds(600)))
    first.stats = .value(
      WorkerStats(
        repliedAt: now, pool: .prefork, slots: 4,
        totals: ["shop.pay": 1_000, "shop.mail": 234]))
    var second = worker("second@w1", pid: 8)
    second.active = 1
    second.processed = 9
    second.queues = .value(["celery"])
    second.stats = .value(WorkerStats(repliedAt: now, pool: .threads, slots: 2))
    return [first, second, worker("celery@w2", pid: 9, heard: .minutes(20))]
  }

  private static var running: [RunningTask] {
    [("1", "shop.pay", 3.5), ("2", "shop.pay", 850.2), ("3", nil, 1)].map { id, task, age in
      RunningTask(
        id: id, task: task, worker: WorkerID(name: "celery@w1", pid: 7),
        startedAt: now - Seconds(age))
    }
  }

  static var tasks: TaskStatistics {
    func series(
      _ node: String, _ counts: TaskCounts, _ runs: [Int], _ exemplars: [Int: TimeExemplar] = [:]
    ) -> TaskSeries {
      let runtime = TimeBuckets(
        bounds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
        counts: [runs[0], runs[1]] + Array(repeating: 0, count: 12) + [runs[2]],
        sum: Seconds(Double(counts.succeeded) * 4.8055555555555554),
        exemplars: (0..<15).map { exemplars[$0] })
      let wait = TimeBuckets(
        bounds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800],
        counts: Array(repeating: 1, count: 15), sum: Seconds(4000))
      let failures = counts.failed > 0 ? ["KeyError": counts.failed - 1, "": 1] : [:]
      let isRun = counts.started > 0
      return TaskSeries(
        task: "shop.pay", node: node, queue: "celery", counts: counts, failures: failures,
        runtime: isRun ? runtime : TimeBuckets(bounds: runtime.bounds),
        wait: isRun ? wait : TimeBuckets(bounds: wait.bounds))
    }
    let time = CountedTime(from: now - .minutes(10), to: now, heard: .minutes(10))
    return TaskStatistics(
      since: now - .hours(2), recent: time, minute: time,
      series: [
        series("web", TaskCounts(sent: 130), [0, 0, 0]),
        series(
          "celery@w1",
          TaskCounts(
            received: 100, started: 95, succeeded: 80, failed: 6, retried: 7, rejected: 1,
            revoked: 3, duplicates: 2, redelivered: 4), [10, 65, 5],
          [
            0: TimeExemplar(
              taskID: "5c9b2f9e-7f0f-4a55-9d2e-0b1c5f1a2d11", time: .milliseconds(4),
              at: now - Seconds(20)),
            14: TimeExemplar(taskID: "earlier", time: Seconds(99), at: now - Seconds(40)),
          ]),
        series(
          "second@w1", TaskCounts(received: 20, started: 15, succeeded: 10), [0, 10, 0],
          [
            14: TimeExemplar(
              taskID: "a \"b\" \\ é", time: Seconds(850.5), at: now - Seconds(29.5))
          ]),
      ])
  }

  private static var beat: BeatFacts {
    let publications = (0..<6).map {
      Publication(at: now - Seconds(Double($0) * 5), publisher: "gen\($0 % 2)@beat")
    }
    return BeatFacts(
      redBeat: .value(
        RedBeatFacts(
          lock: BeatLock(token: "t", timeToLive: Seconds(24.5)), entryCount: 2, nextDue: now)),
      entries: .value([
        ScheduleEntry(
          name: "every-10s", task: "shop.tick", schedule: .every(Seconds(10)), source: .redBeat,
          dueAt: now - Seconds(3.5)),
        ScheduleEntry(
          name: "nightly", task: "shop.clean", schedule: .crontab("0 3 * * *"), source: .redBeat,
          dueAt: now + .hours(3)),
      ]), traffic: [EntryTraffic(entry: "every-10s", publications: publications)])
  }

  private static var results: ResultFacts {
    ResultFacts(
      completedPasses: 1, updatedAt: now, count: 4, totalSize: ByteCount(5_000_700),
      withoutExpiry: 1, states: ["SUCCESS": 3, "FAILURE": 1],
      tasks: [
        TaskResultSizes(
          task: "shop.report", count: 4, totalSize: ByteCount(5_000_700),
          largest: ByteCount(5_000_000), largestID: "x",
          classes: [
            ResultSizeClass(floor: ByteCount(128), count: 2, totalSize: ByteCount(300)),
            ResultSizeClass(floor: ByteCount(256), count: 1, totalSize: ByteCount(400)),
            ResultSizeClass(
              floor: .mebibytes(4), count: 1, totalSize: ByteCount(5_000_000)),
          ])
      ])
  }

  private static var events: EventStreamFacts {
    EventStreamFacts(
      pattern: "/0.celeryev/*", connectedSince: now - .hours(2),
      heard: [Interval(from: now - .hours(2), to: now)], received: 50_000, undecodable: 1,
      taskEvents: 40_000, gaps: 2, lag: .milliseconds(3.125), trackedTasks: 900, dropped: 4)
  }

  private static var report: HealthReport {
    HealthReport(
      takenAt: now, observed: .hours(2),
      findings: [
        finding("stuck-task", .critical, "shop.pay"),
        finding("multiple-beats", .critical, "every-10s"),
        finding("lost-worker", .warning, "celery@w2"),
        finding("oversized-result", .critical, "shop.gone", endedAt: now),
      ],
      unknown: [UnknownRule(rule: "no-time-limit", missing: "no worker has told its tasks")],
      healthy: ["broker-unreachable", "oversized-result"])
  }

  private static var process: ProcessFacts {
    ProcessFacts(
      cpu: Seconds(12.34), residentMemory: .mebibytes(30), virtualMemory: .mebibytes(300),
      startedAt: now - .hours(2), openFiles: 14, maxFiles: 1_024)
  }
}
