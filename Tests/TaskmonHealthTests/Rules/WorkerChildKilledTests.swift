import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct WorkerChildKilledTests {
  private static func failure(
    _ seconds: Double, task: String? = "shop.render", node: String = "celery@w1",
    class name: String? = "WorkerLostError", message: String? = nil, traceback: String? = nil
  ) -> RecentFailure {
    RecentFailure(
      id: "id-\(Int(seconds))", task: task, worker: WorkerID(name: node, pid: 100),
      at: ago(seconds), exceptionClass: name, message: message, traceback: traceback)
  }

  private static func seen(
    _ lost: Int, failures: [RecentFailure] = [], heard: Double = 600,
    workers: [WorkerFacts] = [worker(events: heartbeats())]
  ) -> SnapshotHistory {
    let counts = TaskCounts(succeeded: 100, failed: lost, workerLost: lost)
    return history(
      of: snapshot(
        observed: heard, workers: .value(workers),
        tasks: statistics(nodes: ["celery@w1": counts], heard: heard, failures: failures)))
  }

  @Test(arguments: [(0, []), (1, []), (2, ["warning celery@w1"])] as [(Int, [String])])
  func twoKilledProcessesAreAWarning(_ lost: Int, _ wanted: [String]) throws {
    let said = try verdict(WorkerChildKilled.self, Self.seen(lost))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func theFindingNamesTasksAndSignals() throws {
    let killed = "WorkerLostError('Worker exited prematurely: signal 9 (SIGKILL) Job: 80.')"
    let traceback = "billiard.exceptions.WorkerLostError: Worker exited prematurely: signal 9 (SIG"
    let failures = [
      Self.failure(30, message: killed), Self.failure(90, traceback: traceback),
      Self.failure(700, message: killed),
      Self.failure(40, task: "shop.pay", class: "KeyError"),
      Self.failure(50, task: "shop.pay", node: "celery@w2"),
    ]
    let finding = try verdict(WorkerChildKilled.self, Self.seen(2, failures: failures)).first
    #expect(
      finding?.message
        == "2 processes were killed in 10m, mostly in shop.render; signal 9: usually out of memory")
    #expect(finding?.since == ago(90))
    #expect(finding?.evidence("tasks") == .list(["shop.render 2"]))
    #expect(finding?.evidence("signals") == .list(["9"]))
    #expect(finding?.evidence("lastTaskID") == .text("id-30"))
  }

  @Test func whereTheFailuresAreForgottenTheCountsNameTheTasks() throws {
    let tally = TaskTally(
      TaskCounts(failed: 7, workerLost: 5), failures: ["WorkerLostError": 5, "KeyError": 2])
    let seen = history(
      of: snapshot(
        workers: .value([worker(events: heartbeats())]),
        tasks: statistics(
          ["shop.render": tally, "shop.pay": TaskTally(TaskCounts(failed: 9))],
          nodes: ["celery@w1": TaskCounts(failed: 7, workerLost: 5)],
          failures: [Self.failure(5)])))
    let finding = try verdict(WorkerChildKilled.self, seen).first
    #expect(finding?.evidence("tasks") == .list(["shop.render 5"]))
  }

  @Test func aSignalThatSomebodySentIsNotCalledMemory() throws {
    let stopped = "WorkerLostError('Worker exited prematurely: signal 15 (SIGTERM) Job: 3.')"
    let failures = [Self.failure(30, message: stopped), Self.failure(31, message: "?")]
    let finding = try verdict(WorkerChildKilled.self, Self.seen(2, failures: failures)).first
    #expect(finding?.message == "2 processes were killed in 10m, mostly in shop.render")
    #expect(finding?.evidence("signals") == .list(["15"]))
  }

  @Test func otherFailuresAreNoKilledProcesses() throws {
    let counts = TaskCounts(succeeded: 0, failed: 500)
    let seen = history(
      of: snapshot(
        workers: .value([worker(events: heartbeats())]),
        tasks: statistics(nodes: ["celery@w1": counts])))
    #expect(try verdict(WorkerChildKilled.self, seen) == .healthy)
  }

  @Test func whatWasHeardCountsAtOnceAndSilenceOnlyAfterTenMinutes() throws {
    #expect(
      told(try verdict(WorkerChildKilled.self, Self.seen(2, heard: 20))) == ["warning celery@w1"])
    #expect(
      try verdict(WorkerChildKilled.self, Self.seen(1, heard: 20))
        == .unknown("needs 10m of observation, has 20s"))
  }

  @Test func aWorkerThatSendsNoEventsMayLoseChildrenUnseen() throws {
    let seen = Self.seen(0, workers: [worker(sendsTaskEvents: false)])
    #expect(
      try verdict(WorkerChildKilled.self, seen).reason == "celery@w1 sends no task events")
  }

  @Test func howManyItTakesCanBeSet() throws {
    #expect(
      told(
        try verdict(WorkerChildKilled.self, Self.seen(1), set: ["worker-child-killed.killed=1"]))
        == ["warning celery@w1"])
  }
}
