import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct RedBeatSearchTests {
  private func pass(_ server: RedisServer) async throws -> [String]? {
    let search = RedBeatSearch(
      budget: CollectionBudget(), pace: ScanPace(time: SystemTime.source, share: 0.9))
    return try await search.pass(server.link())
  }

  @Test func `a schedule is found behind any prefix, the usual one first`() async throws {
    let server = try await RedisServer()
    #expect(try await pass(server) == [])
    for prefix in ["a:", "redbeat:", "shop-"] {
      try server.command("HSET", "\(prefix)tick", "definition", "{}")
      try server.command("ZADD", "\(prefix):schedule", "1", "\(prefix)tick")
    }
    #expect(try await pass(server) == ["redbeat:", "a:", "shop-"])
  }

  @Test func `what has such a name and is none is passed over`() async throws {
    let server = try await RedisServer()
    try server.command("SET", "text:schedule", "1")
    try server.command("ZADD", "strangers:schedule", "1", "elsewhere:tick")
    try server.command("ZADD", "gone:schedule", "1", "gonetick")
    try server.command("ZADD", "wrong:schedule", "1", "wrongtick")
    try server.command("SET", "wrongtick", "1")
    try server.command("ZADD", "bare:schedule", "1", "baretick")
    try server.command("HSET", "baretick", "meta", "{}")
    #expect(try await pass(server) == [])
    #expect(!"\(try server.command("INFO", "errorstats"))".contains("WRONGTYPE"))
  }
}
