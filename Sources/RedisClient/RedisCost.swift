import Synchronization

/// What we have asked of Redis since the counter was made; only ever grows.
package struct RedisCost: Sendable, Hashable {
  /// Commands sent, by name in upper case.
  package var commands: [String: Int] = [:]
  package var roundTrips = 0
  package var bytesIn = 0
  package var bytesOut = 0
  /// Connections opened, failed attempts included.
  package var connects = 0

  package init() {}

  /// All commands together.
  package var total: Int { commands.values.reduce(0, +) }
}

/// One tally shared by any number of connections; reading it takes no connection's time.
package final class RedisCostCounter: Sendable {
  private let state = Mutex(RedisCost())

  package init() {}

  package var value: RedisCost { state.withLock { $0 } }

  func add(_ change: (inout RedisCost) -> Void) { state.withLock { change(&$0) } }
}
