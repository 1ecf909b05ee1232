import Synchronization

/// Bytes over TLS, carried by a plain transport whose waiting and deadlines it shares.
final class TLSTransport: ByteTransport {
  private let base: FileDescriptorTransport
  private let session: TLSSession
  private let isStopped = Atomic(false)

  /// Shakes hands within the deadline over a fresh connection.
  ///
  /// `host` is what the URL says; `options.serverName` goes before it.
  init(
    over base: FileDescriptorTransport, host: String, _ options: TLSOptions,
    until deadline: Deadline
  ) throws(TransportError) {
    self.base = base
    do { session = try TLSSession(host: host, options) } catch { throw .tls(error) }
    try shakeHands(until: deadline)
  }

  private func shakeHands(until deadline: Deadline) throws(TransportError) {
    var hasHeard = false
    while true {
      let step = session.shakeHands()
      try flush(after: step, until: deadline)
      switch step {
      case .done: return
      case .wantsInput: break
      case .goodbye: throw .tls(.closed)
      case .failed(let failure): throw .tls(failure)
      }
      do {
        try receive(until: deadline, isFirst: !hasHeard)
      } catch .timedOut where !hasHeard {
        throw .tls(.silent)
      } catch .closedByPeer {
        throw .tls(.closed)
      }
      hasHeard = true
    }
  }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, until deadline: Deadline
  ) throws(TransportError) -> Int {
    while true {
      if isStopped.load(ordering: .acquiring) { throw .interrupted }
      let step = session.read(into: buffer)
      try flush(after: step, until: deadline)
      switch step {
      case .done(let count): return count
      case .goodbye: throw .closedByPeer
      case .failed(let failure): throw .tls(failure)
      case .wantsInput: try receive(until: deadline)
      }
    }
  }

  func write(_ bytes: [UInt8], until deadline: Deadline) throws(TransportError) {
    var sent = 0
    while sent < bytes.count {
      if isStopped.load(ordering: .acquiring) { throw .interrupted }
      let step = session.write(bytes[sent...])
      try flush(after: step, until: deadline)
      switch step {
      case .done(let count): sent += count
      case .goodbye: throw .closedByPeer
      case .failed(let failure): throw .tls(failure)
      case .wantsInput: try receive(until: deadline)
      }
    }
  }

  /// Session tickets come unasked, so that bytes on the socket alone are no sign of anything.
  var isClosedByPeer: Bool {
    for _ in 0..<16 {
      switch session.peek() {
      case .done: return false
      case .goodbye, .failed: return true
      case .wantsInput: break
      }
      do throws(TransportError) {
        try receive(until: .past)
      } catch {
        return error != .timedOut
      }
    }
    return false
  }

  func shutdown() {
    isStopped.store(true, ordering: .releasing)
    base.shutdown()
  }

  /// Sends what TLS has to say; where it has failed that is a farewell nobody waits for.
  private func flush(
    after step: TLSSession.Step, until deadline: Deadline
  ) throws(TransportError) {
    while case let bytes = session.output(), !bytes.isEmpty {
      if case .failed = step {
        try? base.write(bytes, until: .past)
      } else {
        try base.write(bytes, until: deadline)
      }
    }
  }

  private func receive(until deadline: Deadline, isFirst: Bool = false) throws(TransportError) {
    let count = try base.read(into: session.scratch.bytes, until: deadline)
    let bytes = UnsafeRawBufferPointer(rebasing: session.scratch.bytes[..<count])
    // Each record of TLS begins with its kind, 20 to 23.
    if isFirst, let kind = bytes.first, !(20...23).contains(kind) {
      throw .tls(.notTLS(Array(bytes.prefix(48))))
    }
    guard session.feed(bytes) else { throw .tls(.other("no memory")) }
  }
}
