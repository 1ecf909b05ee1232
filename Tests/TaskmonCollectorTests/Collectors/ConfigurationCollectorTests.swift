import RedisClient
import TaskmonTestSupport
import Testing

@testable import TaskmonCollector

@Suite struct ConfigurationCollectorTests {
  @Test(arguments: [("", false), ("3600 1", true), ("900 1 300 10", true)])
  func `it says whether snapshots are written`(rules: String, writes: Bool) async throws {
    let server = try await RedisServer()
    try server.command("CONFIG", "SET", "save", rules)
    let reading = ConfigurationCollector.reading
    let replies = try await server.link().read(reading.commands)
    #expect(try reading.value(replies) == writes)
  }

  @Test func `a refusal is a reason, a silent server no answer`() throws {
    let reading = ConfigurationCollector.reading
    #expect(
      reading.result([.failure("NOPERM this user has no permissions")]).failure?.description
        == "CONFIG GET save: Redis does not permit it to this user "
        + "(NOPERM this user has no permissions)")
    #expect(reading.result([.failure("ERR unknown command 'CONFIG'")]).failure != nil)
    #expect(try reading.value([.array([])]) == nil)
    #expect(reading.result([.null]).failure != nil)
  }
}
