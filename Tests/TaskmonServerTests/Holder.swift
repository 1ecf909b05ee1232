import Synchronization

/// A connection kept beyond the server it was made to.
final class Holder: Sendable {
  private let held = Mutex<Wire?>(nil)

  var wire: Wire? { held.withLock { $0 } }

  func hold(_ wire: Wire) { held.withLock { $0 = wire } }
}
