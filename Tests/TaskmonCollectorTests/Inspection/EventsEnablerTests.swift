import CeleryProtocol
import Logging
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct EventsEnablerTests {
  private static let id = WorkerID(name: "celery@w1", pid: 100)
  private static let facts = WorkerFacts(id: id, firstHeard: at(0))

  private static func enabler(
    _ server: RedisServer, isReadOnly: Bool = false, wait: Seconds = Seconds(10),
    inspector: Inspector? = nil
  ) throws -> EventsEnabler {
    let configuration = MonitorConfiguration.quick(try server.url(), isReadOnly: isReadOnly) {
      $0.replyWait = wait
    }
    return EventsEnabler(
      configuration, inspector: inspector ?? Self.inspector(server), time: SystemTime.source,
      cost: RedisCostCounter())
  }

  private static func inspector(_ server: RedisServer) -> Inspector {
    Inspector(
      link: server.link(allows: [.read, .replyList, .control]), layout: layout,
      time: SystemTime.source, budget: CollectionBudget())
  }

  private static func lists(_ server: RedisServer) throws -> WireValue {
    try server.command("KEYS", "taskmon-*")
  }

  @Test func `a worker that agrees is not due again, and our list is gone after`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    let bystander = try ScriptedWorker("celery@w2", on: server)
    let enabler = try Self.enabler(server)
    #expect(await enabler.due([Self.facts]) == [Self.id])
    let outcome = try await enabler.enable([Self.id])
    #expect(outcome == .asked(agreed: ["celery@w1"], refused: [:], silent: []))
    #expect(worker.methods() == ["enable_events"])
    #expect(worker.requests.allSatisfy { 0 < $0.timeToLive && $0.lastElement == "taskmon" })
    #expect(bystander.methods() == [])
    #expect(await enabler.enabled.keys.map(\.self) == [Self.id])
    #expect(await enabler.due([Self.facts]) == [])
    let successor = WorkerFacts(id: WorkerID(name: "celery@w1", pid: 101), firstHeard: at(9))
    #expect(await enabler.due([successor]) == [successor.id], "another process is asked anew")
    await enabler.keepOnly([])
    #expect(await enabler.enabled.isEmpty)
    await enabler.close()
    #expect(try Self.lists(server) == .array([]))
  }

  @Test func `who does not answer or refuses is told, and not asked again at once`() async throws {
    let server = try await RedisServer()
    let silent = try ScriptedWorker("celery@w1", on: server)
    silent.fallSilent()
    let enabler = try Self.enabler(server, wait: Seconds(0.1))
    #expect(
      try await enabler.enable([Self.id])
        == .asked(agreed: [], refused: [:], silent: ["celery@w1"]))
    #expect(await enabler.due([Self.facts]) == [])
    await enabler.close()
    let other = try await RedisServer()
    let refusing = try ScriptedWorker("celery@w1", on: other)
    refusing.answer("enable_events", with: #"{"error": "KeyError('enable_events')"}"#)
    let second = try Self.enabler(other)
    #expect(
      try await second.enable([Self.id])
        == .asked(agreed: [], refused: ["celery@w1": "KeyError('enable_events')"], silent: []))
    #expect(await second.enabled.isEmpty)
    await second.close()
  }

  /// A worker that was asked and is silent.
  private static func unanswered() async throws -> (ScriptedWorker, Inspector, EventsEnabler) {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.fallSilent()
    let inspector = inspector(server)
    let enabler = try enabler(server, wait: Seconds(0.1), inspector: inspector)
    _ = try await enabler.enable([id])
    return (worker, inspector, enabler)
  }

  @Test func `whoever owes an answer is not asked, and a late agreement is one`() async throws {
    let (worker, inspector, enabler) = try await Self.unanswered()
    #expect(await inspector.book.owes("celery@w1") != nil, "nobody else asks it now")
    #expect(
      try await enabler.enable([Self.id]) == .silent("an answer is owed by celery@w1"))
    #expect(try await enabler.drainLate() == [])
    try worker.answerLate(try await worker.heard(1))
    #expect(
      try await enabler.enable([Self.id])
        == .asked(agreed: ["celery@w1"], refused: [:], silent: []))
    #expect(worker.methods() == ["enable_events"])
    #expect(await enabler.enabled.keys.map(\.self) == [Self.id])
    #expect(await inspector.book.owes("celery@w1") == nil)
    await enabler.close()
  }

  @Test func `a late agreement is noted without asking, and a late word of old is none`()
    async throws
  {
    let (worker, inspector, enabler) = try await Self.unanswered()
    let first = try await worker.heard(1)
    await inspector.paid("celery@w1")
    _ = try await enabler.enable([WorkerID(name: "celery@w1", pid: 101)])
    await enabler.keepOnly([WorkerID(name: "celery@w1", pid: 101)])
    try worker.answerLate(first)
    #expect(try await enabler.drainLate() == [], "the process asked first is no more")
    #expect(await enabler.enabled.isEmpty)
    try worker.answerLate(try await worker.heard(2))
    #expect(try await enabler.drainLate() == ["celery@w1"])
    #expect(await enabler.enabled.keys.map(\.pid) == [101])
    await enabler.close()
  }

  @Test func `an agreement that comes while another is waited for is noted`() async throws {
    let server = try await RedisServer()
    let first = try ScriptedWorker("celery@w1", on: server)
    let second = try ScriptedWorker("celery@w2", on: server)
    first.fallSilent()
    second.fallSilent()
    let inspector = Self.inspector(server)
    let enabler = try Self.enabler(server, inspector: inspector)
    let broken = Task { try await enabler.enable([Self.id]) }
    try await eventually("the first is asked") { !first.requests.isEmpty }
    broken.cancel()
    _ = await broken.result
    await inspector.owe(Self.id)
    let other = WorkerID(name: "celery@w2", pid: 7)
    let next = Task { try await enabler.enable([other]) }
    try await eventually("the second is asked") { !second.requests.isEmpty }
    try first.answerLate(try #require(first.requests.first))
    try second.answerLate(try #require(second.requests.first))
    #expect(try await next.value == .asked(agreed: ["celery@w2"], refused: [:], silent: []))
    #expect(await Set(enabler.enabled.keys) == [Self.id, other])
    #expect(await inspector.book.owes("celery@w1") == nil)
    await enabler.close()
  }

  @Test func `two who ask at a time take no answers from each other`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.fallSilent()
    let enabler = try Self.enabler(server)
    let first = Task { try await enabler.enable([Self.id]) }
    try await eventually("it is asked") { !worker.requests.isEmpty }
    #expect(
      try await enabler.enable([WorkerID(name: "celery@w2", pid: 7)])
        == .silent("another answer is waited for"))
    try worker.answerLate(try #require(worker.requests.first))
    #expect(
      try await first.value == .asked(agreed: ["celery@w1"], refused: [:], silent: []))
    await enabler.close()
  }

  @Test func `a process that never agreed is forgotten with the others`() async throws {
    let server = try await RedisServer()
    let monitor = Monitor(
      .quick(try server.url()), time: SystemTime.source,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.fallSilent()
    _ = await monitor.enableEvents(of: [Self.id])
    #expect(await monitor.enabler.due([Self.facts]) == [])
    var snapshot = try SnapshotAssemblyTests.snapshot(
      inspection: InspectionFacts(lastRound: at(90)))
    await monitor.noteEnabledEvents(in: &snapshot)
    #expect(await monitor.enabler.due([Self.facts]) == [Self.id], "as if it had never been asked")
    await monitor.enabler.close()
  }

  @Test func `whoever owes an answer or has no pid is not due`() async throws {
    let enabler = try Self.enabler(try await RedisServer())
    var owing = Self.facts
    owing.owesReplySince = at(1)
    let nameless = WorkerFacts(id: WorkerID(name: "celery@w9"), firstHeard: at(0))
    #expect(await enabler.due([owing, nameless]) == [])
  }

  @Test func `under read-only and on a full Redis nobody is asked`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    let reader = try Self.enabler(server, isReadOnly: true)
    #expect(
      try await reader.enable([Self.id]) == .silent("--read-only asks no worker"))
    try server.command("CONFIG", "SET", "maxmemory", "500kb")
    let enabler = try Self.enabler(server)
    guard case .silent(let reason) = try await enabler.enable([Self.id]) else {
      Issue.record("somebody was asked")
      return
    }
    #expect(reason.contains("of maxmemory"))
    #expect(worker.methods() == [])
    #expect(try Self.lists(server) == .array([]))
    await enabler.close()
  }

  @Test func `a connection that may ask may not change`() async throws {
    let server = try await RedisServer()
    let link = server.link(allows: [.read, .replyList, .control])
    let change = WorkerChange(
      .enableEvents, to: ["celery@w1"], owner: "o", ticket: "t", expires: at(0), layout: layout)
    do {
      _ = try await link.send([change])
      Issue.record("it was sent")
    } catch {
      #expect(error.kind == .noPermission)
    }
  }

  @Test(arguments: [true, false])
  func `a monitor asks each process once where it was told to, else nobody`(
    _ isAsked: Bool
  ) async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    var configuration = MonitorConfiguration.quick(try server.url())
    configuration.enablesEvents = isAsked
    try await ObservedMonitor.observe(configuration) { monitor in
      try await eventually("the worker is known") {
        monitor.latest?.workers.value?.first?.stats.value != nil
      }
      if isAsked {
        try await eventually("it has agreed") {
          monitor.latest?.workers.value?.first?.eventsEnabledAt != nil
        }
      }
      let rounds = worker.methods().count { $0 == "active" }
      try await eventually("later rounds") {
        worker.methods().count { $0 == "active" } > rounds + 5
      }
    }
    #expect(worker.methods().count { $0 == "enable_events" } == (isAsked ? 1 : 0))
    #expect(try Self.lists(server) == .array([]))
  }
}
