import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct StuckTaskTests {
  private static func run(
    _ seconds: Double, hard: Double? = nil, soft: Double? = nil, known: Bool = true,
    confirmed: Double? = nil, task: String? = "billing.sync", id: String = "id-1",
    worker: String = "celery@w1", pid: Int? = 100, usual: RuntimeStatistics? = nil
  ) -> RunningTask {
    RunningTask(
      id: id, task: task, worker: WorkerID(name: worker, pid: pid), startedAt: ago(seconds),
      confirmedAt: confirmed.map(ago),
      limits: TaskLimits(
        hard: hard.map { Seconds($0) }, soft: soft.map { Seconds($0) }, isKnown: known),
      usual: usual)
  }

  private static func seen(
    _ runs: [RunningTask], observed: Double = 7200, gap: Double? = nil,
    workers: [WorkerFacts] = [worker()]
  ) -> SnapshotHistory {
    history(
      of: snapshot(
        observed: observed, workers: .value(workers), lastGap: gap.map(ago), running: .value(runs)))
  }

  @Test(
    arguments: [
      (70.0, 60.0, nil, []), (70.1, 60.0, nil, ["critical billing.sync"]),
      (59.9, 600.0, 30.0, []), (60.1, 600.0, 30.0, ["critical billing.sync"]),
      (300.0, 600.0, 200.0, []), (300.1, 600.0, 200.0, ["critical billing.sync"]),
    ] as [(Double, Double?, Double?, [String])])
  func pastALimitAndItsMarginIsCritical(
    _ seconds: Double, _ hard: Double?, _ soft: Double?, _ wanted: [String]
  ) throws {
    let said = try verdict(
      StuckTask.self, Self.seen([Self.run(seconds, hard: hard, soft: soft)]))
    #expect(told(said) == wanted)
    #expect((said == .healthy) == wanted.isEmpty)
  }

  @Test(
    arguments: [
      (3600.0, nil, []), (3600.1, nil, ["warning billing.sync"]),
      (3600.0, RuntimeStatistics(runs: 19, p99: Seconds(1)), []),
      (600.0, RuntimeStatistics(runs: 20, p99: Seconds(1)), []),
      (600.1, RuntimeStatistics(runs: 20, p99: Seconds(1)), ["warning billing.sync"]),
      (3500.0, RuntimeStatistics(runs: 20, p99: Seconds(350)), []),
      (3500.1, RuntimeStatistics(runs: 20, p99: Seconds(350)), ["warning billing.sync"]),
    ] as [(Double, RuntimeStatistics?, [String])])
  func withoutALimitItIsTheUsualRuntimeThatCounts(
    _ seconds: Double, _ usual: RuntimeStatistics?, _ wanted: [String]
  ) throws {
    let said = try verdict(StuckTask.self, Self.seen([Self.run(seconds, usual: usual)]))
    #expect(told(said) == wanted)
  }

  @Test func theMessageNamesWorkerAndLimitAndSinceIsWhenItWasPassed() throws {
    let finding = try verdict(StuckTask.self, Self.seen([Self.run(850, hard: 60)])).first
    #expect(finding?.message == "running 14m 10s on celery@w1, hard limit 60s")
    #expect(finding?.since == ago(780))
    #expect(finding?.evidence("taskID") == .text("id-1"))
    #expect(finding?.evidence("runningSeconds") == .number(850))
    #expect(finding?.evidence("hardLimitSeconds") == .number(60))
    #expect(finding?.evidence("softLimitSeconds") == .text("none"))
    #expect(finding?.evidence("limitEnforced") == .flag(true))
  }

  @Test(arguments: [PoolKind.threads, .solo, .eventlet])
  func aPoolThatCannotEnforceTheLimitIsNamed(_ pool: PoolKind) throws {
    let finding = try verdict(
      StuckTask.self, Self.seen([Self.run(100, hard: 60)], workers: [worker(pool: pool)])
    ).first
    #expect(
      finding?.message
        == "running 1m 40s on celery@w1, hard limit 60s, which the \(pool.rawValue) pool cannot"
        + " enforce")
    #expect(finding?.evidence("limitEnforced") == .flag(false))
    #expect(finding?.remedy.contains("use the prefork pool") == true)
  }

  /// Tried with Celery 5.7: its timeout is the hard limit's, and nothing is done for the soft one.
  @Test func geventEnforcesTheHardLimitAndNotTheSoftOne() throws {
    let gevent = [worker(pool: .gevent)]
    let hard = try verdict(
      StuckTask.self, Self.seen([Self.run(100, hard: 60)], workers: gevent)
    ).first
    #expect(hard?.message == "running 1m 40s on celery@w1, hard limit 60s")
    #expect(hard?.evidence("limitEnforced") == .flag(true))
    let soft = try verdict(
      StuckTask.self, Self.seen([Self.run(100, hard: 600, soft: 60)], workers: gevent)
    ).first
    #expect(
      soft?.message
        == "running 1m 40s on celery@w1, soft limit 60s, which the gevent pool cannot enforce")
    #expect(soft?.evidence("limitEnforced") == .flag(false))
    #expect(soft?.remedy.contains("set task_time_limit") == true)
  }

  @Test(
    arguments: [
      (.prefork, nil, true), (.eventlet, nil, true), (.gevent, nil, true), (.threads, nil, false),
      (.solo, nil, false), (.threads, 60.0, false), (.eventlet, 60.0, true), (.gevent, 60.0, false),
    ] as [(PoolKind, Double?, Bool)])
  func noPoolIsToldToTerminateThatCannot(
    _ pool: PoolKind, _ hard: Double?, _ canTerminate: Bool
  ) throws {
    let finding = try verdict(
      StuckTask.self, Self.seen([Self.run(4000, hard: hard)], workers: [worker(pool: pool)])
    ).first
    let wanted =
      canTerminate
      ? "celery -A APP control terminate SIGKILL id-1; then " : "restart celery@w1; then "
    #expect(finding?.remedy.hasPrefix(wanted) == true, "\(finding?.remedy ?? "none")")
  }

  @Test func severalRunsOfOneTaskAreOneFindingOnTheOldest() throws {
    let runs = [Self.run(100, hard: 60), Self.run(400, hard: 60, id: "id-2")]
    let said = try verdict(StuckTask.self, Self.seen(runs))
    #expect(told(said) == ["critical billing.sync"])
    #expect(said.first?.evidence("taskID") == .text("id-2"))
    #expect(said.first?.evidence("stuckRuns") == .number(2))
  }

  @Test func aRunWhoseNameWasNotHeardIsAnUnknownTask() throws {
    let said = try verdict(StuckTask.self, Self.seen([Self.run(100, hard: 60, task: nil)]))
    #expect(told(said) == ["critical unknown task"])
  }

  @Test func aRunWithinItsLimitsIsHealthyHoweverLong() throws {
    let said = try verdict(StuckTask.self, Self.seen([Self.run(7000, hard: 7200)]))
    #expect(said == .healthy)
  }

  @Test func afterAMissedEventOnlyAReplyConfirmsARun() throws {
    let missed = try verdict(StuckTask.self, Self.seen([Self.run(100, hard: 60)], gap: 50))
    #expect(missed.reason == "no reply has confirmed that billing.sync still runs")
    let confirmed = [Self.run(100, hard: 60, confirmed: 5)]
    #expect(
      told(try verdict(StuckTask.self, Self.seen(confirmed, gap: 50)))
        == ["critical billing.sync"])
  }

  @Test func aRunFromBeforeTaskmonListenedNeedsAReply() throws {
    let run = Self.run(100, hard: 60)
    #expect(try verdict(StuckTask.self, Self.seen([run], observed: 30)).reason != nil)
  }

  @Test func aReplyProvesOnlyTheTimeUpToIt() throws {
    let early = [Self.run(100, hard: 60, confirmed: 35)]
    #expect(try verdict(StuckTask.self, Self.seen(early, gap: 50)) == .healthy)
    let stale = [Self.run(1000, hard: 60, confirmed: 301)]
    #expect(
      try verdict(StuckTask.self, Self.seen(stale, gap: 50)).reason
        == "celery@w1 last confirmed what it runs 5m 1s ago")
  }

  @Test func theTasksOfALostOrStoppedWorkerDoNotRun() throws {
    let run = [Self.run(500, hard: 60, confirmed: 200)]
    let lost = Self.seen(run, workers: [worker(heard: 200, replied: nil)])
    #expect(try verdict(StuckTask.self, lost) == .healthy)
    let stopped = Self.seen(run, workers: [worker(offline: 1)])
    #expect(try verdict(StuckTask.self, stopped) == .healthy)
  }

  @Test func aSilentSoloWorkerKeepsItsLastKnownTask() throws {
    let solo = worker(heard: 500, replied: nil, pool: .solo, oldestStart: 500)
    let finding = try verdict(
      StuckTask.self, Self.seen([Self.run(500, hard: 60)], workers: [solo])
    ).first
    #expect(finding?.severity == .critical)
    #expect(finding?.message.hasSuffix("a dead one would look the same") == true)
  }

  @Test func limitsNobodyHeardAreNotNone() throws {
    let old = try verdict(StuckTask.self, Self.seen([Self.run(61, known: false)]))
    #expect(old.reason == "the time limits of billing.sync were not heard")
    #expect(try verdict(StuckTask.self, Self.seen([Self.run(60, known: false)])) == .healthy)
  }

  @Test func withoutKnowingWhatRunsNothingIsJudged() throws {
    let said = try verdict(
      StuckTask.self, history(of: snapshot(running: .unavailable("no task events, --read-only"))))
    #expect(said == .unknown("no task events, --read-only"))
  }

  @Test func oneTaskMayHaveAMarginOfItsOwn() throws {
    let seen = Self.seen([Self.run(100, hard: 60)])
    #expect(
      try verdict(StuckTask.self, seen, set: ["stuck-task[billing.sync].hard-margin=1m"])
        == .healthy)
  }
}
