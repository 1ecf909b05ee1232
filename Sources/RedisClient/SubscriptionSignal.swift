package import TaskmonUnits

/// What a subscription tells its owner, in the order it happened.
package enum SubscriptionSignal: Sendable, Hashable {
  /// Every pattern is confirmed; nothing published from here on is missed until `lost`.
  case subscribed(at: Timestamp)
  /// Messages in the order they came, with the time the last of their bytes was received.
  case messages([SubscriptionMessage], at: Timestamp)
  /// Nobody published for a while, and Redis answered when asked: silence is real.
  case alive(at: Timestamp)
  /// The subscription is gone; it is set up again after a wait, and a gap lies between.
  case lost(RedisError, at: Timestamp)
}

/// One published message.
package struct SubscriptionMessage: Sendable, Hashable {
  package let channel: [UInt8]
  package let payload: [UInt8]

  package init(channel: [UInt8], payload: [UInt8]) {
    self.channel = channel
    self.payload = payload
  }
}
