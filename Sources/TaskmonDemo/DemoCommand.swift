package import RedisClient
import TaskmonUnits

/// The writes that Celery, kombu and RedBeat make: the closed list a simulated fleet may send.
///
/// Only a connection to a `DemoServer` is opened with this right.
package struct DemoCommand: WireCommand, Hashable {
  package static var right: CommandRight { .demo }
  package let arguments: [[UInt8]]

  private init(_ name: String, _ arguments: [UInt8]...) {
    self.arguments = [Array(name.utf8)] + arguments
  }

  static var multi: Self { Self("MULTI") }
  static var exec: Self { Self("EXEC") }
  /// A message or a reply: comes in where the last one came in.
  static func push(_ element: [UInt8], to list: RedisKey) -> Self {
    Self("LPUSH", list.bytes, element)
  }
  /// The next message of a list; what BRPOP gives without waiting.
  static func takeNext(from list: RedisKey) -> Self { Self("RPOP", list.bytes) }
  static func set(_ field: [UInt8], to value: [UInt8], in hash: RedisKey) -> Self {
    Self("HSET", hash.bytes, field, value)
  }
  static func removeField(_ field: [UInt8], from hash: RedisKey) -> Self {
    Self("HDEL", hash.bytes, field)
  }
  static func add(_ member: [UInt8], score: Double, to sortedSet: RedisKey) -> Self {
    Self("ZADD", sortedSet.bytes, Array(score.description.utf8), member)
  }
  /// With a whole score: due times of RedBeat, deadlines of kombu.
  static func add(_ member: [UInt8], wholeScore: Int64, to sortedSet: RedisKey) -> Self {
    Self("ZADD", sortedSet.bytes, Array(String(wholeScore).utf8), member)
  }
  static func remove(_ member: [UInt8], fromSortedSet key: RedisKey) -> Self {
    Self("ZREM", key.bytes, member)
  }
  static func add(_ member: [UInt8], to set: RedisKey) -> Self { Self("SADD", set.bytes, member) }
  static func members(of set: RedisKey) -> Self { Self("SMEMBERS", set.bytes) }
  static func store(_ value: [UInt8], at key: RedisKey, seconds: Int) -> Self {
    Self("SETEX", key.bytes, Array(seconds), value)
  }
  /// Takes a lock unless somebody has it.
  static func lock(_ key: RedisKey, token: [UInt8], milliseconds: Int) -> Self {
    Self("SET", key.bytes, token, Array("NX".utf8), Array("PX".utf8), Array(milliseconds))
  }
  static func extend(_ key: RedisKey, milliseconds: Int) -> Self {
    Self("PEXPIRE", key.bytes, Array(milliseconds))
  }
  static func publish(_ message: [UInt8], on channel: RedisKey) -> Self {
    Self("PUBLISH", channel.bytes, message)
  }
  static func delete(_ key: RedisKey) -> Self { Self("DEL", key.bytes) }

  // What people do to a Redis, and what becomes of it.

  /// A result that nobody ever removes: `result_expires = 0`.
  static func storeForEver(_ value: [UInt8], at key: RedisKey) -> Self {
    Self("SET", key.bytes, value)
  }
  /// Zeros, as many as it takes for the value to end there.
  static func fill(_ key: RedisKey, bytes: Int) -> Self {
    Self("SETRANGE", key.bytes, Array(max(0, bytes - 1)), [0])
  }
  static func configure(_ setting: String, _ value: String) -> Self {
    Self("CONFIG", Array("SET".utf8), Array(setting.utf8), Array(value.utf8))
  }
  static var flushAll: Self { Self("FLUSHALL") }
  static var shutDown: Self { Self("SHUTDOWN", Array("NOSAVE".utf8)) }
}
