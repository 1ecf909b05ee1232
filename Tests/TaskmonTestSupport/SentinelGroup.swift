/// A master called `shop`, its replica and one sentinel that decides alone.
package struct SentinelGroup: Sendable {
  package let first: RedisServer
  package let second: RedisServer
  package let sentinel: RedisServer

  /// Starts all three and waits until the sentinel could promote the replica.
  ///
  /// `downAfter` is in milliseconds of silence after which the master counts as dead; the arguments
  /// are those of the first and of the second redis-server.
  package init(
    password: String? = nil, sentinelPassword: String? = nil, downAfter: Int = 300,
    arguments: ([String], [String]) = ([], [])
  ) async throws {
    let name = "shop"
    let login = password.map { ["--masterauth", $0] } ?? []
    first = try await RedisServer(
      tcp: true, password: password,
      arguments: ["--repl-diskless-sync-delay", "0"] + login + arguments.0)
    let port = first.port ?? 0
    second = try await RedisServer(
      tcp: true, password: password,
      arguments: ["--replicaof", "127.0.0.1 \(port)"] + login + arguments.1)
    sentinel = try await RedisServer(
      tcp: true, password: sentinelPassword, arguments: ["--sentinel"],
      configuration: """
        sentinel monitor \(name) 127.0.0.1 \(port) 1
        sentinel down-after-milliseconds \(name) \(downAfter)
        sentinel failover-timeout \(name) 3000
        \(password.map { "sentinel auth-pass \(name) \"\($0)\"" } ?? "")

        """)
    let sentinel = sentinel
    try await eventually(within: 60, "the sentinel knows a replica it can promote") {
      let replicas = try sentinel.command("SENTINEL", "REPLICAS", name).array ?? []
      let fields = (replicas.first?.array ?? []).map { $0.text ?? "" }
      return fields.contains("ok") && fields.contains("slave")
    }
  }

  /// The sentinel's address as a URL has it.
  package var address: String { "sentinel://127.0.0.1:\(sentinel.port ?? 0)" }

  /// The broker as its users name it.
  package var url: String { "\(address)/0?master_name=shop" }
}
