package import TaskmonUnits

/// One connection, opened for a set of rights and used by one caller at a time.
///
/// Once a call has thrown, the connection is closed; `connect` opens another one. `RedisLink` does
/// that by itself.
package actor RedisConnection: RedisReading {
  private let executor = QueueExecutor("taskmon.redis.connection")
  private let caller: RedisCaller
  private var session: RedisSession?

  package init(
    url: RedisURL, time: TimeSource, limits: RedisLimits = .standard,
    allows rights: CommandRights = [.read], cost: RedisCostCounter = RedisCostCounter()
  ) {
    caller = RedisCaller(url: url, time: time, limits: limits, rights: rights, cost: cost)
  }

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// What this connection has cost so far; does not wait for a call under way.
  package nonisolated var cost: RedisCost { caller.cost.value }

  /// Connects, logs in and selects the database in one round trip.
  package func connect() async throws(RedisError) {
    session = nil
    try caller.check([])
    session = try await caller.open().get()
  }

  package func read(_ commands: [ReadCommand]) async throws(RedisError) -> [RedisReply] {
    try await send(commands)
  }

  /// One reply per command, in order; an error reply to one command is a value in its place.
  ///
  /// Throws where the connection fails, and where a command needs a right it was not opened with.
  package func send(_ commands: [any WireCommand]) async throws(RedisError) -> [RedisReply] {
    try caller.check(commands)
    guard let current = session else {
      throw RedisError(
        kind: .closed, target: caller.url.redacted, detail: "the connection is not open")
    }
    let result = await caller.exchange(commands, on: current)
    if case .failure = result { session = nil }
    return try result.get()
  }

  /// Closes the connection.
  package func close() async { session = nil }
}
