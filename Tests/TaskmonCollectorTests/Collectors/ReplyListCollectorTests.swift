import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct ReplyListCollectorTests {
  private static func census(
    _ server: RedisServer, layout: KeyLayout = KeyLayout(database: 0),
    others: Set<String> = [], step: Int = 500
  ) async throws -> ReplyListFacts {
    var budget = CollectionBudget()
    budget.scanStep = step
    let found = try await ReplyListCollector(
      layout: layout, others: others, budget: budget,
      pace: ScanPace(time: SystemTime.source, share: 0.9)
    ).pass(server.link())
    return try #require(try found?.get())
  }

  @Test func `others' lists are counted, ours and the binding set are not`() async throws {
    let server = try await RedisServer()
    let big = String(repeating: "x", count: 100_000)
    try server.command("RPUSH", "a.reply.celery.pidbox", "x")
    try server.command("RPUSH", "b.reply.celery.pidbox", big)
    try server.command("RPUSH", "c.reply.celery.pidbox", "x")
    try server.command("EXPIRE", "c.reply.celery.pidbox", "100")
    try server.command("RPUSH", "taskmon-x.reply.celery.pidbox", big)
    try server.command("SADD", "_kombu.binding.reply.celery.pidbox", "m")
    try server.command("RPUSH", "celery", big)
    let facts = try await Self.census(server)
    #expect(facts.count == 3)
    #expect(facts.withoutExpiry == 2)
    #expect(facts.largest == "b.reply.celery.pidbox")
    #expect(facts.totalSize > .kibibytes(97))
    #expect(facts.totalSize < .kibibytes(150))
  }

  @Test func `lists behind the key prefix of another installation are its own`() async throws {
    let server = try await RedisServer()
    for prefix in ["", "shop1_", "shop2_"] {
      try server.command("RPUSH", "\(prefix)a.reply.celery.pidbox", "x")
    }
    #expect(try await Self.census(server, others: ["shop1_", "shop2_"]).count == 1)
    let shop = KeyLayout(database: 0, globalPrefix: "shop1_")
    #expect(try await Self.census(server, layout: shop, others: ["", "shop2_"]).count == 1)
  }

  @Test func `an empty server has none`() async throws {
    #expect(
      try await Self.census(try await RedisServer())
        == ReplyListFacts(count: 0, totalSize: .zero))
  }

  @Test func `all are met in small steps, under a prefix that looks like a pattern`() async throws {
    let server = try await RedisServer()
    for index in 0..<300 { try server.command("RPUSH", "p*:\(index).reply.celery.pidbox", "x") }
    try server.command("RPUSH", "pq:9.reply.celery.pidbox", "x")
    let layout = KeyLayout(database: 0, globalPrefix: "p*:")
    #expect(try await Self.census(server, layout: layout, step: 10).count == 300)
  }
}
