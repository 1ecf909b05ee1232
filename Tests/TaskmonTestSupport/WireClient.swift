import Foundation

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

/// A blocking connection that writes and reads whatever a test wants; one thread at a time.
package final class WireClient {
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var position = 0

  /// Connects to a unix socket; no single answer may take longer than 10 s.
  package init(socket path: String) throws {
    descriptor = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw systemError("socket") }
    wait(atMost: 10)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: address.sun_path)
    guard path.utf8.count < room else { throw SupportError("path too long: \(path)") }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard code == 0 else { throw systemError("connect \(path)") }
  }

  deinit { close(descriptor) }

  /// How long a single answer may take; zero is for ever, until the server closes.
  package func wait(atMost seconds: Int) {
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  /// One command, one reply; an error reply throws.
  @discardableResult
  package func command(_ arguments: String...) throws -> WireValue {
    let reply = try pipeline([arguments.map { Array($0.utf8) }])[0]
    guard case .error(let text) = reply else { return reply }
    throw SupportError("\(arguments.first ?? ""): \(text)")
  }

  /// Many commands in one write; an error reply is a value in its place.
  @discardableResult
  package func pipeline(_ commands: [[[UInt8]]]) throws -> [WireValue] {
    var bytes: [UInt8] = []
    for command in commands {
      bytes += "*\(command.count)\r\n".utf8
      for argument in command {
        bytes += Array("$\(argument.count)\r\n".utf8) + argument + [13, 10]
      }
    }
    try write(bytes)
    return try commands.map { _ in try reply() }
  }

  /// Bytes as they are.
  package func write(_ bytes: [UInt8]) throws {
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw systemError("send") }
      written += count
    }
  }

  /// The next reply or push of the server.
  package func reply() throws -> WireValue {
    let header = try line()
    guard let kind = header.first else { throw SupportError("an empty line as a reply") }
    let rest = String(decoding: header.dropFirst(), as: UTF8.self)
    switch kind {
    case UInt8(ascii: "+"): return .status(rest)
    case UInt8(ascii: "-"): return .error(rest)
    case UInt8(ascii: ":"): return .integer(Int(rest) ?? 0)
    case UInt8(ascii: "$"):
      guard let length = Int(rest), length >= 0 else { return .null }
      let bytes = try take(length)
      _ = try take(2)
      return .bytes(bytes)
    case UInt8(ascii: "*"):
      guard let count = Int(rest), count >= 0 else { return .null }
      return .array(try (0..<count).map { _ in try reply() })
    default: throw SupportError("no reply: \(rest)")
    }
  }

  private func line() throws -> [UInt8] {
    while true {
      if let end = buffer[position...].firstIndex(of: 13), end + 1 < buffer.count {
        defer { position = end + 2 }
        return Array(buffer[position..<end])
      }
      try more()
    }
  }

  private func take(_ count: Int) throws -> [UInt8] {
    while buffer.count - position < count { try more() }
    defer { position += count }
    return Array(buffer[position..<(position + count)])
  }

  private func more() throws {
    if position > 1 << 16 {
      buffer.removeFirst(position)
      position = 0
    }
    let chunk = [UInt8](unsafeUninitializedCapacity: 1 << 16) { target, count in
      count = max(0, recv(descriptor, target.baseAddress, target.count, 0))
    }
    guard !chunk.isEmpty else { throw SupportError("the server has closed or is silent") }
    buffer += chunk
  }
}
