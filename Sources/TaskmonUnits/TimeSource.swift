/// What time it is, and how to wait: made once by the executable and handed to whoever needs it.
///
/// No other code asks the system for the time or sleeps, so that a test can write time down.
package struct TimeSource: Sendable {
  /// The wall clock, for what is compared with timestamps made by others.
  package let now: @Sendable () -> Timestamp
  /// A clock that never jumps, for how long something took; its zero has no meaning.
  package let uptime: @Sendable () -> Seconds
  /// Waits without blocking a thread.
  ///
  /// Throws only when the task is cancelled.
  package let sleep: @Sendable (Seconds) async throws -> Void

  package init(
    now: @escaping @Sendable () -> Timestamp,
    uptime: @escaping @Sendable () -> Seconds,
    sleep: @escaping @Sendable (Seconds) async throws -> Void
  ) {
    self.now = now
    self.uptime = uptime
    self.sleep = sleep
  }
}
