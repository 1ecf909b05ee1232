/// What keeps our own reply list: the only keys taskmon makes, named by itself and expiring.
///
/// Before a request: MULTI, RPUSH sentinel, EXPIRE, EXEC. Replies are taken with MULTI, LRANGE 0
/// -2, LTRIM -1 -1, EXEC: the sentinel stays last, because a list that ran empty would lose its
/// expiry, and the next late reply would make a list that never goes away.
package struct ReplyListCommand: WireCommand, Hashable {
  package static let right = CommandRight.replyList

  /// The commands there are, as Redis' access rules name them.
  package enum Word: String, Sendable, CaseIterable {
    case multi, exec, rpush, expire, lrange, ltrim, del
  }

  package let arguments: [[UInt8]]

  private init(_ word: Word, _ arguments: [UInt8]...) {
    self.arguments = CommandName.words(of: word.rawValue) + arguments
  }

  package static let expirySeconds = 120
  /// Keys with this beginning, behind the broker's key prefix, are ours.
  package static let namePrefix = "taskmon-"

  /// The element that stays last in the list; workers push in front of it.
  package static let sentinel = Array("taskmon".utf8)

  package static var multi: Self { Self(.multi) }
  package static var exec: Self { Self(.exec) }
  package static func pushSentinel(_ key: RedisKey) -> Self {
    Self(.rpush, key.bytes, sentinel)
  }
  package static func expire(_ key: RedisKey) -> Self {
    Self(.expire, key.bytes, Array(expirySeconds))
  }
  package static func takeRange(_ key: RedisKey) -> Self {
    Self(.lrange, key.bytes, Array(0), Array(-2))
  }
  package static func keepSentinel(_ key: RedisKey) -> Self {
    Self(.ltrim, key.bytes, Array(-1), Array(-1))
  }
  package static func delete(_ key: RedisKey) -> Self { Self(.del, key.bytes) }
}
