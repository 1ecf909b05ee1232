package import TaskmonUnits

/// What a subscription tells its owner, in the order it happened.
package enum SubscriptionSignal: Sendable, Hashable {
  /// Every pattern is confirmed; nothing published from here on is missed until `lost`.
  case subscribed(at: Timestamp)
  /// Redis answered when asked, and everything published before has been handed over: where nothing
  /// came, silence is real.
  case alive(at: Timestamp)
  /// This process did not look at the connection for a while: it was stopped, or starved.
  ///
  /// What comes until the next `alive` may be as old as `since`, or the last before a `lost`.
  case stalled(since: Timestamp, at: Timestamp)
  /// The subscription is gone; it is set up again after a wait, and a gap lies between.
  case lost(RedisError, at: Timestamp)
}
