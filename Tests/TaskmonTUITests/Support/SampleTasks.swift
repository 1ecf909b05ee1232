import TaskmonModel
import TaskmonTUI
import TaskmonUnits

extension SampleData {
  /// What the event stream has told of the shop's tasks.
  static let tasks = TaskStatistics(
    since: ago(7_200), recent: CountedTime(from: ago(600), to: now, heard: Seconds(598)),
    minute: CountedTime(from: ago(60), to: now, heard: Seconds(60)),
    tasks: [billing, mail, render, prices],
    other: TaskFacts(
      name: "other", total: TaskTally(TaskCounts(received: 9, started: 9, succeeded: 9)),
      recent: TaskTally(TaskCounts(received: 2, started: 2, succeeded: 2)),
      minute: TaskCounts(), completedByMinute: [0, 0, 1, 0, 0, 1, 0, 0, 0, 0]),
    series: [
      TaskSeries(
        task: "billing.sync", node: "celery@w1", queue: "billing",
        counts: TaskCounts(started: 700, succeeded: 600, failed: 90)),
      TaskSeries(
        task: "billing.sync", node: "celery@w3", queue: "billing",
        counts: TaskCounts(started: 500, succeeded: 480)),
      TaskSeries(
        task: "billing.sync", node: "gen41@web1", queue: "billing",
        counts: TaskCounts(sent: 1_190)),
    ], failures: failures, runs: runs)

  static let billing = TaskFacts(
    name: "billing.sync",
    total: TaskTally(
      TaskCounts(
        sent: 1_190, received: 1_204, started: 1_200, succeeded: 1_080, failed: 90, retried: 29,
        revoked: 4, expired: 1, workerLost: 2, duplicates: 1),
      failures: ["TimeLimitExceeded": 58, "ConnectionError": 30, "WorkerLostError": 2],
      retries: ["ConnectionError": 29]),
    recent: TaskTally(
      TaskCounts(
        sent: 98, received: 101, started: 100, succeeded: 80, failed: 18, retried: 6, revoked: 1,
        duplicates: 1),
      failures: ["TimeLimitExceeded": 15, "ConnectionError": 3], retries: ["ConnectionError": 6]),
    minute: TaskCounts(
      sent: 9, received: 10, started: 10, succeeded: 7, failed: 2, retried: 1),
    completedByMinute: [8, 9, 10, 11, 9, 10, 12, 9, 11, 9],
    runtime: TaskTimes(
      count: 1_080, sum: Seconds(9_720), p50: Seconds(6.1), p95: Seconds(41), p99: Seconds(58)),
    wait: TaskTimes(
      count: 1_200, sum: Seconds(2_400), p50: Seconds(1.2), p95: Seconds(9.4), p99: Seconds(31)))

  static let mail = TaskFacts(
    name: "mail.send",
    total: TaskTally(TaskCounts(received: 60_040, started: 60_020, succeeded: 60_000)),
    recent: TaskTally(TaskCounts(received: 29_940, started: 29_920, succeeded: 29_900)),
    minute: TaskCounts(received: 2_990, started: 2_990, succeeded: 2_988),
    completedByMinute: [2_800, 2_990, 3_010, 2_975, 3_100, 3_050, 3_000, 2_990, 3_010, 2_975],
    runtime: TaskTimes(
      count: 60_000, sum: Seconds(1_380), p50: Seconds(0.021), p95: Seconds(0.048),
      p99: Seconds(0.31)),
    wait: TaskTimes(
      count: 60_000, sum: Seconds(2_400), p50: Seconds(0.0004), p95: Seconds(0.22),
      p99: Seconds(1.9)))

  /// Nothing of it has succeeded, and nothing was published by those that tell.
  static let render = TaskFacts(
    name: "reports.render",
    total: TaskTally(
      TaskCounts(received: 3, started: 3, failed: 3), failures: ["MemoryError": 3]),
    recent: TaskTally(
      TaskCounts(received: 1, started: 1, failed: 1), failures: ["MemoryError": 1]),
    minute: TaskCounts(), completedByMinute: [0, 0, 0, 0, 0, 1, 0, 0, 0, 0])

  static let prices = TaskFacts(
    name: "shop.refresh_prices",
    total: TaskTally(TaskCounts(received: 240, started: 240, succeeded: 240)),
    recent: TaskTally(TaskCounts(received: 20, started: 20, succeeded: 20)),
    minute: TaskCounts(received: 2, started: 2, succeeded: 2),
    completedByMinute: [2, 2, 2, 2, 2, 2, 2, 2, 2, 2],
    runtime: TaskTimes(
      count: 240, sum: Seconds(12), p50: Seconds(0.05), p95: Seconds(0.07), p99: Seconds(0.09)))

  static let failures = [
    RecentFailure(
      id: "0b0f0a51-1d0b-4d42-8e2b-3c8f5a7e9b01", task: "billing.sync",
      worker: WorkerID(name: "celery@w1", pid: 311), queue: "billing", at: ago(21), isRetry: true,
      retries: 0, exceptionClass: "ConnectionError",
      message: "ConnectionError('bank \u{1B}[31maway')",
      traceback: """
        Traceback (most recent call last):
          File "/srv/shop/tasks.py", line 41, in sync
            bank.fetch(order)
        ConnectionError: bank away
        """),
    RecentFailure(
      id: "invoice:2026/17", task: "billing.sync", worker: WorkerID(name: "celery@w3", pid: 331),
      at: ago(95), exceptionClass: "TimeLimitExceeded", message: "TimeLimitExceeded(60,)"),
    RecentFailure(
      id: "77aa", task: "reports.render", worker: WorkerID(name: "celery@w2", pid: 321),
      at: ago(300), retries: 3),
  ]

  static let runs = [
    RecentRun(
      id: "0b0f0a51-1d0b-4d42-8e2b-3c8f5a7e9b01", task: "billing.sync",
      worker: WorkerID(name: "celery@w1", pid: 311), queue: "billing", outcome: .retried,
      startedAt: ago(23), endedAt: ago(21), runtime: Seconds(2)),
    RecentRun(
      id: "9a2", task: "billing.sync", worker: WorkerID(name: "celery@w1", pid: 311),
      outcome: .succeeded, endedAt: ago(30)),
    RecentRun(
      id: "77aa", task: "reports.render", worker: WorkerID(name: "celery@w2", pid: 321),
      outcome: .failed, startedAt: ago(312), endedAt: ago(300), runtime: Seconds(12), retries: 3),
  ]

  /// One past its limit, one on its way to it, one without any, one of which little is known.
  static let running = [
    RunningTask(
      id: "5c9b2f9e-7f0f-4a55-9d2e-0b1c5f1a2d11", task: "billing.sync",
      worker: WorkerID(name: "celery@w3", pid: 331), startedAt: ago(850), confirmedAt: ago(12),
      acknowledged: true, retries: 0,
      limits: TaskLimits(hard: Seconds(60), isKnown: true, hardSource: .task),
      usual: RuntimeStatistics(runs: 1_080, p99: Seconds(58)), queue: "billing",
      argumentsText: "('order\u{1B}]0;17', 'eur')", keywordArgumentsText: "{}",
      childPID: 341),
    RunningTask(
      id: "report:7", task: "reports.render", worker: WorkerID(name: "celery@w2", pid: 321),
      startedAt: ago(5_400), confirmedAt: ago(12), acknowledged: false, retries: 2,
      limits: TaskLimits(isKnown: true), queue: "reports", argumentsText: "()",
      keywordArgumentsText: "{'month': 12}"),
    RunningTask(
      id: "c1e2", task: "billing.sync", worker: WorkerID(name: "celery@w1", pid: 311),
      startedAt: ago(38), confirmedAt: ago(1),
      limits: TaskLimits(
        hard: Seconds(60), soft: Seconds(45), isKnown: true, hardSource: .task,
        softSource: .message)),
    RunningTask(
      id: "d4f5", task: nil, worker: WorkerID(name: "celery@w1", pid: 311), startedAt: ago(0.04)),
  ]

  /// A shop one of whose workers sends no task events, and another of which nobody knows.
  static let quietData: ConsoleData = data(healthy) { moment in
    var snapshot = snapshot(at: moment)
    snapshot.workers = snapshot.workers.map { workers in
      var workers = workers
      workers[0].sendsTaskEvents = .value(false)
      workers[1].sendsTaskEvents = .unavailable("it has finished no task since taskmon listens")
      return workers
    }
    return snapshot
  }
}
