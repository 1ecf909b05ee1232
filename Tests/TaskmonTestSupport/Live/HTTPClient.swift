import Foundation

/// What a server answered.
package struct HTTPReply: Sendable {
  package let status: Int
  package let head: String
  package let body: String
}

/// As much of an HTTP client as tests of `serve` need: one GET, one answer, then the end.
package struct HTTPClient: Sendable {
  package let port: UInt16

  package init(port: UInt16) { self.port = port }

  /// Throws where nobody listens or the answer takes longer than 10 s.
  package func get(_ path: String, headers: [String: String] = [:]) throws -> HTTPReply {
    let descriptor = try connected()
    defer { close(descriptor) }
    let lines =
      ["GET \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"]
      + headers.map { "\($0.key): \($0.value)" }
    try write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8), to: descriptor)
    return try reply(from: try readAll(from: descriptor))
  }

  private static func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  private func connected() throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0 else { throw systemError("socket") }
    var limit = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = Self.loopback(port: port)
    let done = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard done else {
      let error = systemError("connect to port \(port)")
      close(descriptor)
      throw error
    }
    return descriptor
  }

  private func write(_ bytes: [UInt8], to descriptor: Int32) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw systemError("send") }
      sent += count
    }
  }

  private func readAll(from descriptor: Int32) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count >= 0 else { throw systemError("recv") }
      if count == 0 { return bytes }
      bytes += chunk[..<count]
    }
  }

  private func reply(from bytes: [UInt8]) throws -> HTTPReply {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n"),
      let status = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { throw SupportError("no HTTP reply: \(text.prefix(200))") }
    let head = String(text[..<end.lowerBound])
    let body = String(text[end.upperBound...])
    let chunked = head.lowercased().contains("transfer-encoding: chunked")
    return HTTPReply(status: status, head: head, body: chunked ? Self.joined(body) : body)
  }

  /// A chunked body without its chunk sizes.
  private static func joined(_ body: String) -> String {
    var rest = Array(body.utf8)[...]
    var whole: [UInt8] = []
    while let lineEnd = rest.firstIndex(of: UInt8(ascii: "\r")) {
      let size = Int(String(decoding: rest[..<lineEnd], as: UTF8.self), radix: 16) ?? 0
      let start = lineEnd + 2
      guard size > 0, start + size <= rest.endIndex else { break }
      whole += rest[start..<start + size]
      rest = rest[(start + size)...].dropFirst(2)
    }
    return String(decoding: whole, as: UTF8.self)
  }
}
