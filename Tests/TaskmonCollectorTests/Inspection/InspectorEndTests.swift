import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// What becomes of the reply list at the end, and of answers that are still to come.
@Suite struct InspectorEndTests {
  private static let known = Inspector.Known(pids: ["celery@w1": 100])

  private static func inspector(
    _ server: RedisServer, wait: Seconds = Seconds(0.05), time: TimeSource = SystemTime.source
  ) -> Inspector {
    var budget = CollectionBudget()
    budget.replyWait = wait
    return Inspector(
      link: server.link(allows: [.read, .replyList, .control]), layout: layout, time: time,
      budget: budget)
  }

  private static func lists(_ server: RedisServer) throws -> [String] {
    (try server.command("KEYS", "taskmon-*").array ?? []).compactMap(\.text)
  }

  /// The list is there, expires, and so does what is pushed to it now.
  private static func expectLeft(_ server: RedisServer, _ worker: ScriptedWorker) throws {
    let list = try #require(try lists(server).first)
    try worker.answerLate(try #require(worker.requests.last))
    let left = try #require(try server.command("PTTL", list).integer)
    #expect(110_000...120_000 ~= left)
  }

  @Test func `a list that an answer is still owed to is left to its expiry`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.fallSilent()
    let inspector = Self.inspector(server)
    try await inspector.round(known: Self.known)
    #expect(await inspector.book.owes("celery@w1") != nil)
    await inspector.close()
    try Self.expectLeft(server, worker)
  }

  @Test func `so it is where the list has expired, or nothing may be pushed to it any more`()
    async throws
  {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.fallSilent()
    let gone = Self.inspector(server)
    try await gone.round(known: Self.known)
    try server.command("DEL", try #require(try Self.lists(server).first))
    await gone.close()
    try Self.expectLeft(server, worker)
    try server.command("FLUSHALL")

    let full = Self.inspector(server)
    try await full.round(known: Self.known)
    let list = try #require(try Self.lists(server).first)
    try server.command("EXPIRE", list, "7")
    try server.command("CONFIG", "SET", "maxmemory", "500kb")
    await full.close()
    #expect(try #require(try server.command("TTL", list).integer) > 100)
  }

  @Test func `nobody knows who has not answered a ping, and yet its list is left`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.fallSilent()
    let inspector = Self.inspector(server)
    try await inspector.round(known: .init())
    #expect(worker.methods() == ["ping"])
    for _ in 0..<3 { try await inspector.round(known: .init()) }
    #expect(worker.methods() == ["ping"], "it has heard the first")
    try worker.answerLate(try #require(worker.requests.first))
    #expect(try await inspector.drainLate() == ["celery@w1"])
    worker.fallSilent(false)
    try await inspector.round(known: .init())
    await inspector.close()
    #expect(try Self.lists(server) == [])

    worker.fallSilent()
    let another = Self.inspector(server)
    try await another.round(known: .init())
    await another.close()
    try Self.expectLeft(server, worker)
  }

  @Test(arguments: [true, false])
  func `the answer to a question that was broken off is waited for, for a moment`(
    _ comes: Bool
  ) async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.fallSilent()
    let inspector = Self.inspector(server, wait: .minutes(5))
    let before = worker.requests.count
    let round = Task { try await inspector.round(known: Self.known, only: ["celery@w1"]) }
    try await eventually("it is asked") { worker.requests.count > before }
    round.cancel()
    _ = await round.result
    #expect(await inspector.book.debts.isEmpty, "it was given no time")
    if comes {
      try worker.answerLate(try #require(worker.requests.last))
      await inspector.close()
      #expect(try Self.lists(server) == [])
    } else {
      await inspector.close()
      try Self.expectLeft(server, worker)
    }
  }

  @Test func `whoever was asked when the connection broke owes an answer`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.fallSilent()
    let inspector = Self.inspector(server, wait: .minutes(5))
    let round = Task { try await inspector.round(known: Self.known, only: ["celery@w1"]) }
    try await eventually("it is asked") { !worker.requests.isEmpty }
    try await server.kill9()
    guard case .failure = await round.result else {
      Issue.record("the connection did not break")
      return
    }
    #expect(await inspector.book.owes("celery@w1") != nil)
    await inspector.reconnected()
    #expect(await inspector.book.owes("celery@w1") == nil, "another server has heard no question")
    await inspector.close()
  }

  @Test func `an operator's question that nobody has answered leaves its list, too`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    func call(_ wait: Seconds) async throws {
      let call = WorkerCall(
        link: server.link(allows: [.read, .replyList, .control]), layout: layout,
        time: SystemTime.source, budget: CollectionBudget())
      _ = try await call.ask(expecting: 1, wait: wait) { slip in
        ControlRequest(
          .stats, to: ["celery@w1"], owner: slip.owner, ticket: slip.ticket,
          expires: slip.expires, layout: layout)
      }
      await call.close()
    }
    worker.fallSilent()
    try await call(Seconds(0.5))
    _ = try await worker.heard(1)
    try Self.expectLeft(server, worker)
    try server.command("FLUSHALL")
    worker.fallSilent(false)
    try await call(Seconds(5))
    #expect(try Self.lists(server) == [])
  }
}
