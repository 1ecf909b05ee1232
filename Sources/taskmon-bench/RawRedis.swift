#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A connection that writes what it is given as fast as it can; for flooding, not for asking.
final class RawRedis {
  private let descriptor: Int32

  init(socket path: String) throws(BenchError) {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw BenchError("\(path) is too long for a socket")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    guard result == 0 else { throw BenchError("no Redis on \(path): errno \(errno)") }
  }

  deinit { close(descriptor) }

  func send(_ bytes: [UInt8]) throws(BenchError) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes { all in
        Glibc.write(descriptor, all.baseAddress?.advanced(by: sent), all.count - sent)
      }
      guard count > 0 || errno == EINTR else { throw BenchError("cannot write: errno \(errno)") }
      sent += max(0, count)
    }
  }

  /// Sends a line and reads until the answer holds `mark`.
  func ask(_ line: String, until mark: String) throws(BenchError) -> String {
    try send(Array("\(line)\r\n".utf8))
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    // Scalars, because a character of Swift takes a return and the newline behind it together.
    while !String(decoding: text, as: UTF8.self).unicodeScalars.contains(mark.unicodeScalars) {
      let count = read(descriptor, &chunk, chunk.count)
      guard count > 0 else { throw BenchError("cannot read: errno \(errno)") }
      text += chunk[..<count]
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// A command as Redis reads it.
  static func command(_ arguments: [[UInt8]]) -> [UInt8] {
    var bytes = Array("*\(arguments.count)\r\n".utf8)
    for argument in arguments {
      bytes += Array("$\(argument.count)\r\n".utf8) + argument + Array("\r\n".utf8)
    }
    return bytes
  }
}
