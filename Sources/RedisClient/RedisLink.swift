package import TaskmonUnits

/// A connection that comes back: connects when asked, and after a failure not before a wait.
///
/// A call either succeeds on a live connection or throws the error of the last attempt, and within
/// the deadlines of `RedisLimits`; while it waits for the next attempt it throws at once.
package actor RedisLink: RedisReading {
  package init(
    url: RedisURL, time: TimeSource, limits: RedisLimits = .standard,
    allows rights: CommandRights = [.read], cost: RedisCostCounter = RedisCostCounter()
  ) {
    counter = cost
  }
  private let counter: RedisCostCounter
  package nonisolated var cost: RedisCost { counter.value }
  package nonisolated var state: LinkState { .idle }
  package func read(_ commands: [ReadCommand]) async throws(RedisError) -> [RedisReply] { [] }
  package func send(_ commands: [any WireCommand]) async throws(RedisError) -> [RedisReply] { [] }
  /// Closes the connection; the next call opens a new one.
  package func close() async {}
}
