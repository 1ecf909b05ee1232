import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct RedBeatLockSearchTests {
  private static let token = "2283c824e64d11f1a0ce02fc00000001"

  @Test func `a lock under a name of its own is found by its token`() async throws {
    let server = try await RedisServer()
    let search = RedBeatLockSearch(
      layout: layout, budget: CollectionBudget(),
      pace: ScanPace(time: SystemTime.source, share: 0.9))
    try server.command("HSET", "redbeat:tick", "definition", "{}")
    try server.command("ZADD", "redbeat::schedule", "1", "redbeat:tick")
    try server.command("SET", "redbeat:note", "no token")
    try server.command("SET", "other:lock", Self.token)
    #expect(try await search.pass(server.link()) == [])
    try server.command("SET", "redbeat:my-lock", Self.token)
    #expect(try await search.pass(server.link()) == [RedisKey("redbeat:my-lock")])
    let elsewhere = RedBeatCollector.reading(
      layout: layout, lock: RedisKey("redbeat:my-lock"), limit: 5)
    let state = try elsewhere.value(try await server.link().read(elsewhere.commands))
    #expect(state.facts?.lock?.token == Self.token)
  }
}
