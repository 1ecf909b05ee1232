package import TaskmonUnits

/// One connection, opened for a set of rights and used by one caller at a time.
///
/// Once a call has thrown, the connection is closed and stays so; `RedisLink` opens new ones.
package actor RedisConnection: RedisReading {
  package init(
    url: RedisURL, time: TimeSource, limits: RedisLimits = .standard,
    allows rights: CommandRights = [.read], cost: RedisCostCounter = RedisCostCounter()
  ) {
    counter = cost
  }
  private let counter: RedisCostCounter
  /// What this connection has cost so far; does not wait for a call under way.
  package nonisolated var cost: RedisCost { counter.value }
  /// Connects, logs in and selects the database in one round trip.
  package func connect() async throws(RedisError) {}
  package func read(_ commands: [ReadCommand]) async throws(RedisError) -> [RedisReply] { [] }
  package func send(_ commands: [any WireCommand]) async throws(RedisError) -> [RedisReply] { [] }
  /// Closes the connection; a call after that throws.
  package func close() async {}
}
