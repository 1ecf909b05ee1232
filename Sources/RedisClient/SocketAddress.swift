import Dispatch
import Glibc
import Synchronization

/// An address as the system wants it.
struct SocketAddress: Sendable {
  let family: Int32
  private let storage: [UInt8]

  init(path: String) throws(TransportError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw TransportError.system("connect", ENAMETOOLONG)
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    family = AF_UNIX
    storage = withUnsafeBytes(of: &address) { Array($0) }
  }

  init?(_ information: addrinfo) {
    guard let address = information.ai_addr else { return nil }
    family = information.ai_family
    storage = Array(UnsafeRawBufferPointer(start: address, count: Int(information.ai_addrlen)))
  }

  /// As connect(2): 0, or -1 with `errno`.
  func connect(_ descriptor: Int32) -> Int32 {
    storage.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return -1 }
      return base.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(bytes.count))
      }
    }
  }
}

/// Names to addresses with a deadline, which getaddrinfo(3) does not know.
enum NameResolution {
  private typealias Answer = Result<[SocketAddress], TransportError>

  /// One at a time: where the resolver hangs, we wait for it instead of piling up threads.
  private static let queue = DispatchQueue(label: "taskmon.redis.names")

  static func addresses(
    of host: String, port: UInt16, until deadline: Deadline
  ) throws(TransportError) -> [SocketAddress] {
    if case .success(let addresses) = look(up: host, port, AI_NUMERICHOST) { return addresses }
    let answer = Box()
    let done = DispatchSemaphore(value: 0)
    queue.async {
      answer.value.withLock { $0 = look(up: host, port, 0) }
      done.signal()
    }
    let limit = DispatchTimeInterval.milliseconds(Int(deadline.milliseconds))
    guard done.wait(timeout: .now() + limit) == .success,
      let found = answer.value.withLock({ $0 })
    else {
      throw TransportError.nameResolution("the name service did not answer in time")
    }
    return try found.get()
  }

  private final class Box: Sendable {
    let value = Mutex<Answer?>(nil)
  }

  private static func look(up host: String, _ port: UInt16, _ flags: Int32) -> Answer {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = flags | AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    guard code == 0 else {
      return .failure(.nameResolution(gai_strerror(code).map { String(cString: $0) } ?? "unknown"))
    }
    var addresses: [SocketAddress] = []
    var next = list
    while let entry = next {
      if let address = SocketAddress(entry.pointee) { addresses.append(address) }
      next = entry.pointee.ai_next
    }
    return .success(addresses)
  }
}
