import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct NoTimeLimitTests {
  private static func task(_ name: String, hard: Double? = nil, soft: Double? = nil)
    -> RegisteredTask
  {
    RegisteredTask(
      name: name, hardLimit: hard.map { Seconds($0) }, softLimit: soft.map { Seconds($0) })
  }

  private static let tasks = [
    task("a.one"), task("a.two"), task("b.hard", hard: 60), task("b.soft", soft: 30),
    task("never.used"), task("celery.backend_cleanup"),
  ]

  private static func judge(
    _ workers: [WorkerFacts], queues: [QueueFacts] = [], running: [RunningTask] = [],
    set: [String] = []
  ) throws -> Verdict {
    try verdict(
      NoTimeLimit.self,
      history(
        of: snapshot(
          queues: .value(queues), workers: .value(workers), running: .value(running))), set: set)
  }

  @Test func tasksThatRanWithoutALimitAreCountedPerConfiguration() throws {
    let used = ["a.one": 4, "b.hard": 9, "celery.backend_cleanup": 1, "a.two": 0]
    let said = try Self.judge([
      worker("celery@w2", registered: Self.tasks, totals: used),
      worker("celery@w1", registered: Self.tasks.reversed(), totals: ["a.two": 1]),
      worker("celery@w3", registered: [Self.task("c", hard: 5)], totals: ["c": 1]),
    ])
    #expect(told(said) == ["warning celery@w1"])
    #expect(said.first?.message == "2 of 3 tasks in use run without a limit: a.one, a.two")
    #expect(said.first?.evidence("workers") == .list(["celery@w1", "celery@w2"]))
    #expect(said.first?.evidence("tasksRegistered") == .number(5))
  }

  @Test func longListsAreCut() throws {
    let tasks = (1...61).map { Self.task("t\($0 + 100)", hard: $0 > 57 ? 9 : nil) }
    let totals = Dictionary(tasks.map { ($0.name, 1) }, uniquingKeysWith: { $1 })
    #expect(
      try Self.judge([worker(registered: tasks, totals: totals)]).first?.message
        == "57 of 61 tasks in use run without a limit: t101, t102, t103, …")
  }

  @Test func tasksThatNobodyUsesDoNotCount() throws {
    let used = ["b.hard": 4, "b.soft": 2]
    #expect(try Self.judge([worker(registered: Self.tasks, totals: used)]) == .healthy)
  }

  @Test func waitingAndRunningTasksAreInUse() throws {
    let idle = worker(registered: Self.tasks)
    let run = RunningTask(id: "1", task: "a.two", worker: idle.id, startedAt: ago(5))
    let said = try Self.judge([idle], queues: [queue(task: "a.one")], running: [run])
    #expect(said.first?.message == "2 of 2 tasks in use run without a limit: a.one, a.two")
    #expect(try Self.judge([idle], queues: [queue("other", task: "a.one")]) == .healthy)
  }

  @Test func aLimitOfThePoolOrOfTheCallIsALimit() throws {
    let used = ["a.one": 4]
    #expect(
      try Self.judge([worker(registered: Self.tasks, totals: used, hardLimit: 300)]) == .healthy)
    var limited = queue(task: "a.one")
    limited.head = .value(
      MessageFacts(task: "a.one", deliveryTag: "1", hardLimit: Seconds(60)))
    #expect(
      try Self.judge([worker(registered: Self.tasks, totals: used)], queues: [limited]) == .healthy)
  }

  @Test func withoutRegistrationsOrCountsNothingIsKnown() throws {
    #expect(
      try Self.judge([worker()]).reason == "the tasks of celery@w1: not asked yet")
    #expect(
      try Self.judge([worker(pool: nil, registered: Self.tasks)]).reason
        == "what celery@w1 has run: not asked yet")
  }

  @Test func aFewMayBeAllowed() throws {
    let facts = worker(registered: Self.tasks, totals: ["a.one": 4])
    #expect(try Self.judge([facts], set: ["no-time-limit.tasks=2"]) == .healthy)
  }
}
