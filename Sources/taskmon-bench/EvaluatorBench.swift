import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// Measures how long one judgement of a large installation takes, all rules together and each.
struct EvaluatorBench {
  private static let rounds = 100
  private static let goal = Seconds.milliseconds(20)
  private static let slowest = 8

  func run() {
    let installation = LargeInstallation()
    let history = installation.history
    var evaluator = Evaluator()
    var report = HealthReport(takenAt: installation.now, observed: .zero)
    let all = measure { report = evaluator.evaluate(history) }
    print(
      "\(LargeInstallation.workers) workers, \(LargeInstallation.queues) queues,"
        + " \(LargeInstallation.tasks) task names, \(RuleRegistry.all.count) rules")
    print(
      "a judgement: median \(text(all.median)), longest \(text(all.longest))"
        + " (goal: under \(text(Self.goal)))")
    print(
      "it says: \(report.findings.count) findings, \(report.healthy.count) rules healthy,"
        + " \(report.unknown.count) unknown")
    guard let latest = history.latest else { return }
    var scene = Scene(history, latest)
    print("  what rules share: \(text(measure { scene = Scene(history, latest) }.median))")
    let each = RuleRegistry.all.map { rule in
      let limits = ThresholdOverrides().values(for: rule)
      return (rule.id, measure { _ = rule.init().verdict(on: scene, limits: limits) }.median)
    }
    for (id, median) in each.sorted(by: { $0.1 > $1.1 }).prefix(Self.slowest) {
      print("  \(id): \(text(median))")
    }
  }

  private func measure(_ work: () -> Void) -> (median: Seconds, longest: Seconds) {
    work()
    let times = (0..<Self.rounds).map { _ in
      let start = Clock.uptime
      work()
      return Clock.uptime - start
    }.sorted()
    return (Seconds(times[times.count / 2]), Seconds(times[times.count - 1]))
  }

  private func text(_ time: Seconds) -> String {
    "\((time.value * 100_000).rounded() / 100) ms"
  }
}

/// A made-up installation of many teams: each worker serves two queues and knows forty tasks; one
/// worker in ten knows no time limits, and is full.
private struct LargeInstallation {
  static let workers = 1000
  static let queues = 1000
  static let tasks = 2000
  private static let tasksOfWorker = 40
  private static let step = Seconds(30)
  private static let steps = 24

  private static let start = Timestamp(secondsSince1970: 1_767_355_200)

  var now: Timestamp { Self.start + Self.step * Double(Self.steps) }

  /// Twelve minutes of it.
  var history: SnapshotHistory {
    (0...Self.steps).reduce(into: SnapshotHistory()) { history, step in
      history.absorb(snapshot(at: Self.start + Self.step * Double(step), step))
    }
  }

  private func snapshot(at moment: Timestamp, _ step: Int) -> Snapshot {
    let heard = moment - Self.start
    return Snapshot(
      takenAt: moment, polledAt: moment, observedSince: Self.start,
      broker: BrokerIdentity(url: "redis://localhost:6379/0"), link: .up(since: Self.start),
      presence: .value(
        CeleryPresence(markers: ["a kombu binding"], scanComplete: true, heardEvents: true)),
      queues: .value((0..<Self.queues).map { queue($0, step) }),
      unacked: .value(unacked(at: moment)),
      workers: .value((0..<Self.workers).map { worker($0, at: moment, step) }),
      inspection: InspectionFacts(lastRound: moment - Seconds(5)),
      events: EventStreamFacts(
        pattern: "events", connectedSince: Self.start,
        heard: [Interval(from: Self.start, to: moment)], taskEventCounts: ["task-sent": 1]),
      running: .value((0..<Self.workers).map { run($0, at: moment) }),
      tasks: .value(statistics(at: moment, heard: heard)),
      results: .value(results(at: moment)), chords: .value([]))
  }

  private func worker(_ index: Int, at moment: Timestamp, _ step: Int) -> WorkerFacts {
    let known = (0..<Self.tasksOfWorker).map {
      RegisteredTask(
        name: task((index + $0) % Self.tasks),
        hardLimit: index % 10 == 0 ? nil : Seconds(300), acksLate: $0 == 0,
        rejectsOnWorkerLost: false, retriesByItself: false, ignoresResult: false)
    }
    let totals = Dictionary(known.map { ($0.name, 10 * step) }, uniquingKeysWith: { $1 })
    return WorkerFacts(
      id: WorkerID(name: "celery@worker-\(index)", pid: index + 1), firstHeard: Self.start,
      lastHeard: moment, lastReply: moment - Seconds(5), heartbeatInterval: Seconds(2),
      active: index % 10 == 0 ? 4 : 1,
      processed: 400 * step, sendsTaskEvents: .value(true),
      queues: .value([queueName(index), queueName(index + 1)]), queuesToldAt: Self.start,
      registered: .value(known), settings: .value(WorkerSettings(isAlwaysEager: false)),
      stats: .value(
        WorkerStats(
          repliedAt: moment - Seconds(5), pool: .prefork, slots: 4, uptime: Seconds(86400),
          totals: totals)),
      activeReply: .value(
        ActiveReply(repliedAt: moment - Seconds(5), taskIDs: ["run-\(index)"])),
      prefetched: 1,
      events: WorkerEventFacts(
        heartbeats: 300, taskEvents: 400 * step, lastTaskEvent: moment,
        heartbeatDelays: [Seconds](repeating: .milliseconds(10), count: 10), held: 1,
        longestHeld: [
          HeldTask(id: "held-\(index)", task: task(index), since: moment - Seconds(1))
        ]))
  }

  private func queue(_ index: Int, _ step: Int) -> QueueFacts {
    let message = Observation.value(
      MessageFacts(
        taskID: "id-\(index)-\(step)", task: task(index), deliveryTag: "tag-\(index)-\(step)",
        origin: "gen1@web"))
    return QueueFacts(
      name: queueName(index),
      priorities: [0, 3, 6, 9].map { PriorityLength(step: $0, ready: $0 == 0 ? 3 : 0) },
      head: message, newest: message, tailTags: ["tag-\(index)-\(step)"], unacked: .value(1),
      oldest: .value(QueueAge(age: Seconds(1), basis: .sent)),
      largest: .value(LargestMessage(size: ByteCount(900), isEstimate: false)))
  }

  private func run(_ index: Int, at moment: Timestamp) -> RunningTask {
    RunningTask(
      id: "run-\(index)", task: task(index),
      worker: WorkerID(name: "celery@worker-\(index)", pid: index + 1),
      startedAt: moment - Seconds(20), confirmedAt: moment - Seconds(5), acknowledged: true,
      limits: TaskLimits(hard: Seconds(300), isKnown: true))
  }

  private func unacked(at moment: Timestamp) -> UnackedFacts {
    UnackedFacts(
      count: 1000, oldestDelivery: moment - Seconds(60),
      sample: (0..<200).map { index in
        UnackedMessage(
          queue: queueName(index), deliveredAt: moment - Seconds(60),
          message: .value(
            MessageFacts(
              taskID: "held-\(index)", task: task(index), deliveryTag: "held-\(index)")),
          size: ByteCount(900))
      })
  }

  /// One task in forty has troubles.
  private func statistics(at moment: Timestamp, heard: Seconds) -> TaskStatistics {
    let counted = CountedTime(from: Self.start, to: moment, heard: heard)
    let tasks = (0..<Self.tasks).map { index in
      let failed = index % 40 == 0 ? 30 : 0
      let marks = TaskMarks(
        transient: failed > 0 ? ["ConnectionError": failed] : [:],
        duplicates: failed > 0 ? [WorkerID(name: "celery@worker-\(index % 1000)", pid: 1): 2] : [:],
        fanouts: failed > 0
          ? [
            [queueName(index), queueName(index + 5), queueName(index + 9)]: FanoutCounts(count: 20)
          ]
          : [:])
      let tally = TaskTally(
        TaskCounts(received: 400, started: 400, succeeded: 400 - failed, failed: failed),
        failures: failed > 0 ? ["ConnectionError": failed] : [:], marks: marks)
      return TaskFacts(name: task(index), total: tally, recent: tally)
    }
    return TaskStatistics(
      since: Self.start, recent: counted, minute: counted, tasks: tasks,
      nodes: (0..<Self.workers).map {
        NodeTaskFacts(
          node: "celery@worker-\($0)", recent: TaskCounts(received: 800, started: 800))
      })
  }

  private func results(at moment: Timestamp) -> ResultFacts {
    ResultFacts(
      completedPasses: 3, updatedAt: moment, count: 100_000, totalSize: .mebibytes(40),
      states: ["SUCCESS": 100_000],
      tasks: (0..<Self.tasks).map { index in
        TaskResultSizes(
          task: task(index), count: 50, totalSize: ByteCount(20_000), largest: ByteCount(400),
          largestID: "result-\(index)")
      })
  }

  private func task(_ index: Int) -> String { "shop.team\(index % 50).tasks.job_\(index)" }
  private func queueName(_ index: Int) -> String { "team\(index % 50).queue-\(index % 1000)" }
}
