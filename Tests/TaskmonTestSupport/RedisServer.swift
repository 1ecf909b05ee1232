/// A real redis-server of the test's own, gone when the test is, or when its process dies.
package final class RedisServer: Sendable {
  package let folder: TemporaryFolder
  /// The port on 127.0.0.1; nil where none was asked for.
  package let port: UInt16?
  package let password: String?

  package init(
    tcp: Bool = false, password: String? = nil, arguments: [String] = []
  ) async throws {
    folder = try TemporaryFolder()
    port = nil
    self.password = password
  }

  package var socketPath: String { folder.path("redis.sock") }
  /// `redis+socket:///…`, of the given database.
  package func socketURL(database: Int = 0) -> String {
    "redis+socket://\(socketPath)" + (database == 0 ? "" : "?virtual_host=\(database)")
  }
  /// `redis://127.0.0.1:port/0`; fails the test where the server has no port.
  package func tcpURL(database: Int = 0) throws -> String {
    guard let port else { throw SupportError("the server has no TCP port") }
    return "redis://127.0.0.1:\(port)/\(database)"
  }

  /// Sends one command over a connection of its own and gives the reply; an error reply throws.
  @discardableResult
  package func command(_ arguments: String..., database: Int = 0) throws -> WireValue { .null }
  /// The same with arguments of any bytes.
  @discardableResult
  package func command(bytes arguments: [[UInt8]], database: Int = 0) throws -> WireValue { .null }
  /// Many commands in one write; an error reply is a value here.
  @discardableResult
  package func pipeline(_ commands: [[[UInt8]]], database: Int = 0) throws -> [WireValue] { [] }

  /// Ends it orderly and waits for its end; data are gone.
  package func stop() async throws {}
  /// Kills it with signal 9 and waits for its end.
  package func kill9() async throws {}
  /// Starts it again, empty, where it was; same socket, same port.
  package func restart() async throws {}
  package var processID: Int32? { nil }
}

/// A reply as the test support reads it, by code that shares nothing with RedisClient.
package enum WireValue: Sendable, Hashable {
  case status(String), error(String), integer(Int), bytes([UInt8]), array([WireValue]), null

  /// The text of a status, an error or a string; nil otherwise.
  package var text: String? {
    switch self {
    case .status(let text), .error(let text): text
    case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
    case .integer, .array, .null: nil
    }
  }

  package var integer: Int? {
    guard case .integer(let value) = self else { return nil }
    return value
  }

  package var array: [WireValue]? {
    guard case .array(let values) = self else { return nil }
    return values
  }
}
