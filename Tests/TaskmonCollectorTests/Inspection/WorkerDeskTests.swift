import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct WorkerDeskTests {
  private static let id = WorkerID(name: "celery@w1", pid: 100)
  private static let questions = ["reserved", "scheduled", "revoked"]

  private struct Office {
    let desk: WorkerDesk
    let inspector: Inspector

    func look() async -> WorkerHoldings {
      await desk.holdings(of: WorkerDeskTests.id, layout: layout)
    }
  }

  private static func office(
    _ server: RedisServer, isReadOnly: Bool = false,
    _ change: (inout CollectionBudget) -> Void = { _ in }
  ) throws -> Office {
    let configuration = MonitorConfiguration.quick(try server.url(), isReadOnly: isReadOnly) {
      $0.searchReplyWait = Seconds(10)
      change(&$0)
    }
    let inspector = Inspector(
      link: server.link(allows: [.read, .replyList, .control]), layout: layout,
      time: SystemTime.source, budget: configuration.budget)
    return Office(
      desk: WorkerDesk(
        configuration, inspector: inspector, time: SystemTime.source, cost: RedisCostCounter()),
      inspector: inspector)
  }

  @Test func `one worker is asked for what it holds, and the list is gone after`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    let bystander = try ScriptedWorker("celery@w2", on: server)
    worker.answer(
      "reserved",
      with: #"[{"id": "r", "name": "a.b", "args": [1, "x"], "kwargs": {"k": 2}, "delivery_info": "#
        + #"{"routing_key": "celery", "redelivered": true}}]"#)
    worker.answer(
      "scheduled",
      with: #"[{"eta": "2026-11-23T15:00:00+00:00", "request": {"id": "s2"}}, "#
        + #"{"eta": "2026-11-23T14:00:00+00:00", "request": {"id": "s1"}}]"#)
    worker.answer("revoked", with: #"["x", "y", "z"]"#)
    let office = try Self.office(server) { $0.shownHoldings = 2 }
    let found = await office.look()
    #expect(
      found.reserved
        == .value(
          HeldRequests(
            count: 1,
            first: [
              HeldRequest(
                id: "r", task: "a.b", queue: "celery", redelivered: true,
                argumentsText: "[1, 'x']", keywordArgumentsText: "{'k': 2}")
            ])))
    #expect(found.scheduled.value?.first.map(\.id) == ["s1", "s2"])
    #expect(found.revoked == .value(RevokedTasks(count: 3, some: ["x", "y"])))
    #expect(worker.methods() == Self.questions)
    #expect(worker.requests.allSatisfy { 0 < $0.timeToLive && $0.lastElement == "taskmon" })
    #expect(bystander.methods() == [])
    await office.desk.close()
    #expect(try server.command("KEYS", "taskmon-*") == .array([]))
  }

  @Test func `who does not answer is asked nothing more, by nobody, until its answer came`()
    async throws
  {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.fallSilent()
    let office = try Self.office(server) { $0.searchReplyWait = Seconds(0.1) }
    let found = await office.look()
    #expect(found.reserved == .unavailable("no answer within 0.1s"))
    #expect(found.scheduled == .unavailable("not asked: it owes an answer"))
    #expect(found.revoked == .unavailable("not asked: it owes an answer"))
    _ = await office.look()
    try await office.inspector.round(known: .init(pids: ["celery@w1": 100]))
    #expect(worker.methods().filter { $0 != "ping" } == ["reserved"])
    try worker.answerLate(try #require(worker.requests.first))
    worker.fallSilent(false)
    try await eventually("it is asked again") {
      let found = await office.look()
      return found.reserved.value != nil
    }
    await office.desk.close()
  }

  @Test func `what was answered before Redis was lost stays, and who was asked then owes`()
    async throws
  {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.ignore("scheduled")
    let office = try Self.office(server) { $0.searchReplyWait = .minutes(5) }
    let look = Task { await office.look() }
    try await eventually("the second is asked") { worker.methods().last == "scheduled" }
    try await server.kill9()
    let found = await look.value
    #expect(found.reserved.value?.count == 0)
    #expect(found.scheduled.reason?.hasPrefix("no answer: ") == true)
    #expect(found.revoked == .unavailable("not asked: it owes an answer"))
    #expect(await office.inspector.book.owes("celery@w1") != nil)
  }

  @Test func `whoever owes an answer of the usual rounds is not asked`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    let office = try Self.office(server)
    await office.inspector.owe(Self.id)
    #expect(await office.look().reserved == .unavailable("not asked: it owes an answer"))
    #expect(worker.methods() == [])
    await office.inspector.paid("celery@w1")
    #expect(await office.look().reserved.value?.count == 0)
    await office.desk.close()
  }

  @Test func `under read-only and on a full Redis nobody is asked`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    let reader = try Self.office(server, isReadOnly: true)
    #expect(
      await reader.look().reserved == .unavailable("not asked: --read-only asks no worker"))
    try server.command("CONFIG", "SET", "maxmemory", "500kb")
    let office = try Self.office(server)
    let found = await office.look()
    #expect(found.reserved.reason?.contains("of maxmemory") == true)
    #expect(found.revoked.reason?.contains("of maxmemory") == true)
    #expect(worker.methods() == [])
    #expect(try server.command("KEYS", "taskmon-*") == .array([]))
  }

  @Test func `what may weigh too much is not asked for, and the rest is`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    try server.command(
      "HSET", "unacked", "tag", String(repeating: "x", count: 1 << 20))
    let office = try Self.office(server) {
      $0.replyBytes = .kibibytes(512)
      $0.revokedReply = .kibibytes(256)
    }
    let found = await office.look()
    #expect(found.reserved.reason?.hasPrefix("not asked: its answer might have 1.") == true)
    #expect(found.scheduled.reason == found.reserved.reason)
    #expect(found.revoked.value?.count == 0)
    #expect(worker.methods() == ["revoked"])
    let wary = try Self.office(server) { $0.replyBytes = .kibibytes(255) }
    #expect(await wary.look().revoked.reason?.hasPrefix("not asked: ") == true)
    await office.desk.close()
  }

  @Test func `a worker's error and an answer of another shape are told`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.answer("reserved", with: #"{"error": "KeyError('reserved')"}"#)
    worker.answer("scheduled", with: "7")
    let office = try Self.office(server)
    let found = await office.look()
    #expect(found.reserved == .unavailable("the worker answered: KeyError('reserved')"))
    #expect(found.scheduled.reason?.hasPrefix("its answer could not be read") == true)
    #expect(found.revoked.value?.count == 0)
    await office.desk.close()
  }
}
