import FoundationEssentials
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct TaskTrackTests {
  private static func statistics(
    from start: Double, heard: Double, failed: Int = 0, name: String = "shop.pay"
  ) -> TaskStatistics {
    let begin = noon + Seconds(start)
    let time = CountedTime(from: begin, to: begin + Seconds(heard), heard: Seconds(heard))
    let tally = TaskTally(
      TaskCounts(received: failed, failed: failed), failures: ["KeyError": failed],
      retries: ["Timeout": 2 * failed])
    return TaskStatistics(
      since: begin, recent: time, minute: time,
      tasks: [TaskFacts(name: name, total: tally, recent: failed > 0 ? tally : TaskTally())],
      nodes: [
        NodeTaskFacts(node: "a@host", recent: TaskCounts(failed: failed, workerLost: failed))
      ])
  }

  private static func snapshot(_ statistics: TaskStatistics) -> Snapshot {
    var snapshot = TaskmonHealthTests.snapshot(at: statistics.recent.end)
    snapshot.tasks = .value(statistics)
    return snapshot
  }

  /// Several runs of `check`, each of which reads what the one before wrote.
  private static func remembered(of runs: [TaskStatistics]) throws -> SnapshotHistory {
    try runs.reduce(SnapshotHistory()) { history, run in
      var next = try JSONDecoder().decode(
        SnapshotHistory.self, from: JSONEncoder().encode(history))
      next.absorb(snapshot(run))
      return next
    }
  }

  @Test func aProcessReplacesItsOwnWindow() {
    var history = SnapshotHistory()
    history.absorb(Self.snapshot(Self.statistics(from: 0, heard: 10, failed: 3)))
    history.absorb(Self.snapshot(Self.statistics(from: 0, heard: 20, failed: 4)))
    let window = history.tasks.window(at: noon + Seconds(20))
    #expect(window?.heard == Seconds(20))
    #expect(window?.tasks["shop.pay"]?.counts.failed == 4)
  }

  @Test func runsAddUpToTenHeardMinutesAndNoFurther() throws {
    let runs = (0..<8).map { Self.statistics(from: Double($0) * 200, heard: 100, failed: 1) }
    let window = try Self.remembered(of: runs).tasks.window(at: noon + Seconds(1500))
    #expect(
      window
        == TaskWindow(
          counted: CountedTime(
            from: noon + Seconds(400), to: noon + Seconds(1500), heard: Seconds(600)),
          tasks: [
            "shop.pay": TaskTally(
              TaskCounts(received: 6, failed: 6), failures: ["KeyError": 6],
              retries: ["Timeout": 12])
          ],
          nodes: ["a@host": TaskCounts(failed: 6, workerLost: 6)]))
  }

  @Test func whatLiesTooFarBackCountsNoMore() throws {
    let history = try Self.remembered(of: [
      Self.statistics(from: 0, heard: 10, failed: 5),
      Self.statistics(from: 7300, heard: 10, failed: 1),
    ])
    let window = history.tasks.window(at: noon + Seconds(7310))
    #expect(window?.tasks["shop.pay"]?.counts.failed == 1)
    #expect(window?.heard == Seconds(10))
  }

  @Test func whatIsRememberedIsBounded() throws {
    let runs = (0..<70).map { Self.statistics(from: Double($0) * 10, heard: 1, failed: 1) }
    #expect(try Self.remembered(of: runs).tasks.earlier.count == 64)
    var crowd = Self.statistics(from: 0, heard: 10)
    crowd.tasks = (0..<500).map { number in
      TaskFacts(name: "task \(number)", recent: TaskTally(TaskCounts(received: number + 1)))
    }
    let next = Self.statistics(from: 60, heard: 10)
    let kept = try Self.remembered(of: [crowd, next]).tasks.earlier.last?.tasks ?? [:]
    #expect(kept.count == 200)
    #expect(kept["task 499"] != nil && kept["task 0"] == nil)
  }

  @Test func nothingHeardIsNoWindow() throws {
    #expect(SnapshotHistory().tasks.window(at: noon) == nil)
    let history = try Self.remembered(of: [Self.statistics(from: 0, heard: 0)])
    let read = try JSONDecoder().decode(
      SnapshotHistory.self, from: JSONEncoder().encode(history))
    #expect(read.tasks.window(at: noon) == nil)
  }

  @Test func whatAnExceptionSaidIsNotEncoded() throws {
    let failure = RecentFailure(
      id: "1", task: "shop.pay", worker: WorkerID(name: "a@host", pid: 7), at: noon,
      exceptionClass: "KeyError", message: "KeyError('secret')", traceback: "secret.py")
    let text = String(decoding: try JSONEncoder().encode(failure), as: UTF8.self)
    #expect(!text.contains("secret"))
    var read = try JSONDecoder().decode(RecentFailure.self, from: Data(text.utf8))
    #expect(read.message == nil && read.traceback == nil)
    (read.message, read.traceback) = (failure.message, failure.traceback)
    #expect(read == failure)
  }

  @Test func aWorkerIsRememberedWithWhatItHeld() {
    var snapshot = TaskmonHealthTests.snapshot()
    let id = WorkerID(name: "a@host", pid: 7)
    let held = HeldTask(id: "2", task: "shop.pay", since: noon)
    snapshot.workers = .value([
      WorkerFacts(id: id, firstHeard: noon, events: WorkerEventFacts(held: 1, longestHeld: [held]))
    ])
    snapshot.running = .value([
      RunningTask(id: "1", task: "shop.sum", worker: id, startedAt: noon, acknowledged: true)
    ])
    let run = HeldTask(
      id: "1", task: "shop.sum", since: noon, isRunning: true, acknowledged: true)
    #expect(history(of: snapshot).workers[id]?.holdings == [run, held])
  }
}
