/// Everything taskmon may read with.
///
/// There is no `KEYS`, no `MONITOR`, no `DEBUG`, no range without an end; what is not here cannot
/// be sent by a poll.
package struct ReadCommand: WireCommand, Hashable {
  package static let right = CommandRight.read

  package let arguments: [[UInt8]]

  private init(_ name: String, _ arguments: [UInt8]...) {
    self.arguments = [Array(name.utf8)] + arguments
  }

  private init(list: [[UInt8]]) { arguments = list }

  private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

  package static var ping: Self { Self("PING") }
  package static var time: Self { Self("TIME") }
  /// The named sections, or the default set where none is named.
  package static func info(_ sections: [String] = []) -> Self {
    Self(list: [text("INFO")] + sections.map(text))
  }
  package static func exists(_ key: RedisKey) -> Self { Self("EXISTS", key.bytes) }
  package static func type(_ key: RedisKey) -> Self { Self("TYPE", key.bytes) }
  package static func listLength(_ key: RedisKey) -> Self { Self("LLEN", key.bytes) }
  /// Elements from the end of a list where the next message stands: the last `count`.
  package static func listTail(_ key: RedisKey, count: Int) -> Self {
    Self("LRANGE", key.bytes, Array(-max(1, count)), Array(-1))
  }
  /// Elements from the end where messages arrive: the first `count`.
  package static func listFront(_ key: RedisKey, count: Int) -> Self {
    Self("LRANGE", key.bytes, Array(0), Array(max(1, count) - 1))
  }
  package static func memoryUsage(_ key: RedisKey, samples: Int = 5) -> Self {
    Self("MEMORY", text("USAGE"), key.bytes, text("SAMPLES"), Array(samples))
  }
  package static func stringLength(_ key: RedisKey) -> Self { Self("STRLEN", key.bytes) }
  /// Bytes `from` to `through` of a string, both included; negative positions count from the end.
  package static func stringRange(_ key: RedisKey, from: Int, through: Int) -> Self {
    Self("GETRANGE", key.bytes, Array(from), Array(through))
  }
  package static func millisecondsToLive(_ key: RedisKey) -> Self { Self("PTTL", key.bytes) }
  package static func hashLength(_ key: RedisKey) -> Self { Self("HLEN", key.bytes) }
  package static func hashFieldLength(_ key: RedisKey, _ field: [UInt8]) -> Self {
    Self("HSTRLEN", key.bytes, field)
  }
  package static func hashField(_ key: RedisKey, _ field: [UInt8]) -> Self {
    Self("HGET", key.bytes, field)
  }
  package static func setCount(_ key: RedisKey) -> Self { Self("SCARD", key.bytes) }
  package static func sortedSetCount(_ key: RedisKey) -> Self { Self("ZCARD", key.bytes) }
  /// Members by rank with their scores, lowest first; both ends included.
  package static func sortedSetRange(_ key: RedisKey, from: Int, through: Int) -> Self {
    Self("ZRANGE", key.bytes, Array(from), Array(through), text("WITHSCORES"))
  }
  /// One step of a scan over the keys of the database.
  package static func scan(cursor: [UInt8], match: [UInt8]? = nil, count: Int) -> Self {
    Self(
      list: [text("SCAN"), cursor] + (match.map { [text("MATCH"), $0] } ?? [])
        + [text("COUNT"), Array(count)])
  }
  package static func setScan(_ key: RedisKey, cursor: [UInt8], count: Int) -> Self {
    Self("SSCAN", key.bytes, cursor, text("COUNT"), Array(count))
  }
  package static func hashScan(_ key: RedisKey, cursor: [UInt8], count: Int) -> Self {
    Self("HSCAN", key.bytes, cursor, text("COUNT"), Array(count))
  }
  package static func configuration(_ parameter: String) -> Self {
    Self("CONFIG", text("GET"), text(parameter))
  }
}
