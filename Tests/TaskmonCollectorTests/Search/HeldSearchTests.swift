import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct HeldSearchTests {
  private static func hold(
    _ server: RedisServer, _ id: String, exchange: String = "", key: String = "mail"
  ) throws {
    let message =
      #"{"body":"","headers":{"id":"\#(id)","task":"a.b"},"properties":{"delivery_tag":"\#(id)"}}"#
    try server.command("HSET", "unacked", id, "[\(message),\"\(exchange)\",\"\(key)\"]")
    try server.command("ZADD", "unacked_index", "1795000000", id)
  }

  private static func find(
    _ id: String, _ server: RedisServer
  ) async throws -> (Observation<[UnackedMessage]>, SearchExtent) {
    try await HeldSearch(
      layout: layout, budget: CollectionBudget(), isQueue: { ["mail", "orders"].contains($0) }
    ).find(id, server.link())
  }

  @Test(
    arguments: [
      ("", "anything", "anything"), ("topics", "orders.new", ""),
      ("orders", "orders.new", "orders"),
      ("topics", "mail", "mail"),
    ])
  func `the queue it was taken from is named only where it is one`(
    _ exchange: String, _ key: String, _ queue: String
  ) async throws {
    let server = try await RedisServer()
    try Self.hold(server, "m", exchange: exchange, key: key)
    #expect(try await Self.find("m", server).0.value?.map(\.queue) == [queue])
  }

  @Test(arguments: ["-hget", "-hstrlen", "-zrange", "-hlen"])
  func `what the user may not read is unknown and not nothing`(_ lack: String) async throws {
    let server = try await RedisServer()
    try Self.hold(server, "m")
    try server.command("ACL", "SETUSER", "default", "+@all", lack)
    #expect(try await Self.find("m", server).0.reason?.contains("NOPERM") == true)
  }
}
