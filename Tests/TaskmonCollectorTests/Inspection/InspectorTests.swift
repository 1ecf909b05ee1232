import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct InspectorTests {
  private static let all = ["ping", "stats", "active", "active_queues", "registered", "conf"]

  private static func inspector(
    _ server: RedisServer, wait: Seconds = Seconds(5),
    rights: CommandRights = [.read, .replyList, .control]
  ) -> Inspector {
    var budget = CollectionBudget()
    budget.replyWait = wait
    return Inspector(
      link: server.link(allows: rights), layout: layout, time: SystemTime.source, budget: budget)
  }

  private static func lists(_ server: RedisServer) throws -> [String] {
    (try server.command("KEYS", "taskmon-*").array ?? []).compactMap(\.text)
  }

  @Test func `a worker that sends no heartbeat is found, asked once, and the list is gone after`()
    async throws
  {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    let inspector = Self.inspector(server)
    try await inspector.round(known: .init())
    #expect(worker.methods() == Self.all)
    let book = await inspector.book
    #expect(book.workers["celery@w1"]?.pid == 100)
    #expect(book.workers["celery@w1"]?.queues == .value(["celery"]))
    #expect(book.debts.isEmpty)
    let facts = await inspector.facts
    #expect(facts.replies == 1)
    #expect(facts.receivers == 1)
    #expect(facts.suspended == nil)
    // One list for all, with its own last element and an expiry at every moment.
    #expect(Set(worker.requests.map(\.list)).count == 1)
    #expect(worker.requests.allSatisfy { $0.lastElement == "taskmon" })
    #expect(worker.requests.allSatisfy { 0 < $0.timeToLive && $0.timeToLive <= 120_000 })
    #expect(try Self.lists(server).count == 1)
    try await inspector.round(known: .init())
    #expect(worker.methods() == Self.all + ["stats", "active"])
    await inspector.close()
    #expect(try Self.lists(server) == [])
  }

  @Test func `whoever owes is not asked again until its late answer is taken`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.fallSilent()
    let inspector = Self.inspector(server, wait: Seconds(0.05))
    let known = Inspector.Known(pids: ["celery@w1": 100])
    try await inspector.round(known: known)
    let asked = try await worker.heard(2)
    #expect(worker.methods() == ["ping", "stats"])
    #expect(await inspector.book.owes("celery@w1") != nil)
    try await inspector.round(known: known)
    #expect(worker.methods() == ["ping", "stats"])
    let before = try await inspector.drainLate()
    #expect(before == [])
    try worker.answerLate(asked)
    let paid = try await inspector.drainLate()
    #expect(paid == ["celery@w1"])
    #expect(await inspector.book.workers["celery@w1"]?.stats.value != nil)
    worker.fallSilent(false)
    // On a busy machine another answer may be late as well.
    try await eventually("everything is asked") {
      try await inspector.round(known: known, only: paid)
      _ = try await inspector.drainLate()
      return worker.methods().contains("conf")
    }
    #expect(worker.methods()[2] == "stats")
    let statics = InspectionBook.Question.statics.map(\.method.name)
    #expect(worker.methods().filter { statics.contains($0) } == statics, "each once")
    let list = try #require(try Self.lists(server).first)
    #expect(try #require(try server.command("PTTL", list).integer) > 0)
    await inspector.close()
  }

  @Test func `the process that follows a dead one under its name is asked`() async throws {
    let server = try await RedisServer()
    // The first question waits in vain, the others must be answered within as long.
    let inspector = Self.inspector(server, wait: Seconds(2))
    try await inspector.round(known: .init(pids: ["celery@w1": 100]))
    #expect(await inspector.book.owes("celery@w1") != nil)
    let successor = try ScriptedWorker("celery@w1", on: server, pid: 200)
    try await inspector.round(known: .init(pids: ["celery@w1": 200]))
    #expect(successor.methods().contains("active_queues"))
    #expect(await inspector.book.workers["celery@w1"]?.pid == 200)
    await inspector.close()
  }

  @Test func `who said goodbye is not asked`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    let inspector = Self.inspector(server)
    try await inspector.round(known: .init())
    try await inspector.round(known: .init(offline: ["celery@w1"]))
    #expect(worker.methods() == Self.all)
    await inspector.close()
  }

  @Test func `workers that come later are found though nobody was there at first`() async throws {
    let server = try await RedisServer()
    let inspector = Self.inspector(server)
    try await inspector.round(known: .init())
    #expect(await inspector.facts.receivers == 0)
    let worker = try ScriptedWorker("celery@w1", on: server)
    try await inspector.round(known: .init())
    #expect(worker.methods() == Self.all)
    await inspector.close()
  }

  @Test func `a full Redis is asked nothing`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    try server.command("CONFIG", "SET", "maxmemory", "500kb")
    let inspector = Self.inspector(server)
    try await inspector.round(known: .init(pids: ["celery@w1": 100]))
    #expect(await inspector.facts.suspended?.contains("of maxmemory") == true)
    #expect(await inspector.facts.lastRound == nil)
    #expect(worker.methods() == [])
    #expect(try Self.lists(server) == [])
    try server.command("CONFIG", "SET", "maxmemory", "0")
    try await inspector.round(known: .init(pids: ["celery@w1": 100]))
    #expect(await inspector.facts.suspended == nil)
    #expect(worker.methods() == Self.all)
    await inspector.close()
  }

  @Test func `whose answer might not fit is not asked, and its facts say so`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    let used = try #require(
      ServerInfo(text: try server.command("INFO", "memory").text ?? "")
        .integer("used_memory"))
    try server.command("CONFIG", "SET", "maxmemory", "\(used + (4 << 20))")
    let inspector = Self.inspector(server)
    try await inspector.round(known: .init(pids: ["celery@w1": 100]))
    #expect(worker.methods() == ["ping"])
    #expect(
      await inspector.book.workers["celery@w1"]?.stats.reason?.hasPrefix("not asked: ") == true)
    await inspector.close()
  }

  @Test func `a user without the right to publish is told so`() async throws {
    let server = try await RedisServer()
    try server.command("ACL", "SETUSER", "default", "-publish")
    let inspector = Self.inspector(server)
    try await inspector.round(known: .init(pids: ["celery@w1": 100]))
    #expect(
      await inspector.facts.suspended?.hasPrefix("requests are not permitted: NOPERM") == true)
    #expect(await inspector.book.debts.isEmpty)
    await inspector.close()
  }

  @Test func `a list left by a process that was killed expires by itself`() async throws {
    let server = try await RedisServer()
    let inspector = Self.inspector(server)
    try await inspector.round(known: .init())
    let list = try #require(try Self.lists(server).first)
    let left = try #require(try server.command("PTTL", list).integer)
    #expect(0 < left && left <= 120_000)
  }

  @Test func `only leftovers of our own without an expiry are swept`() async throws {
    let server = try await RedisServer()
    for key in [
      "taskmon-1.reply.celery.pidbox", "taskmon-2.reply.celery.pidbox",
      "someone.reply.celery.pidbox", "taskmon-queue", "_kombu.binding.reply.celery.pidbox",
    ] {
      try server.command("RPUSH", key, "x")
    }
    try server.command("EXPIRE", "taskmon-2.reply.celery.pidbox", "100")
    try await Self.inspector(server)
      .sweepLeftovers(pace: ScanPace(time: SystemTime.source, share: 0.5))
    let left = (try server.command("KEYS", "*").array ?? []).compactMap(\.text).sorted()
    #expect(
      left
        == [
          "_kombu.binding.reply.celery.pidbox", "someone.reply.celery.pidbox", "taskmon-queue",
          "taskmon-2.reply.celery.pidbox",
        ].sorted())
  }
}
