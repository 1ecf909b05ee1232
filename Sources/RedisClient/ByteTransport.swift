/// A stream of bytes to a server, however it is carried.
///
/// One thread reads and writes; `shutdown` alone may be called from any other. A transport owns its
/// descriptor and closes it when the last reference goes away.
package protocol ByteTransport: AnyObject, Sendable {
  /// Waits for bytes and gives how many came, at least one.
  func read(
    into buffer: UnsafeMutableRawBufferPointer, until deadline: Deadline
  ) throws(TransportError) -> Int

  /// Writes all of it.
  func write(_ bytes: [UInt8], until deadline: Deadline) throws(TransportError)

  /// The other side has closed while nobody was reading; never waits.
  var isClosedByPeer: Bool { get }

  /// Makes a read or write that is under way, and every later one, throw `interrupted` at once.
  func shutdown()
}

/// Why a transport cannot go on; there is no way back from any of them.
package enum TransportError: Error, Sendable, Hashable {
  case closedByPeer
  case timedOut
  /// We ended it ourselves.
  case interrupted
  case nameResolution(String)
  /// The address was reached, nobody listens there.
  case refused
  /// A system call failed, with its error number.
  case system(String, Int32)
  /// TLS does not come about, or broke.
  case tls(TLSFailure)
}
