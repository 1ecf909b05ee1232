import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite("Worker metrics")
struct WorkerFamiliesTests {
  static func up(_ snapshots: [Snapshot]) -> [String] {
    var input = Shop.input()
    for snapshot in snapshots { input.history.absorb(snapshot) }
    return Shop.lines("celery_worker_up", in: input)
  }

  static func snapshot(_ workers: WorkerFacts..., at now: Timestamp = Shop.now) -> Snapshot {
    var snapshot = Shop.snapshot(at: now)
    snapshot.workers = .value(workers)
    return snapshot
  }

  @Test("call a host up while any of its workers is alive")
  func anyUp() {
    let lines = Self.up([
      Self.snapshot(Shop.worker("a@host", heard: .minutes(10)), Shop.worker("b@host", pid: 8))
    ])
    #expect(lines == [#"celery_worker_up{hostname="host"} 1"#])
  }

  @Test(
    "keep a lost worker at 0 for an hour and then forget it",
    arguments: [(20, " 1"), (29, " 1"), (40, " 0"), (3_500, " 0"), (3_700, nil)]
      as [(Double, String?)])
  func lost(silence: Double, value: String?) {
    let before = Self.snapshot(Shop.worker("a@host", heard: .zero))
    let later = Self.snapshot(at: Shop.now + Seconds(silence))
    #expect(
      Self.up([before, later]) == value.map { [#"celery_worker_up{hostname="host"}"# + $0] } ?? [])
  }

  @Test("call a worker down at once when it says goodbye, and up when it is back")
  func offline() {
    var gone = Shop.worker("a@host")
    gone.offlineSince = Shop.now
    #expect(Self.up([Self.snapshot(gone)]) == [#"celery_worker_up{hostname="host"} 0"#])
    let back = Shop.worker("a@host", pid: 8)
    #expect(Self.up([Self.snapshot(gone, back)]) == [#"celery_worker_up{hostname="host"} 1"#])
  }

  @Test("say nothing of a worker's silence while taskmon itself was deaf")
  func deaf() {
    var later = Self.snapshot(at: Shop.now + .minutes(5))
    later.events.heard = [Interval(from: Shop.now - .hours(1), to: Shop.now)]
    #expect(Self.up([Self.snapshot(Shop.worker("a@host")), later]) == [])
  }

  @Test(
    "do not call a busy solo worker dead",
    arguments: [(PoolKind.solo, true, " 1"), (.solo, false, nil), (.prefork, true, " 0")]
      as [(PoolKind, Bool, String?)])
  func busy(pool: PoolKind, hasStarted: Bool, value: String?) {
    var worker = Shop.worker("a@host", heard: .minutes(5))
    worker.stats = .value(WorkerStats(repliedAt: Shop.now, pool: pool))
    worker.oldestStart = hasStarted ? Shop.now - .minutes(5) : nil
    #expect(
      Self.up([Self.snapshot(worker)]) == value.map { [#"celery_worker_up{hostname="host"}"# + $0] }
        ?? [])
  }

  @Test(
    "judge a worker without heartbeats by its answers, while it is asked",
    arguments: [(50, nil, " 1"), (300, nil, " 0"), (300, "--read-only", nil)]
      as [(Double, String?, String?)])
  func answersOnly(silence: Double, suspended: String?, value: String?) {
    var snapshot = Self.snapshot(Shop.worker("a@host", heard: nil, replied: Seconds(silence)))
    snapshot.inspection = InspectionFacts(lastRound: Shop.now, suspended: suspended)
    #expect(Self.up([snapshot]) == value.map { [#"celery_worker_up{hostname="host"}"# + $0] } ?? [])
  }

  @Test("add up what the workers of a host run, unless one does not tell")
  func active() {
    var first = Shop.worker("a@host")
    first.active = 2
    var second = Shop.worker("b@host", pid: 8)
    second.active = 3
    let lost = Shop.worker("c@host", pid: 9, heard: .minutes(10))
    let silent = Shop.worker("d@host", pid: 10)
    let line = #"celery_worker_tasks_active{hostname="host"} 5"#
    let name = "celery_worker_tasks_active"
    #expect(Shop.lines(name, in: Shop.input(Self.snapshot(first, second, lost))) == [line])
    #expect(Shop.lines(name, in: Shop.input(Self.snapshot(first, second, silent))) == [])
  }

  @Test("count for a name what its newest living process has done, so that a restart is a reset")
  func restarted() {
    var old = Shop.worker("a@host", heard: .minutes(10))
    old.processed = 500
    var new = Shop.worker("a@host", pid: 8)
    new.firstHeard = Shop.now - .minutes(9)
    new.processed = 3
    #expect(
      Shop.lines("celery_worker_processed_total", in: Shop.input(Self.snapshot(old, new))) == [
        #"celery_worker_processed_total{worker="a@host"} 3"#
      ])
  }

  @Test("describe each living process")
  func information() {
    #expect(
      Shop.lines("celery_worker_info", in: Shop.full) == [
        #"celery_worker_info{worker="celery@w1",hostname="w1","#
          + #"pid="7",version="5.7.0",pool="prefork"} 1"#,
        #"celery_worker_info{worker="second@w1",hostname="w1","#
          + #"pid="8",version="",pool="threads"} 1"#,
      ])
  }

  @Test("are absent while workers are not known")
  func unknown() {
    #expect(!Shop.text(Shop.input(Shop.snapshot())).contains("celery_worker"))
  }
}
