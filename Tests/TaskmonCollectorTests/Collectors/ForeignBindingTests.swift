import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// Several installations of Celery in one database, told apart by their key prefix.
@Suite struct ForeignBindingTests {
  private static func member(_ queue: String) -> String { "\(queue)\u{6}\u{16}\u{6}\u{16}\(queue)" }

  private static func pass(
    _ server: RedisServer, prefix: String, cost: RedisCostCounter = RedisCostCounter(),
    change: (inout CollectionBudget) -> Void = { _ in }
  ) async throws -> BindingCollector.Found {
    var budget = CollectionBudget()
    change(&budget)
    let found = try await BindingCollector(
      layout: KeyLayout(database: 0, globalPrefix: prefix), budget: budget,
      pace: ScanPace(time: SystemTime.source, share: 0.9)
    ).pass(server.link(cost: cost)) { _ in }
    return try #require(found)
  }

  private static func fill(_ server: RedisServer) throws {
    for (prefix, queues) in [("", ["celery"]), ("a:", ["a1", "a2"]), ("b:", ["b1"])] {
      for queue in queues {
        try server.command("SADD", "\(prefix)_kombu.binding.\(queue)", member(queue))
      }
    }
  }

  @Test(arguments: [
    ("", ["celery"], ["a:": 2, "b:": 1]), ("a:", ["a1", "a2"], ["": 1, "b:": 1]),
    ("none:", [], ["": 1, "a:": 2, "b:": 1]),
  ])
  func `others are named and not mixed with ours`(
    prefix: String, queues: [String], others: [String: Int]
  ) async throws {
    let server = try await RedisServer()
    try Self.fill(server)
    let found = try await Self.pass(server, prefix: prefix)
    #expect(found.queues == Set(queues.map { QueueName($0) }))
    #expect(found.others == others)
    #expect(found.sawBinding == !queues.isEmpty)
  }

  @Test func `a thousand prefixes do not fill our memory`() async throws {
    let server = try await RedisServer()
    for number in 0..<1000 {
      try server.command("SADD", "p\(number):_kombu.binding.q", Self.member("q"))
    }
    #expect(try await Self.pass(server, prefix: "").others.count == 16)
  }

  @Test func `sets are read many at a time, large ones to their limit`() async throws {
    let server = try await RedisServer()
    for number in 0..<300 {
      try server.command("SADD", "_kombu.binding.q\(number)", Self.member("q\(number)"))
    }
    let many = (0..<2500).map { Self.member("m\($0)") }
    try server.command(bytes: (["SADD", "_kombu.binding.large"] + many).map { Array($0.utf8) })
    let cost = RedisCostCounter()
    let found = try await Self.pass(server, prefix: "", cost: cost) { $0.queues = 10_000 }
    #expect((0..<300).allSatisfy { found.queues.contains(QueueName("q\($0)")) })
    let large = found.queues.count - 300
    #expect(large >= 1000)
    #expect(large < 1500)
    #expect(cost.value.roundTrips < 40)
  }

  @Test func `the snapshot names where else Celery is`() async throws {
    let server = try await RedisServer()
    try Self.fill(server)
    try server.command("SET", "k", "v", database: 3)
    try await ObservedMonitor.observe(.quick(try server.url(), isReadOnly: true)) { monitor in
      try await eventually("the others") {
        monitor.latest?.presence.value?.elsewhere == [
          "db 3 (1 keys)", "2 exchanges behind the key prefix a: (--key-prefix)",
          "1 exchange behind the key prefix b: (--key-prefix)",
        ]
      }
      #expect(monitor.latest?.queues.value?.map(\.name) == ["celery"])
    }
  }
}
