import CeleryProtocol
import Foundation
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct BindingCollectorTests {
  private static func pass(
    _ server: RedisServer, database: Int = 0, prefix: String = "",
    change: (inout CollectionBudget) -> Void = { _ in }
  ) async throws -> (BindingCollector.Found?, [Int]) {
    var budget = CollectionBudget()
    change(&budget)
    let steps = Collected<Int>()
    let found = try await BindingCollector(
      layout: KeyLayout(database: database, globalPrefix: prefix), budget: budget,
      pace: ScanPace(time: SystemTime.source, share: 0.9)
    ).pass(server.link(database: database)) { steps.add($0.queues.count) }
    return (found, steps.all)
  }

  private static func member(_ queue: String) -> String { "\(queue)\u{6}\u{16}\u{6}\u{16}\(queue)" }

  @Test func `odd names behind a prefix in another database are found as they are`() async throws {
    let server = try await RedisServer()
    let names = ["celery", "my queue", #"quo"te's"#, "Zählung", "a*b[c]"]
    for name in names {
      try server.command(
        "SADD", "px*:_kombu.binding.\(name)", Self.member(name), database: 2)
    }
    try server.command("SADD", "_kombu.binding.other", Self.member("other"), database: 2)
    let (found, _) = try await Self.pass(server, database: 2, prefix: "px*:")
    #expect(found?.queues == Set(names.map { QueueName($0) }))
    #expect(found?.sawBinding == true)
    #expect(found?.problems == [])
  }

  @Test func `mailboxes, events and replies are no task queues`() async throws {
    let server = try await RedisServer()
    for exchange in ["celery.pidbox", "celeryev", "reply.celery.pidbox"] {
      try server.command("SADD", "_kombu.binding.\(exchange)", Self.member("x"))
    }
    let (found, _) = try await Self.pass(server)
    #expect(found?.queues == [])
    #expect(found?.sawBinding == true)
  }

  @Test func `an empty database has no binding, which is known`() async throws {
    let (found, _) = try await Self.pass(try await RedisServer())
    #expect(found == BindingCollector.Found())
  }

  @Test func `what is found is told at once and not at the end of the pass`() async throws {
    let server = try await RedisServer()
    try server.command("SADD", "_kombu.binding.celery", Self.member("celery"))
    for number in 0..<200 { try server.command("SET", "k\(number)", "v") }
    let (_, steps) = try await Self.pass(server) { $0.scanStep = 10 }
    #expect(steps.first == 1)
  }

  @Test func `which exchange leads to which queue is kept, up to a limit`() async throws {
    let server = try await RedisServer()
    try server.command(
      "SADD", "_kombu.binding.topics", "order.*\u{6}\u{16}\u{6}\u{16}orders",
      "mail.#\u{6}\u{16}\u{6}\u{16}mail")
    try server.command("SADD", "_kombu.binding.celery", Self.member("celery"))
    let found = try #require(try await Self.pass(server).0)
    #expect(found.exchanges == ["topics": ["orders", "mail"], "celery": ["celery"]])
    let table = BindingTable(found, readAt: at(1))
    #expect(table.leads(from: "topics", to: "orders") == true)
    #expect(table.leads(from: "topics", to: "celery") == false)
    #expect(table.leads(from: "gone", to: "orders") == false)
    let cut = try #require(try await Self.pass(server) { $0.bindings = 1 }.0)
    #expect(cut.isPartial)
    #expect(BindingTable(cut, readAt: at(1)).leads(from: "gone", to: "orders") == nil)
  }

  @Test func `a key of another type is a problem and no end`() async throws {
    let server = try await RedisServer()
    try server.command("SET", "_kombu.binding.celery", "x")
    try server.command("SADD", "_kombu.binding.mail", Self.member("mail"))
    let (found, _) = try await Self.pass(server)
    #expect(found?.queues == ["mail"])
    #expect(found?.problems.isEmpty == false)
  }

  @Test func `queues beyond the limit are said to be there`() async throws {
    let server = try await RedisServer()
    for number in 0..<5 {
      try server.command("SADD", "_kombu.binding.celery", Self.member("q\(number)"))
    }
    let (found, _) = try await Self.pass(server) { $0.queues = 3 }
    #expect(found?.queues.count == 3)
    #expect(found?.isCut == true)
  }
}
