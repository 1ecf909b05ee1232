import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Worker states")
struct WorkerStateTests {
  /// A worker last heard so long before `now`, while we listened for an hour.
  static func state(
    heard: Double?, pool: PoolKind = .prefork, active: Int? = 0, offline: Bool = false,
    replied: Double? = nil, interval: Seconds? = Seconds(2), findings: [Finding] = [],
    listening: Double = 3600
  ) -> WorkerState? {
    let now = SampleData.now
    let worker = WorkerFacts(
      id: WorkerID(name: "celery@w3", pid: 331), firstHeard: SampleData.ago(3600),
      lastHeard: heard.map { SampleData.ago($0) }, lastReply: replied.map { SampleData.ago($0) },
      offlineSince: offline ? SampleData.ago(5) : nil, heartbeatInterval: interval, active: active,
      stats: .value(WorkerStats(repliedAt: now, pool: pool)))
    var snapshot = SampleData.snapshot(at: now)
    snapshot.workers = .value([worker])
    snapshot.events.heard = [Interval(from: SampleData.ago(listening), to: now)]
    var history = SnapshotHistory()
    history.absorb(snapshot)
    let report = HealthReport(takenAt: now, observed: Seconds(3600), findings: findings)
    let data = ConsoleData(history: history, report: report, broker: SampleData.broker)
    return SampleData.context(data).map { WorkerState.of(worker, $0) }
  }

  @Test("Silence is told from deafness, and the pool is taken into account")
  func states() {
    #expect(Self.state(heard: 1) == .online)
    #expect(Self.state(heard: 5) == .late)
    #expect(Self.state(heard: 31) == .lost)
    #expect(Self.state(heard: 31, interval: Seconds(10)) == .late)
    #expect(Self.state(heard: 31, pool: .solo, active: 1) == .silent)
    #expect(Self.state(heard: 31, pool: .solo, active: 0) == .lost)
    #expect(Self.state(heard: 31, pool: .threads, active: 1) == .lost)
    #expect(Self.state(heard: 31, offline: true) == .offline)
    #expect(Self.state(heard: 31, listening: 0) == .online)
    #expect(Self.state(heard: 600, listening: 70) == .late)
  }

  @Test("A worker without heartbeats lives by its answers and is never lost")
  func withoutHeartbeat() {
    #expect(Self.state(heard: nil, replied: 10) == .online)
    #expect(Self.state(heard: nil, replied: 600) == .unknown)
    #expect(Self.state(heard: nil) == .unknown)
  }

  @Test("The rule's word counts, for the process it names")
  func named() {
    var finding = SampleData.lostWorker
    #expect(Self.state(heard: 5, findings: [finding]) == .lost)
    finding.evidence = [EvidenceItem("pid", .count(999))]
    #expect(Self.state(heard: 5, findings: [finding]) == .late)
    finding.evidence = []
    #expect(Self.state(heard: 5, findings: [finding]) == .lost)
    finding.endedAt = SampleData.now
    #expect(Self.state(heard: 5, findings: [finding]) == .late)
  }
}
