import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct TaskAuditTests {
  /// Guarded in every way, but for what is changed.
  private static func task(
    _ name: String = "a.task", hard: Double? = 60, late: Bool? = true, rejects: Bool? = true,
    auto: Bool? = true, most: Int? = 5, ignores: Bool? = false, rate: String? = nil
  ) -> RegisteredTask {
    RegisteredTask(
      name: name, hardLimit: hard.map { Seconds($0) }, acksLate: late,
      rejectsOnWorkerLost: rejects, retriesByItself: auto, mostRetries: most,
      ignoresResult: ignores, rateLimit: rate)
  }

  private static let settings = WorkerSettings(
    visibilityTimeout: Seconds(600), resultBackend: "redis://h/1")

  private static func audit(
    _ workers: [WorkerFacts], queues: [QueueFacts] = []
  ) -> Audit {
    let latest = snapshot(queues: .value(queues), workers: .value(workers))
    return Audit(history(of: latest), latest)
  }

  private static func faults(
    _ task: RegisteredTask, pool: PoolKind? = .prefork, poolLimit: Double? = nil
  ) -> [TaskAudit.Fault]? {
    audit([
      worker(pool: pool, settings: settings, registered: [task], hardLimit: poolLimit)
    ]).tasks.first?.faults
  }

  @Test func everyFaultHasItsTask() {
    #expect(Self.faults(Self.task()) == [])
    #expect(
      Self.faults(Self.task(hard: nil, late: false, rejects: false, auto: false))
        == [.fragile, .lossy])
    #expect(Self.faults(Self.task(hard: nil, late: false)) == [.endless, .lossy])
    #expect(Self.faults(Self.task(hard: 601)) == [.runsTwice])
    #expect(Self.faults(Self.task(hard: 600)) == [.runsTwice], "at the limit both may win")
    #expect(Self.faults(Self.task(hard: nil)) == [.runsTwice, .endless])
    #expect(Self.faults(Self.task(hard: nil), poolLimit: 60) == [], "its pool ends it")
    #expect(
      Self.faults(Self.task(late: false), pool: .threads) == [.unenforced, .lossy])
    #expect(Self.faults(Self.task(), pool: .threads) == [.runsTwice, .unenforced])
    #expect(Self.faults(Self.task(), pool: .gevent) == [], "it enforces hard limits")
    var soft = Self.task(hard: nil, late: false)
    soft.softLimit = Seconds(60)
    #expect(Self.faults(soft, pool: .gevent) == [.unenforced, .lossy], "and not soft ones")
    #expect(Self.faults(Self.task(rejects: false)) == [.lossy])
  }

  @Test func whatIsNotToldIsUnknownAndNotFine() {
    #expect(
      Self.faults(RegisteredTask(name: "a.task", hardLimit: Seconds(9))) == [.unknown])
    #expect(Self.faults(Self.task(hard: nil), pool: nil) == [.unknown])
    #expect(Self.faults(Self.task(), pool: nil) == [])
  }

  @Test func aLimitInItsMessagesIsALimit() throws {
    let queue = QueueFacts(
      name: "celery", priorities: [],
      head: .value(MessageFacts(task: "a.task", deliveryTag: "t", hardLimit: Seconds(20))))
    let found = try #require(
      Self.audit(
        [worker(settings: Self.settings, registered: [Self.task(hard: nil, late: false)])],
        queues: [queue]
      ).tasks.first)
    #expect(found.faults == [.lossy])
    #expect(
      found.called == [TaskLimits(hard: Seconds(20), isKnown: true, hardSource: .message)])
  }

  @Test func workersThatDifferAreVariantsTheMostFirst() throws {
    let workers = [
      worker("celery@w1", settings: Self.settings, registered: [Self.task()]),
      worker("celery@w2", settings: Self.settings, registered: [Self.task(hard: 30)]),
      worker("celery@w3", settings: Self.settings, registered: [Self.task()]),
    ]
    let found = try #require(Self.audit(workers).tasks.first)
    #expect(found.variants.map(\.workers) == [["celery@w1", "celery@w3"], ["celery@w2"]])
    #expect(found.verdict == .differs)
  }

  @Test func workersThatSayTheSameForOtherReasonsDoNotDiffer() throws {
    var configured = Self.settings
    configured.hardLimit = Seconds(60)
    let workers = [
      worker("celery@w1", settings: Self.settings, registered: [Self.task()]),
      worker("celery@w2", settings: configured, registered: [Self.task()]),
    ]
    let found = try #require(Self.audit(workers).tasks.first)
    #expect(found.faults == [])
    #expect(found.variants.map { $0.policy.hardLimit.value?.source } == [.task, .setting])
  }

  @Test func theWorstStandsFirstThenTheBusiest() {
    let tasks = [
      Self.task("a.fine"),
      Self.task("b.fragile", hard: nil, late: false, rejects: false, auto: false),
      Self.task("c.busy"), Self.task("celery.own"),
    ]
    let found = Self.audit([
      worker(settings: Self.settings, registered: tasks, totals: ["c.busy": 9])
    ])
    #expect(found.tasks.map(\.name) == ["b.fragile", "c.busy", "a.fine"])
    #expect(found.tasks.map(\.runs) == [0, 9, 0])
    #expect(found.gap == nil && found.silent.isEmpty)
  }

  @Test func whoHasNotToldIsNamedAndNobodyIsNothing() {
    let mute = worker("celery@w2")
    let found = Self.audit([worker(settings: Self.settings, registered: [Self.task()]), mute])
    #expect(found.silent == ["celery@w2": "not asked yet"])
    #expect(found.told == ["celery@w1"])
    #expect(Self.audit([mute]).gap == "the tasks of celery@w2: not asked yet")
    #expect(Self.audit([]).gap == "no worker lives")
    #expect(Self.audit([worker(heard: 400, offline: 400)]).gap == "no worker lives")
  }
}

@Suite struct TaskPolicyTests {
  private static func policy(
    _ task: RegisteredTask, settings: WorkerSettings? = WorkerSettings(),
    hard: Double? = nil, pool: PoolKind? = .prefork
  ) -> TaskPolicy {
    TaskPolicy(task, on: worker(pool: pool, settings: settings, hardLimit: hard))
  }

  @Test func aLimitIsItsTasksThenItsPools() {
    func hard(
      _ own: Double?, configured: Double? = nil, pool: Double? = nil, isTold: Bool = true
    ) -> Observation<Ruling<Seconds?>> {
      Self.policy(
        RegisteredTask(name: "a", hardLimit: own.map { Seconds($0) }),
        settings: isTold ? WorkerSettings(hardLimit: configured.map { Seconds($0) }) : nil,
        hard: pool
      ).hardLimit
    }
    #expect(hard(60) == .value(Ruling(Seconds(60), .task)))
    #expect(hard(60, configured: 60, pool: 60) == .value(Ruling(Seconds(60), .setting)))
    #expect(hard(600, pool: 2) == .value(Ruling(Seconds(600), .task)))
    #expect(hard(60, isTold: false) == .value(Ruling(Seconds(60), .taskOrSetting)))
    #expect(hard(nil, pool: 2) == .value(Ruling(Seconds(2), .commandLine)))
    #expect(hard(nil, configured: 2, pool: 2) == .value(Ruling(Seconds(2), .setting)))
    #expect(hard(nil) == .value(Ruling(nil, .standard)))
    #expect(
      Self.policy(RegisteredTask(name: "a"), pool: nil).hardLimit
        == .unavailable("not asked yet"))
  }

  @Test func anOptionIsTheTasksWhereItIsNotTheSettings() {
    func late(_ told: Bool?, _ settings: WorkerSettings?) -> Observation<Ruling<Bool>> {
      Self.policy(RegisteredTask(name: "a", acksLate: told), settings: settings).acksLate
    }
    #expect(late(true, WorkerSettings()) == .value(Ruling(true, .task)))
    #expect(late(false, WorkerSettings()) == .value(Ruling(false, .standard)))
    #expect(late(true, WorkerSettings(acksLate: true)) == .value(Ruling(true, .setting)))
    #expect(late(false, WorkerSettings(acksLate: true)) == .value(Ruling(false, .task)))
    #expect(late(true, nil) == .value(Ruling(true, .taskOrSetting)))
    #expect(late(nil, WorkerSettings()).reason == "the worker does not tell task options")
  }

  @Test func aResultIsKeptAsLongAsSettingsSay() {
    func kept(
      _ ignores: Bool?, _ settings: WorkerSettings?
    ) -> Observation<Ruling<ResultKeeping>> {
      Self.policy(
        RegisteredTask(name: "a", acksLate: false, ignoresResult: ignores), settings: settings
      ).result
    }
    let backed = WorkerSettings(resultBackend: "redis://h")
    #expect(kept(false, backed) == .value(Ruling(.expiring(.hours(24)), .standard)))
    #expect(kept(true, backed) == .value(Ruling(.ignored, .task)))
    #expect(kept(false, WorkerSettings()) == .value(Ruling(.nowhere, .standard)))
    #expect(kept(true, nil) == .value(Ruling(.ignored, .taskOrSetting)))
    #expect(kept(false, nil) == .unavailable("not asked yet"))
    #expect(kept(nil, backed).value == nil)
    var endless = backed
    endless.resultExpires = .zero
    #expect(kept(false, endless) == .value(Ruling(.forever, .setting)))
  }

  @Test func whatHasNoEndIsTold() {
    let task = RegisteredTask(name: "a", acksLate: false, retriesByItself: true)
    #expect(
      Self.policy(task).retries
        == .value(Ruling(RetryPolicy(byItself: true, most: nil), .task)))
    #expect(Self.policy(task).rateLimit == .value(Ruling(nil, .standard)))
    #expect(Self.policy(RegisteredTask(name: "a")).rateLimit.value == nil)
  }

  @Test func aRunOfAnUnknownTaskHasUnknownLimits() {
    let told = worker(settings: WorkerSettings(), registered: [], hardLimit: 5)
    #expect(TaskLimits(of: "a.b", on: told) == TaskLimits())
    #expect(TaskLimits(of: nil, on: told) == TaskLimits())
    #expect(
      TaskLimits(of: "celery.chord_unlock", on: told)
        == TaskLimits(hard: Seconds(5), isKnown: true, hardSource: .commandLine))
  }
}
