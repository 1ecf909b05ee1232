import Dispatch
import Foundation

/// One TCP connection that speaks bytes, so that tests see what really goes over the wire.
///
/// Reading blocks, and never on a thread the server needs.
final class Wire: Sendable {
  struct Failure: Error { var sentence: String }

  /// No answer is worth waiting longer for; only a fault lasts this long.
  static let patience = 20
  private let descriptor: Int32
  /// A queue of one's own brings a thread of its own; the global one shares the server's.
  private let queue = DispatchQueue(label: "taskmon.test.wire")

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let socket = descriptor
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, length) }
    }
    guard result == 0 else {
      close(descriptor)
      throw Failure(sentence: "connect: \(String(cString: strerror(errno)))")
    }
    var limit = timeval(tv_sec: Self.patience, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
  }

  deinit { close(descriptor) }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// Whether something can be read at once.
  var hasInput: Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) > 0
  }

  /// Everything up to the end of the connection.
  func readToEnd() async throws -> String { try await read { _ in false } }

  /// One whole response with a Content-Length, or what came before the end.
  func readResponse(hasBody: Bool = true) async throws -> String {
    try await read { text in
      guard let head = text.range(of: "\r\n\r\n") else { return false }
      guard hasBody else { return true }
      let length = text[..<head.lowerBound].split(separator: "\r\n")
        .first { $0.lowercased().hasPrefix("content-length: ") }
        .flatMap { Int($0.dropFirst("content-length: ".count)) }
      return text[head.upperBound...].utf8.count >= length ?? 0
    }
  }

  private func read(until isDone: @escaping @Sendable (String) -> Bool) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { [self] in
        continuation.resume(with: Result { try readBlocking(until: isDone) })
      }
    }
  }

  private func readBlocking(until isDone: (String) -> Bool) throws -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count < 0 && errno == EAGAIN { throw Failure(sentence: "no answer in time") }
      // A reset is an end too: the server closed with our bytes unread.
      if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk.prefix(count)
      let text = String(decoding: bytes, as: UTF8.self)
      if isDone(text) { return text }
    }
  }
}

/// What came back, taken apart.
struct Reply: Sendable {
  var status: Int
  var headers: [String: String]
  var body: String

  init(_ text: String) {
    let parts = text.components(separatedBy: "\r\n\r\n")
    let lines = parts[0].components(separatedBy: "\r\n")
    status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    headers = [:]
    for line in lines.dropFirst() {
      let pair = line.split(separator: ":", maxSplits: 1).map(String.init)
      guard pair.count == 2 else { continue }
      headers[pair[0].lowercased()] = pair[1].trimmingCharacters(in: .whitespaces)
    }
    body = parts.dropFirst().joined(separator: "\r\n\r\n")
  }
}
