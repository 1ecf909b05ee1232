import Synchronization
package import TaskmonUnits

/// A connection that comes back: connects when asked, and after a failure not before a wait.
///
/// A call either succeeds on a live connection or throws the error of the last attempt, and within
/// the deadlines of `RedisLimits`; while the wait before the next attempt lasts it throws at once.
package actor RedisLink: RedisReading {
  private let executor = QueueExecutor("taskmon.redis.link")
  private let caller: RedisCaller
  private let published = Mutex(LinkState.idle)
  private var session: RedisSession?
  private var failures = 0
  /// On the clock that never jumps.
  private var nextAttempt = Seconds.zero

  package init(
    url: RedisURL, time: TimeSource, limits: RedisLimits = .standard,
    allows rights: CommandRights = [.read], cost: RedisCostCounter = RedisCostCounter()
  ) {
    caller = RedisCaller(url: url, time: time, limits: limits, rights: rights, cost: cost)
  }

  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// What all its connections have cost so far; does not wait for a call under way.
  package nonisolated var cost: RedisCost { caller.cost.value }
  /// As of the end of the last call; does not wait for a call under way.
  package nonisolated var state: LinkState { published.withLock { $0 } }

  package func read(_ commands: [ReadCommand]) async throws(RedisError) -> [RedisReply] {
    try await send(commands)
  }

  /// One reply per command, in order; an error reply to one command is a value in its place.
  package func send(_ commands: [any WireCommand]) async throws(RedisError) -> [RedisReply] {
    try caller.check(commands)
    let current = try await liveSession()
    switch await caller.exchange(commands, on: current) {
    case .success(let replies):
      failures = 0
      return replies
    case .failure(let error):
      if session === current { fail(error) }
      throw error
    }
  }

  /// Closes the connection; the next call opens a new one.
  package func close() async {
    session = nil
    failures = 0
    nextAttempt = .zero
    published.withLock { $0 = .idle }
  }

  private func liveSession() async throws(RedisError) -> RedisSession {
    // Redis drops clients that were idle for its `timeout`; that is no failure of anybody.
    if let session, !session.isClosedByPeer { return session }
    session = nil
    if case .down(let error, _, _) = state, caller.time.uptime() < nextAttempt { throw error }
    switch await caller.open() {
    case .success(let opened):
      session = opened
      let now = caller.time.now()
      published.withLock { $0 = .up(since: now) }
      return opened
    case .failure(let error):
      fail(error)
      throw error
    }
  }

  /// Counts only what Redis or the way to it has done, not that our own task was cancelled.
  private func fail(_ error: RedisError) {
    session = nil
    guard !Task.isCancelled else {
      published.withLock { if case .up = $0 { $0 = .idle } }
      return
    }
    failures += 1
    nextAttempt =
      caller.time.uptime() + Backoff(range: caller.limits.backoff).delay(after: failures)
    let now = caller.time.now()
    published.withLock { state in
      switch state {
      case .down(_, let since, let attempts):
        state = .down(error, since: since, attempts: attempts + 1)
      case .idle, .up: state = .down(error, since: now, attempts: 1)
      }
    }
  }
}
