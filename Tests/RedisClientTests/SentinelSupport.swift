import RedisClient
import TaskmonTestSupport

/// A master called `shop`, its replica and one sentinel that decides alone.
struct SentinelGroup: Sendable {
  let first: RedisServer
  let second: RedisServer
  let sentinel: RedisServer

  init(
    password: String? = nil, sentinelPassword: String? = nil
  ) async throws {
    let name = "shop"
    let login = password.map { ["--masterauth", $0] } ?? []
    first = try await RedisServer(
      tcp: true, password: password,
      arguments: ["--repl-diskless-sync-delay", "0"] + login)
    let port = first.port ?? 0
    second = try await RedisServer(
      tcp: true, password: password,
      arguments: ["--replicaof", "127.0.0.1 \(port)"] + login)
    sentinel = try await RedisServer(
      tcp: true, password: sentinelPassword, arguments: ["--sentinel"],
      configuration: """
        sentinel monitor \(name) 127.0.0.1 \(port) 1
        sentinel down-after-milliseconds \(name) 300
        sentinel failover-timeout \(name) 3000
        \(password.map { "sentinel auth-pass \(name) \($0)" } ?? "")

        """)
    try await eventually("the sentinel knows a replica it can promote") {
      let replicas = try sentinel.command("SENTINEL", "REPLICAS", name).array ?? []
      let fields = (replicas.first?.array ?? []).map { $0.text ?? "" }
      return fields.contains("ok") && fields.contains("slave")
    }
  }

  /// The sentinel's address as a URL has it.
  var address: String { "sentinel://127.0.0.1:\(sentinel.port ?? 0)" }

  func url(_ options: String = "?master_name=shop", login: String = "") throws -> RedisURL {
    try RedisURL("sentinel://\(login)127.0.0.1:\(sentinel.port ?? 0)/0\(options)")
  }
}
