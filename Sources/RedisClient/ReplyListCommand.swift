/// What keeps our own reply list: the only keys taskmon makes, named by itself and expiring.
///
/// Before a request: MULTI, RPUSH sentinel, EXPIRE, EXEC. Replies are taken with MULTI, LRANGE 0
/// -2, LTRIM -1 -1, EXEC: the sentinel stays last, because a list that ran empty would lose its
/// expiry, and the next late reply would make a list that never goes away.
package struct ReplyListCommand: WireCommand, Hashable {
  package static let right = CommandRight.replyList

  package let arguments: [[UInt8]]

  private init(_ name: String, _ arguments: [UInt8]...) {
    self.arguments = [Array(name.utf8)] + arguments
  }

  package static let expirySeconds = 120
  /// Keys with this beginning, behind the broker's key prefix, are ours.
  package static let namePrefix = "taskmon-"

  /// The element that stays last in the list; workers push in front of it.
  package static let sentinel = Array("taskmon".utf8)

  package static var multi: Self { Self("MULTI") }
  package static var exec: Self { Self("EXEC") }
  package static func pushSentinel(_ key: RedisKey) -> Self {
    Self("RPUSH", key.bytes, sentinel)
  }
  package static func expire(_ key: RedisKey) -> Self {
    Self("EXPIRE", key.bytes, Array(expirySeconds))
  }
  package static func takeRange(_ key: RedisKey) -> Self {
    Self("LRANGE", key.bytes, Array(0), Array(-2))
  }
  package static func keepSentinel(_ key: RedisKey) -> Self {
    Self("LTRIM", key.bytes, Array(-1), Array(-1))
  }
  package static func delete(_ key: RedisKey) -> Self { Self("DEL", key.bytes) }
}
