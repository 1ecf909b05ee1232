/// Where a server listens.
package enum RedisEndpoint: Sendable, Hashable, CustomStringConvertible {
  /// A name or an address without brackets, and a port.
  case tcp(host: String, port: UInt16)
  /// The absolute path of a socket.
  case unix(path: String)

  /// As it stands in a URL: `localhost:6379`, `[::1]:6379`, `/run/redis.sock`.
  package var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): path
    }
  }
}
