import Glibc
import Synchronization
import TaskmonUnits

/// Plain bytes over a TCP connection or a unix socket.
package final class FileDescriptorTransport: ByteTransport {
  private let descriptor: Int32
  private let stopped = Atomic(false)

  /// Takes over a connected, non-blocking socket.
  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// Connects within the deadline; a name with several addresses is tried one after the other.
  package static func connect(
    to endpoint: RedisEndpoint, until deadline: Deadline,
    isCancelled: @Sendable () -> Bool = { false }
  ) throws(TransportError) -> FileDescriptorTransport {
    let addresses: [SocketAddress] =
      switch endpoint {
      case .unix(let path): [try SocketAddress(path: path)]
      case .tcp(let host, let port):
        try NameResolution.addresses(of: host, port: port, until: deadline)
      }
    var failure = TransportError.nameResolution("no address")
    for (index, address) in addresses.enumerated() {
      let share = deadline.remaining / Double(addresses.count - index)
      do {
        return try connect(to: address, until: deadline.orIn(share), isCancelled: isCancelled)
      } catch {
        failure = error
        if error == .interrupted { throw error }
      }
    }
    throw failure
  }

  private static func connect(
    to address: SocketAddress, until deadline: Deadline, isCancelled: @Sendable () -> Bool
  ) throws(TransportError) -> FileDescriptorTransport {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    let descriptor = socket(address.family, kind, 0)
    guard descriptor >= 0 else { throw TransportError.system("socket", errno) }
    let transport = FileDescriptorTransport(descriptor)
    if address.family != AF_UNIX { transport.tuneTCP() }
    guard address.connect(descriptor) != 0 else { return transport }
    switch errno {
    case EINPROGRESS: break
    // A unix socket whose queue of waiting clients is full.
    case EAGAIN: throw TransportError.refused
    case let code: throw connectError(code)
    }
    // In slices, because nobody can shut down a socket that is not connected yet.
    while try !transport.wait(for: Int16(POLLOUT), until: deadline.orIn(.seconds(0.1))) {
      if isCancelled() { throw TransportError.interrupted }
      if deadline.isOver { throw TransportError.timedOut }
    }
    var code: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
    guard code == 0 else { throw connectError(code) }
    return transport
  }

  private static func connectError(_ code: Int32) -> TransportError {
    switch code {
    case ECONNREFUSED: .refused
    case ETIMEDOUT: .timedOut
    default: .system("connect", code)
    }
  }

  /// A dead peer is noticed within a minute even by a connection that only waits.
  private func tuneTCP() {
    let settings: [(Int32, Int32, Int32)] = [
      (Int32(IPPROTO_TCP), TCP_NODELAY, 1), (SOL_SOCKET, SO_KEEPALIVE, 1),
      (Int32(IPPROTO_TCP), TCP_KEEPIDLE, 30), (Int32(IPPROTO_TCP), TCP_KEEPINTVL, 10),
      (Int32(IPPROTO_TCP), TCP_KEEPCNT, 3),
    ]
    for (level, name, value) in settings {
      var value = value
      setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
  }

  package func read(
    into buffer: UnsafeMutableRawBufferPointer, until deadline: Deadline
  ) throws(TransportError) -> Int {
    while true {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
      let code = errno
      if stopped.load(ordering: .acquiring) { throw TransportError.interrupted }
      if count > 0 { return count }
      if count == 0 { throw TransportError.closedByPeer }
      try waitAfter(code, in: "recv", for: Int16(POLLIN), until: deadline)
    }
  }

  package func write(_ bytes: [UInt8], until deadline: Deadline) throws(TransportError) {
    var sent = 0
    while sent < bytes.count {
      let (count, code) = bytes.withUnsafeBytes { all in
        let rest = UnsafeRawBufferPointer(rebasing: all[sent...])
        let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
        let count = send(descriptor, rest.baseAddress, rest.count, flags)
        return (count, errno)
      }
      if stopped.load(ordering: .acquiring) { throw TransportError.interrupted }
      if count > 0 {
        sent += count
      } else {
        try waitAfter(code, in: "send", for: Int16(POLLOUT), until: deadline)
      }
    }
  }

  private func waitAfter(
    _ code: Int32, in call: String, for events: Int16, until deadline: Deadline
  ) throws(TransportError) {
    switch code {
    case EINTR: return
    case EAGAIN:
      guard try wait(for: events, until: deadline) else { throw TransportError.timedOut }
    case ECONNRESET, EPIPE: throw TransportError.closedByPeer
    case ETIMEDOUT: throw TransportError.timedOut
    default: throw TransportError.system(call, code)
    }
  }

  /// False where nothing happened until the deadline.
  private func wait(for events: Int16, until deadline: Deadline) throws(TransportError) -> Bool {
    var entry = pollfd(fd: descriptor, events: events, revents: 0)
    let ready = poll(&entry, 1, deadline.milliseconds)
    guard ready >= 0 || errno == EINTR else { throw TransportError.system("poll", errno) }
    return ready > 0 || (ready < 0 && !deadline.isOver)
  }

  package var isClosedByPeer: Bool {
    var byte: UInt8 = 0
    let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
    return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
  }

  package func shutdown() {
    stopped.store(true, ordering: .releasing)
    _ = Glibc.shutdown(descriptor, Int32(SHUT_RDWR))
  }
}
