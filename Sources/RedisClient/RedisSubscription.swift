package import TaskmonUnits

/// Pattern subscriptions on a connection of their own, set up again for as long as it runs.
///
/// The patterns must not overlap: Redis delivers a message once per matching pattern. Other patterns
/// are another subscription.
package final class RedisSubscription: Sendable {
  package init(
    url: RedisURL, time: TimeSource, limits: RedisLimits = .standard, patterns: [RedisKey],
    cost: RedisCostCounter = RedisCostCounter()
  ) {}

  /// Subscribes and delivers until the task is cancelled, and returns promptly then.
  ///
  /// `onSignal` is called on the subscription's own thread, never twice at a time; it holds up the
  /// stream while it runs.
  package func run(onSignal: @escaping @Sendable (SubscriptionSignal) -> Void) async {}

  /// The channels on which something was published, matching a pattern, within a while.
  ///
  /// Ends after `duration`, or as soon as `messages` have been seen; nothing seen is an empty set.
  package static func channels(
    matching pattern: RedisKey, on url: RedisURL, time: TimeSource,
    limits: RedisLimits = .standard, for duration: Seconds, atMost messages: Int = 1000
  ) async throws(RedisError) -> Set<RedisKey> { [] }
}
