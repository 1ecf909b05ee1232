package import TaskmonUnits

/// What a subscription tells its owner, in the order it happened.
package enum SubscriptionSignal: Sendable, Hashable {
  /// Every pattern is confirmed; nothing published from here on is missed until `lost`.
  case subscribed(at: Timestamp)
  /// Nobody published for a while, and Redis answered when asked: silence is real.
  case alive(at: Timestamp)
  /// The subscription is gone; it is set up again after a wait, and a gap lies between.
  case lost(RedisError, at: Timestamp)
}
