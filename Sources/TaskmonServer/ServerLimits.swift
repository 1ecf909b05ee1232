import Hummingbird
import HummingbirdCore
import NIOCore
package import TaskmonUnits

/// How much one client may take of the server.
package struct ServerLimits: Sendable, Equatable {
  package var connections: Int
  /// All header lines of one request together, the request line included.
  package var headerBytes: Int
  package var headerCount: Int
  /// From accepting a connection, or from the last response, to a complete request head.
  package var idle: Seconds
  /// From a request's head to the last byte of its response taken by the client.
  package var exchange: Seconds

  package init(
    connections: Int = 128, headerBytes: Int = 16 * 1024, headerCount: Int = 64,
    idle: Seconds = Seconds(75), exchange: Seconds = Seconds(30)
  ) {
    self.connections = connections
    self.headerBytes = headerBytes
    self.headerCount = headerCount
    self.idle = idle
    self.exchange = exchange
  }
}

extension ServerLimits {
  var channelConfiguration: HTTP1Channel.Configuration {
    let exchange = exchange
    return HTTP1Channel.Configuration(
      additionalChannelHandlers: [ConnectionDeadline(exchange: exchange)],
      idleTimeout: idle.timeAmount,
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: headerBytes, maxHeaderListSize: headerBytes,
        maxHeaderFieldCount: headerCount))
  }
}
