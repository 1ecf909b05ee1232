import Foundation
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct PrintInTaskTests {
  private static func file(
    _ counts: LogCounts, _ path: String = "/var/log/w1.log", node: String? = "celery@w1",
    heard: Double = 600, names: Bool? = nil, lines: Int = 100, records: Int = 100
  ) -> WorkerLogFile {
    let counted = CountedTime(from: ago(heard), to: noon, heard: Seconds(heard))
    return WorkerLogFile(
      path: path, node: node, window: LogWindow(counted: counted, counts: counts),
      namesLoggers: names, lines: lines, records: records)
  }

  private static func seen(
    _ files: [WorkerLogFile], problems: [String] = [], workers: [WorkerFacts] = [worker()]
  ) -> SnapshotHistory {
    var now = snapshot(workers: .value(workers))
    now.workerLogs = WorkerLogFacts(readAt: ago(1), files: files, problems: problems)
    return history(of: now)
  }

  private static func said(
    _ counts: LogCounts, heard: Double = 600, names: Bool? = nil, pool: PoolKind? = .prefork,
    settings: WorkerSettings? = nil, set: [String] = []
  ) throws -> Verdict {
    try verdict(
      PrintInTask.self,
      seen(
        [file(counts, heard: heard, names: names)],
        workers: [worker(pool: pool, settings: settings)]), set: set)
  }

  private static func plain(_ warnings: Int, others: [String: Int] = [:]) -> LogCounts {
    LogCounts(poolLevels: warnings > 0 ? others.merging(["WARNING": warnings]) { $1 } : others)
  }

  // MARK: Fires

  @Test func oneLineThatTheLogCallsRedirectedIsAWarning() throws {
    let counts = LogCounts(
      redirected: 1, poolLevels: ["INFO": 40], processes: ["ForkPoolWorker-2": 1],
      tasks: ["shop.pay": 1])
    let said = try Self.said(counts, names: true)
    #expect(told(said) == ["warning celery@w1"])
    #expect(said.first?.message == "1 line of standard output in 10m, mostly in shop.pay")
    #expect(said.first?.evidence("tasks") == .list(["shop.pay 1"]))
    #expect(said.first?.evidence("processes") == .list(["ForkPoolWorker-2 1"]))
    #expect(said.first?.evidence("formatNamesLogger") == .flag(true))
    #expect(said.first?.evidence("files") == .list(["/var/log/w1.log"]))
  }

  @Test(
    arguments: [
      (9, [:], "info"), (10, [:], "warning"), (1, [:], "info"), (10, ["INFO": 1], "info"),
      (500, ["ERROR": 2], "info"),
    ] as [(Int, [String: Int], String)])
  func tenPlainLinesAreAWarningWhereNothingElseLooksLikeThem(
    _ warnings: Int, _ others: [String: Int], _ wanted: String
  ) throws {
    let said = try Self.said(Self.plain(warnings, others: others))
    #expect(told(said) == ["\(wanted) celery@w1"])
    if wanted == "info" {
      #expect(said.first?.message.contains("%(name)s in worker_log_format") == true)
    }
  }

  @Test func anotherLevelOfTheDayBeforeStillSpeaksForALogger() throws {
    var past = snapshot(at: ago(3600), workers: .value([worker()]))
    past.workerLogs = WorkerLogFacts(
      readAt: ago(3600), files: [Self.file(Self.plain(0, others: ["INFO": 1]))])
    var now = snapshot(workers: .value([worker()]))
    now.workerLogs = WorkerLogFacts(readAt: ago(1), files: [Self.file(Self.plain(50))])
    let said = try verdict(PrintInTask.self, history(of: past, now))
    #expect(told(said) == ["info celery@w1"])
    #expect(said.first?.evidence("otherLevels") == .list(["INFO"]))
  }

  @Test func aLongerTimeTakesMoreLines() throws {
    #expect(told(try Self.said(Self.plain(29), heard: 1800)) == ["info celery@w1"])
    #expect(told(try Self.said(Self.plain(30), heard: 1800)) == ["warning celery@w1"])
    #expect(told(try Self.said(LogCounts(redirected: 1), heard: 86400)) == ["warning celery@w1"])
  }

  @Test func theLevelOfRedirectedOutputIsTheWorkersOwn() throws {
    let settings = WorkerSettings(redirectsOutput: true, redirectLevel: "INFO")
    #expect(
      told(try Self.said(LogCounts(poolLevels: ["INFO": 10]), settings: settings))
        == ["warning celery@w1"])
    #expect(try Self.said(Self.plain(50), settings: settings) == .healthy)
  }

  @Test func outputThatIsNotRedirectedIsTold() throws {
    let said = try Self.said(.zero, settings: WorkerSettings(redirectsOutput: false))
    #expect(told(said) == ["info celery@w1"])
    #expect(said.first?.message.hasPrefix("worker_redirect_stdouts is off") == true)
  }

  @Test(
    arguments: [
      (.threads, ["warning celery@w1"]), (.solo, ["warning celery@w1"]),
      (.gevent, ["warning celery@w1"]), (.prefork, []), (nil, ["info celery@w1"]),
    ] as [(PoolKind?, [String])])
  func theMainProcessRunsTasksInSomePoolsOnly(_ pool: PoolKind?, _ wanted: [String]) throws {
    let said = try Self.said(LogCounts(redirectedInMain: 3), names: true, pool: pool)
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test func plainLinesOfAMainProcessThatRunsTasksAreNeverMoreThanInfo() throws {
    let counts = LogCounts(mainLevels: ["WARNING": 40])
    #expect(told(try Self.said(counts, pool: .threads)) == ["info celery@w1"])
    #expect(try Self.said(LogCounts(mainLevels: ["WARNING": 9]), pool: .solo) == .healthy)
    #expect(try Self.said(counts, pool: .prefork) == .healthy)
  }

  @Test func theFilesOfOneWorkerAreJudgedTogether() throws {
    let files = [
      Self.file(Self.plain(6), "/log/w1-1.log"), Self.file(Self.plain(6), "/log/w1-2.log"),
      Self.file(LogCounts(redirected: 2), "/log/other.log", node: nil),
    ]
    let said = try verdict(PrintInTask.self, Self.seen(files))
    #expect(told(said) == ["warning celery@w1", "warning other.log"])
    #expect(said.first?.evidence("lines") == .number(12))
  }

  @Test func howManyItTakesCanBeSet() throws {
    #expect(
      told(try Self.said(LogCounts(redirected: 1), set: ["print-in-task.redirected=2"])).isEmpty)
    #expect(
      told(try Self.said(Self.plain(3), set: ["print-in-task.lines=3"])) == ["warning celery@w1"])
  }

  // MARK: Stays quiet

  @Test func loggersOfTasksAndNamedOnesAreNoPrints() throws {
    #expect(try Self.said(LogCounts(ofTasks: 500, named: 500), names: true) == .healthy)
    #expect(try Self.said(LogCounts(poolLevels: ["INFO": 500, "ERROR": 5])) == .healthy)
  }

  // MARK: Cannot know

  @Test func withoutLogsNothingIsKnown() throws {
    let said = try verdict(PrintInTask.self, history(of: snapshot(workers: .value([worker()]))))
    #expect(said == .unknown("no worker log is read: give --worker-log GLOB"))
    var unread = snapshot()
    unread.workerLogs = WorkerLogFacts()
    #expect(
      try verdict(PrintInTask.self, history(of: unread))
        == .unknown("the worker logs were not read yet"))
  }

  @Test func silenceIsHealthOnlyWhereAllLogsWereReadForLong() throws {
    #expect(
      try Self.said(LogCounts(ofTasks: 5), heard: 60).reason
        == "needs 10m of observation, has 1m")
    let one = [Self.file(LogCounts(ofTasks: 5))]
    let two = [worker(), worker("celery@w2", pid: 200)]
    #expect(
      try verdict(PrintInTask.self, Self.seen(one, workers: two)).reason
        == "no log that is read is known to be that of celery@w2")
    #expect(
      try verdict(PrintInTask.self, Self.seen(one, problems: ["no file matches /x"])).reason
        == "no file matches /x")
    let foreign = [Self.file(.zero, records: 0)]
    #expect(
      try verdict(PrintInTask.self, Self.seen(foreign)).reason
        == "the format of w1.log is not understood: 100 lines")
  }

  // MARK: Across runs

  private static func reread(_ history: SnapshotHistory) throws -> SnapshotHistory {
    try JSONDecoder().decode(SnapshotHistory.self, from: try JSONEncoder().encode(history))
  }

  /// Four runs of five minutes each, in the last of which so much was passed over.
  private static func fourRuns(
    _ counts: LogCounts, skipped: ByteCount = .zero
  ) throws -> SnapshotHistory {
    var history = SnapshotHistory()
    for run in [3, 2, 1, 0] {
      let end = ago(Double(run) * 300)
      var now = snapshot(at: end, workers: .value([worker(now: end)]))
      let counted = CountedTime(from: end - Seconds(300), to: end, heard: Seconds(300))
      var file = Self.file(.zero)
      file.window = LogWindow(counted: counted, counts: counts)
      if run == 0 { file.skipped = skipped }
      now.workerLogs = WorkerLogFacts(readAt: end, files: [file])
      history.absorb(now)
      if run > 0 { history = try Self.reread(history) }
    }
    return history
  }

  @Test func whatEarlierRunsReadCountsUntilTenMinutesAreFull() throws {
    let said = try verdict(PrintInTask.self, Self.fourRuns(Self.plain(5)))
    #expect(told(said) == ["warning celery@w1"])
    #expect(said.first?.evidence("lines") == .number(10))
    #expect(said.first?.evidence("heardSeconds") == .number(600))
  }

  @Test func whatWasReadBeforeLinesWerePassedOverProvesNothing() throws {
    let tasks = LogCounts(ofTasks: 5)
    #expect(try verdict(PrintInTask.self, Self.fourRuns(tasks)) == .healthy)
    #expect(
      try verdict(PrintInTask.self, Self.fourRuns(tasks, skipped: .mebibytes(90))).reason
        == "needs 10m of observation, has 5m")
  }
}
