import TaskmonUnits

/// What connections and links have in common: rights, deadlines, cancellation.
struct RedisCaller: Sendable {
  let url: RedisURL
  let time: TimeSource
  let limits: RedisLimits
  let rights: CommandRights
  let cost: RedisCostCounter

  /// Throws where one of the commands must not be sent here.
  func check(_ commands: [any WireCommand]) throws(RedisError) {
    for command in commands where !rights.contains(type(of: command).right) {
      throw refusal("\(command.name) needs the right \"\(type(of: command).right.rawValue)\"")
    }
    guard !rights.contains(.demo) || url.isUnixSocket else {
      throw refusal("writing what Celery writes is only possible on a unix socket of our own")
    }
  }

  private func refusal(_ why: String) -> RedisError {
    RedisError(kind: .noPermission, target: url.redacted, detail: "not sent: \(why)")
  }

  /// Blocks the calling actor's thread; a cancelled task makes it give up at once.
  func open(
    isolation: isolated (any Actor)? = #isolation
  ) async -> Result<RedisSession, RedisError> {
    let stopper = Stopper()
    return await withTaskCancellationHandler {
      // Captured, the closure runs on the actor; else it would block the cooperative pool.
      _ = isolation
      return Result { () throws(RedisError) in
        try RedisSession.open(
          url, SessionContext(time: time, limits: limits, cost: cost), stopper)
      }
    } onCancel: {
      stopper.stop()
    }
  }

  /// Blocks the calling actor's thread; a cancelled task makes it give up at once.
  func exchange(
    _ commands: [any WireCommand], on session: RedisSession,
    isolation: isolated (any Actor)? = #isolation
  ) async -> Result<[RedisReply], RedisError> {
    let stopper = Stopper()
    let deadline = Deadline(in: limits.batchDeadline, on: time)
    return await withTaskCancellationHandler {
      // Captured, the closure runs on the actor; else it would block the cooperative pool.
      _ = isolation
      return Result { () throws(RedisError) in
        try session.exchange(commands, until: deadline, stopper: stopper)
      }
    } onCancel: {
      stopper.stop()
    }
  }
}
