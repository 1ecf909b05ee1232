import CeleryProtocol
import Foundation
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// Real servers that refuse what workers would have to write, or what we would.
@Suite struct RequestGuardServerTests {
  private static let known = Inspector.Known(pids: ["celery@w1": 100])

  private static func inspector(_ server: RedisServer, user: String? = nil) throws -> Inspector {
    var url = try server.url()
    if let user { url = url.with(username: user, password: Secret("word")) }
    return Inspector(
      link: RedisLink(
        url: url, time: SystemTime.source, limits: .quick,
        allows: [.read, .replyList, .control], cost: RedisCostCounter()),
      layout: layout, time: SystemTime.source, budget: CollectionBudget())
  }

  /// A round asks nobody and says why; once `mend` has been done one asks.
  private static func expectSilence(
    _ inspector: Inspector, _ worker: ScriptedWorker, _ server: RedisServer, reason: String,
    mend: () throws -> Void
  ) async throws {
    try await inspector.round(known: known)
    let said = await inspector.facts.suspended ?? "nothing"
    #expect(said.contains(reason), "\(said)")
    #expect(worker.methods() == [])
    for key in (try server.command("KEYS", "taskmon-*").array ?? []).compactMap(\.text) {
      #expect(try #require(try server.command("TTL", key).integer) > 0)
    }
    #expect(await inspector.book.debts.isEmpty)
    try mend()
    try await eventually("it asks again") {
      try await inspector.round(known: known)
      return await inspector.facts.suspended == nil
    }
    #expect(worker.methods().starts(with: ["ping", "stats", "active"]))
    await inspector.close()
    #expect(try server.command("KEYS", "taskmon-*") == .array([]))
  }

  @Test func `a replica is asked nothing`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    try server.command("REPLICAOF", "127.0.0.1", "1")
    try await Self.expectSilence(
      try Self.inspector(server), worker, server, reason: "Redis is a slave here"
    ) { try server.command("REPLICAOF", "NO", "ONE") }
  }

  /// Its disk is gone, and it refuses writes since.
  private static func failing() async throws -> RedisServer {
    let disk = try TemporaryFolder()
    let server = try await RedisServer(arguments: ["--dir", disk.path, "--save", "3600 1"])
    try FileManager.default.removeItem(atPath: disk.path)
    try await eventually("a save that failed") {
      _ = try? server.command("BGSAVE")
      let info = try server.command("INFO", "persistence").text ?? ""
      return info.contains("rdb_last_bgsave_status:err")
    }
    #expect(throws: SupportError.self) { try server.command("LPUSH", "celery", "a message") }
    #expect(throws: SupportError.self) { try server.command("PING") }
    return server
  }

  @Test func `a Redis that cannot save, and so may refuse writes, is asked nothing`()
    async throws
  {
    let server = try await Self.failing()
    let worker = try ScriptedWorker("celery@w1", on: server)
    let inspector = try Self.inspector(server)
    try await inspector.round(known: Self.known)
    let said = await inspector.facts.suspended ?? "nothing"
    #expect(said.hasPrefix("Redis' last save failed"), "\(said)")
    #expect(worker.methods() == [])
    #expect(try server.command("KEYS", "taskmon-*") == .array([]))
  }

  @Test func `it is watched all the same, though it refuses even a PING`() async throws {
    let server = try await Self.failing()
    try await ObservedMonitor.observe(.quick(try server.url())) { monitor in
      try await eventually("its facts") { monitor.latest?.server.value != nil }
      let first = try await eventuallyValue("it listens") {
        monitor.latest?.events.connectedSince
      }
      // Answers to its own questions have come meanwhile.
      try await eventually("a second of listening") {
        guard let latest = monitor.latest else { return false }
        return latest.takenAt - first > Seconds(1)
      }
      #expect(monitor.latest?.events.connectedSince == first)
      #expect(monitor.latest?.events.gaps == 0)
    }
  }

  /// What a user lacks, and what is said of it.
  static let lacks = [
    ("-publish", "'publish'"), ("resetchannels", "channel"), ("-rpush", "'rpush'"),
    ("-multi", "'multi'"), ("-info", "'info'"), ("resetkeys", "NOPERM"),
  ]

  @Test(arguments: lacks)
  func `a user who may not ask is told so, asks nobody, and asks once he may`(
    _ lack: String, _ reason: String
  ) async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    try server.command("ACL", "SETUSER", "guest", "on", ">word", "~*", "&*", "+@all", lack)
    try await Self.expectSilence(
      try Self.inspector(server, user: "guest"), worker, server, reason: reason
    ) { try server.command("ACL", "SETUSER", "guest", "~*", "&*", "+@all") }
  }
}
