/// Everything taskmon may read with.
///
/// There is no `KEYS`, no `MONITOR`, no `DEBUG`, no range without an end; what is not here cannot
/// be sent by a poll.
package struct ReadCommand: WireCommand, Hashable {
  package static let right = CommandRight.read

  /// The commands there are, as Redis' access rules name them; a command is made from one of these,
  /// so that the rules we ask for are neither more nor less.
  package enum Word: String, Sendable, CaseIterable {
    case ping, time, info, exists, type, llen, lrange, strlen, getrange, pttl, hlen, hstrlen, hget
    case scard, zcard, zrange, scan, sscan, hscan
    case memoryUsage = "memory|usage"
    case configGet = "config|get"
  }

  package let arguments: [[UInt8]]

  private init(_ word: Word, _ arguments: [UInt8]...) {
    self.init(word, list: arguments)
  }

  private init(_ word: Word, list: [[UInt8]]) {
    arguments = CommandName.words(of: word.rawValue) + list
  }

  private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

  package static var ping: Self { Self(.ping) }
  package static var time: Self { Self(.time) }
  /// The named sections, or the default set where none is named.
  package static func info(_ sections: [String] = []) -> Self {
    Self(.info, list: sections.map(text))
  }
  package static func exists(_ key: RedisKey) -> Self { Self(.exists, key.bytes) }
  package static func type(_ key: RedisKey) -> Self { Self(.type, key.bytes) }
  package static func listLength(_ key: RedisKey) -> Self { Self(.llen, key.bytes) }
  /// Elements from the end of a list where the next message stands: the last `count`.
  package static func listTail(_ key: RedisKey, count: Int) -> Self {
    Self(.lrange, key.bytes, Array(-max(1, count)), Array(-1))
  }
  /// Elements from the end where messages arrive: the first `count`.
  package static func listFront(_ key: RedisKey, count: Int) -> Self {
    Self(.lrange, key.bytes, Array(0), Array(max(1, count) - 1))
  }
  /// Elements from the end where messages arrive: `count` of them behind the first `skipping`.
  package static func listFront(_ key: RedisKey, skipping: Int, count: Int) -> Self {
    let first = max(0, skipping)
    return Self(.lrange, key.bytes, Array(first), Array(first &+ max(1, count) - 1))
  }
  package static func memoryUsage(_ key: RedisKey, samples: Int = 5) -> Self {
    Self(.memoryUsage, key.bytes, text("SAMPLES"), Array(samples))
  }
  package static func stringLength(_ key: RedisKey) -> Self { Self(.strlen, key.bytes) }
  /// Bytes `from` to `through` of a string, both included; negative positions count from the end.
  package static func stringRange(_ key: RedisKey, from: Int, through: Int) -> Self {
    Self(.getrange, key.bytes, Array(from), Array(through))
  }
  package static func millisecondsToLive(_ key: RedisKey) -> Self { Self(.pttl, key.bytes) }
  package static func hashLength(_ key: RedisKey) -> Self { Self(.hlen, key.bytes) }
  package static func hashFieldLength(_ key: RedisKey, _ field: [UInt8]) -> Self {
    Self(.hstrlen, key.bytes, field)
  }
  package static func hashField(_ key: RedisKey, _ field: [UInt8]) -> Self {
    Self(.hget, key.bytes, field)
  }
  package static func setCount(_ key: RedisKey) -> Self { Self(.scard, key.bytes) }
  package static func sortedSetCount(_ key: RedisKey) -> Self { Self(.zcard, key.bytes) }
  /// Members by rank with their scores, lowest first; both ends included.
  package static func sortedSetRange(_ key: RedisKey, from: Int, through: Int) -> Self {
    Self(.zrange, key.bytes, Array(from), Array(through), text("WITHSCORES"))
  }
  /// One step of a scan over the keys of the database.
  package static func scan(cursor: [UInt8], match: [UInt8]? = nil, count: Int) -> Self {
    Self(
      .scan,
      list: [cursor] + (match.map { [text("MATCH"), $0] } ?? [])
        + [text("COUNT"), Array(count)])
  }
  package static func setScan(_ key: RedisKey, cursor: [UInt8], count: Int) -> Self {
    Self(.sscan, key.bytes, cursor, text("COUNT"), Array(count))
  }
  package static func hashScan(_ key: RedisKey, cursor: [UInt8], count: Int) -> Self {
    Self(.hscan, key.bytes, cursor, text("COUNT"), Array(count))
  }
  package static func configuration(_ parameter: String) -> Self {
    Self(.configGet, text(parameter))
  }
}
