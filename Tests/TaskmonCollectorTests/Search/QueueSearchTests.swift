import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// A real Redis in which something happens after each of some reads.
private struct Busy: RedisReading {
  let link: RedisLink
  let happens: @Sendable ([ReadCommand]) throws -> Void

  func read(_ commands: [ReadCommand]) async throws(RedisError) -> [RedisReply] {
    let replies = try await link.read(commands)
    do { try happens(commands) } catch { Issue.record(error) }
    return replies
  }
}

@Suite struct QueueSearchTests {
  private static func message(_ id: String) -> String {
    #"{"body":"","headers":{"id":"\#(id)","task":"a.b"},"properties":{"delivery_tag":"\#(id)"}}"#
  }

  private static func fill(_ server: RedisServer, _ count: Int) throws {
    for id in 0..<count { try server.command("LPUSH", "celery", message("m\(id)")) }
  }

  private static func search(
    _ messages: Int = 1000
  ) -> QueueSearch {
    var budget = CollectionBudget()
    budget.searchStep = 5
    budget.searchMessages = messages
    return QueueSearch(
      layout: layout, budget: budget, pace: ScanPace(time: SystemTime.source, share: 0.9))
  }

  /// Three more arrive after each look at the list.
  private static func busy(_ server: RedisServer, rounds: Int) -> Busy {
    let left = Collected<Int>()
    return Busy(link: server.link()) { commands in
      guard commands.contains(where: { $0.arguments.first == Array("LRANGE".utf8) }),
        left.all.count < rounds
      else { return }
      left.add(1)
      for number in 0..<3 {
        try server.command("LPUSH", "celery", message("n\(left.all.count)-\(number)"))
      }
    }
  }

  @Test func `what arrives meanwhile pushes nothing out of sight`() async throws {
    let server = try await RedisServer()
    try Self.fill(server, 20)
    let found = try await Self.search().find("m0", among: ["celery"], Self.busy(server, rounds: 4))
    #expect(found.messages.value?.map(\.ahead) == [0], "the one that is next")
    #expect(found.extent.isWhole)
    #expect(found.queues == ["celery"])
  }

  @Test func `nothing is said to be left out where all was looked at`() async throws {
    let server = try await RedisServer()
    try Self.fill(server, 20)
    let found = try await Self.search().find("x", among: ["celery"], Self.busy(server, rounds: 4))
    #expect(found.messages == .value([]))
    #expect(found.extent == SearchExtent(looked: 32, total: 32))
  }

  @Test func `where more arrives than may be looked at, that is said`() async throws {
    let server = try await RedisServer()
    try Self.fill(server, 20)
    let found = try await Self.search(20).find(
      "m0", among: ["celery"], Self.busy(server, rounds: .max))
    #expect(found.messages == .value([]))
    #expect(
      found.extent.omissions == [
        "of the 29 messages in queue celery only the newest 20 were looked at"
      ])
  }

  @Test func `as many as may be looked at are all there are`() async throws {
    let server = try await RedisServer()
    try Self.fill(server, 20)
    let found = try await Self.search(20).find("x", among: ["celery"], server.link())
    #expect(found.extent == SearchExtent(looked: 20, total: 20))
  }

  @Test func `what Redis refuses is unknown and not nothing`() async throws {
    let server = try await RedisServer()
    try Self.fill(server, 1)
    try server.command("SET", "mail", "no list")
    let found = try await Self.search().find("x", among: ["celery", "mail"], server.link())
    #expect(found.messages == .value([]))
    #expect(
      found.extent.omissions == [
        "not looked at: queue mail: the key holds another type than Celery puts there"
      ])
    for lack in ["-lrange", "-llen"] {
      try server.command("ACL", "SETUSER", "default", "+@all", lack)
      let refused = try await Self.search().find("m0", among: ["celery"], server.link())
      #expect(refused.messages.reason?.contains("NOPERM") == true, "\(lack)")
    }
  }
}
