import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct DuplicateExecutionTests {
  private static let first = WorkerID(name: "celery@w1", pid: 100)

  private static func seen(
    _ duplicates: [WorkerID: Int] = [:], handedBack: Int = 0, runs: Int = 100,
    task: String = "shop.pay", heard: Double = 600, known: [TaskmonModel.DuplicateExecution] = [],
    workers: [WorkerFacts] = [worker(events: heartbeats())]
  ) -> SnapshotHistory {
    let all = duplicates.values.reduce(handedBack, +)
    let tally = TaskTally(
      TaskCounts(received: runs, started: runs, succeeded: runs, duplicates: all),
      marks: TaskMarks(duplicates: duplicates, handedBack: handedBack))
    return history(
      of: snapshot(
        observed: heard, workers: .value(workers),
        tasks: statistics([task: tally], heard: heard, duplicates: known)))
  }

  @Test(
    arguments: [
      (0, 100, []), (1, 100, ["warning shop.pay"]), (4, 4, ["warning shop.pay"]),
      (5, 500, ["warning shop.pay"]), (5, 499, ["critical shop.pay"]),
      (50, 100, ["critical shop.pay"]),
    ] as [(Int, Int, [String])])
  func oneIsAWarningAndManyAreCritical(_ count: Int, _ runs: Int, _ wanted: [String]) throws {
    let said = try verdict(
      TaskmonHealth.DuplicateExecution.self,
      Self.seen(count > 0 ? [Self.first: count] : [:], runs: runs))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingNamesTheWorkersAndTheTask() throws {
    let second = WorkerID(name: "celery@w2", pid: 7)
    let known = [
      TaskmonModel.DuplicateExecution(
        id: "id-2", task: "shop.pay", first: Self.first, firstAt: ago(80), second: second,
        secondAt: ago(20)),
      TaskmonModel.DuplicateExecution(
        id: "id-3", task: "shop.mail", first: Self.first, firstAt: ago(80), second: second,
        secondAt: ago(30)),
      TaskmonModel.DuplicateExecution(
        id: "id-1", task: "shop.pay", first: Self.first, firstAt: ago(90), second: second,
        secondAt: ago(40)),
    ]
    let finding = try verdict(
      TaskmonHealth.DuplicateExecution.self, Self.seen([Self.first: 2], runs: 40, known: known)
    ).first
    #expect(
      finding?.message
        == "2 of 40 starts in 10m (5 %) were second runs of one and the same attempt")
    #expect(finding?.since == ago(40))
    #expect(finding?.evidence("lastTaskID") == .text("id-2"))
    #expect(finding?.evidence("lastSecondWorker") == .text("celery@w2"))
    #expect(finding?.evidence("firstWorkers") == .list(["celery@w1"]))
    #expect(finding?.evidence("runs") == .number(40))
  }

  @Test func whatRunsAgainAfterItsWorkerWasLostIsInfo() throws {
    let lost = worker("celery@w1", heard: 400, replied: nil, events: heartbeats())
    let other = worker("celery@w2", pid: 200, events: heartbeats())
    let said = try verdict(
      TaskmonHealth.DuplicateExecution.self, Self.seen([Self.first: 20], workers: [lost, other]))
    #expect(told(said) == ["info shop.pay"])
    #expect(said.first?.evidence("afterLoss") == .number(20))
    let stopped = worker("celery@w1", heard: 300, offline: 300, events: heartbeats())
    #expect(
      told(
        try verdict(
          TaskmonHealth.DuplicateExecution.self,
          Self.seen([Self.first: 20], workers: [stopped, other])))
        == ["info shop.pay"])
  }

  @Test func aWorkerThatHasJustFallenSilentIsNotBlamedYet() throws {
    let silent = worker("celery@w1", heard: 8, replied: nil, events: heartbeats())
    #expect(
      told(
        try verdict(
          TaskmonHealth.DuplicateExecution.self, Self.seen([Self.first: 1], workers: [silent])))
        == ["info shop.pay"])
    let late = worker("celery@w1", heard: 4, events: heartbeats())
    #expect(
      told(
        try verdict(
          TaskmonHealth.DuplicateExecution.self, Self.seen([Self.first: 1], workers: [late])))
        == ["warning shop.pay"])
  }

  @Test func aWorkerThatWasForgottenIsGone() throws {
    let other = worker("celery@w2", pid: 200, events: heartbeats())
    #expect(
      told(
        try verdict(
          TaskmonHealth.DuplicateExecution.self, Self.seen([Self.first: 20], workers: [other])))
        == ["info shop.pay"])
    // Of one that was never heard to say its pid it is not known which process it is.
    let nameless = worker("celery@w1", pid: nil, events: heartbeats())
    #expect(
      told(
        try verdict(
          TaskmonHealth.DuplicateExecution.self, Self.seen([Self.first: 1], workers: [nameless])))
        == ["warning shop.pay"])
  }

  @Test func aSoloWorkerAtWorkIsThere() throws {
    let busy = worker(
      "celery@w1", heard: 400, replied: nil, pool: .solo, oldestStart: 400, events: heartbeats())
    #expect(
      told(
        try verdict(
          TaskmonHealth.DuplicateExecution.self, Self.seen([Self.first: 1], workers: [busy])))
        == ["warning shop.pay"])
  }

  @Test func whatWasGivenBackIsInfo() throws {
    let said = try verdict(TaskmonHealth.DuplicateExecution.self, Self.seen(handedBack: 3))
    #expect(told(said) == ["info shop.pay"])
    #expect(
      said.first?.message
        == "3 runs were repeated in 10m, after the worker was gone or had given the message back")
  }

  @Test func whatWasOnlyReceivedTwiceIsNothing() throws {
    let tally = TaskTally(TaskCounts(received: 200, started: 100, redelivered: 100))
    let seen = history(
      of: snapshot(
        workers: .value([worker(events: heartbeats())]), tasks: statistics(["shop.pay": tally])))
    #expect(try verdict(TaskmonHealth.DuplicateExecution.self, seen) == .healthy)
  }

  @Test func silenceIsHealthOnlyAfterTenMinutesOfAllWorkers() throws {
    #expect(
      try verdict(TaskmonHealth.DuplicateExecution.self, Self.seen(heard: 20))
        == .unknown("needs 10m of observation, has 20s"))
    #expect(
      told(
        try verdict(TaskmonHealth.DuplicateExecution.self, Self.seen([Self.first: 1], heard: 20)))
        == ["warning shop.pay"])
    #expect(
      try verdict(TaskmonHealth.DuplicateExecution.self, history(of: snapshot()))
        == .unknown("the event channel was not heard yet"))
    #expect(
      try verdict(
        TaskmonHealth.DuplicateExecution.self, Self.seen(workers: [worker(sendsTaskEvents: false)])
      ).reason == "celery@w1 sends no task events")
  }

  @Test func howManyItTakesCanBeSetForOneTask() throws {
    let lenient = ["duplicate-execution[shop.pay].duplicates=10"]
    #expect(
      try verdict(TaskmonHealth.DuplicateExecution.self, Self.seen([Self.first: 9]), set: lenient)
        == .healthy
    )
    #expect(
      told(
        try verdict(
          TaskmonHealth.DuplicateExecution.self, Self.seen([Self.first: 10]), set: lenient))
        == ["critical shop.pay"])
  }
}
