package import RedisClient

extension KeyLayout {
  /// The channel of one kind of event; `routingKey` as in `worker.heartbeat`.
  package func eventChannel(routingKey: String) -> RedisKey {
    broker(
      fanout + Array(eventExchange.utf8) + (fanoutPatterns ? Array("/\(routingKey)".utf8) : []))
  }

  /// The subscription pattern that hears all events where everything is as this layout says.
  package var eventPattern: RedisKey {
    RedisKey(
      bytes: Self.globEscaped(Array(globalPrefix.utf8) + fanout + Array(eventExchange.utf8))
        + (fanoutPatterns ? Array("/*".utf8) : []))
  }

  /// The pattern that hears every variant, and other databases' and prefixes' events as well.
  package var eventDiscoveryPattern: RedisKey {
    RedisKey(bytes: Array("*".utf8) + Self.globEscaped(eventExchange) + Array("*".utf8))
  }

  /// The one pattern for this broker's events, judged by the channels a discovery heard.
  ///
  /// Channels that name another database or stand behind another key prefix are somebody else's.
  /// Those that name this database are preferred to those that name none; among these the front
  /// heard most often counts. `others` are key prefixes of other installations, whose channels are
  /// not ours; where `onlyOwn`, a channel must name this database or be as this layout says. Nil:
  /// none of them is this broker's.
  package func eventPattern(
    forDiscovered channels: [RedisKey], others: Set<String> = [], onlyOwn: Bool = false
  ) -> RedisKey? {
    var fronts: [[UInt8]: Heard] = [:]
    for channel in channels {
      guard let split = split(channel) else { continue }
      fronts[split.front, default: Heard()].note(hasRoutingKey: split.hasRoutingKey)
    }
    let usual = Array(globalPrefix.utf8) + fanout
    let numbered = Array((globalPrefix + "/\(database).").utf8)
    let other =
      fronts
      .filter { !onlyOwn && isNameless(front: $0.key) && !isForeign(front: $0.key, others) }
      .max { ($0.value.count, $1.key.lexical) < ($1.value.count, $0.key.lexical) }?.key
    for front in [usual, numbered] + (other.map { [$0] } ?? []) {
      guard let heard = fronts[front] else { continue }
      return RedisKey(
        bytes: Self.globEscaped(front + Array(eventExchange.utf8)) + Array(heard.ending.utf8))
    }
    return nil
  }

  /// Whose events these are; nil for a channel that carries none.
  package func eventSource(ofChannel channel: RedisKey) -> EventSource? {
    guard let front = split(channel)?.front else { return nil }
    if front == Array(globalPrefix.utf8) + fanout {
      let isNumbered = fanoutPrefix == .database
      return EventSource(keyPrefix: globalPrefix, database: isNumbered ? database : nil)
    }
    guard let numbered = Self.numbered(front) else {
      return EventSource(keyPrefix: String(decoding: front, as: UTF8.self), database: nil)
    }
    return EventSource(
      keyPrefix: String(decoding: numbered.prefix, as: UTF8.self), database: numbered.database)
  }

  /// The database a channel names; nil where it names none.
  package func eventDatabase(ofChannel channel: RedisKey) -> Int? {
    eventSource(ofChannel: channel)?.database
  }

  /// How channels of one front end.
  private struct Heard {
    var bare = 0
    var routed = 0
    var count: Int { bare + routed }

    mutating func note(hasRoutingKey: Bool) {
      if hasRoutingKey { routed += 1 } else { bare += 1 }
    }

    /// With both kinds one pattern must hear both, or an event would come twice.
    var ending: String { bare == 0 ? "/*" : routed == 0 ? "" : "*" }
  }

  /// Whether a front belongs to this prefix and names no database at all.
  private func isNameless(front: [UInt8]) -> Bool {
    front.starts(with: globalPrefix.utf8) && Self.numbered(front) == nil
  }

  /// Whether a front is behind the key prefix of another installation.
  private func isForeign(front: [UInt8], _ others: Set<String>) -> Bool {
    others.contains { other in
      isForeign(prefix: other) && front.starts(with: other.utf8)
    }
  }

  /// A prefix that ours is a part of can be mistaken for ours; any other cannot.
  private func isForeign(prefix other: String) -> Bool {
    other != globalPrefix && other.utf8.starts(with: globalPrefix.utf8)
  }

  /// Whether a key that stands behind our prefix stands behind another installation's as well.
  package func isForeign(_ key: RedisKey, others: Set<String>) -> Bool {
    others.contains { isForeign(prefix: $0) && key.bytes.starts(with: $0.utf8) }
  }

  /// Where events come on other channels than this layout says: what `fanout_prefix` they have.
  ///
  /// Nil where they come as expected, or where the pattern is not of this broker's events.
  package func otherFanoutPrefix(inPattern pattern: RedisKey) -> FanoutPrefix? {
    let mark = Array(eventExchange.utf8)
    let bytes = Self.globUnescaped(pattern.bytes)
    guard let end = Self.position(of: mark, in: bytes[...]),
      let front = Self.suffix(of: Array(bytes[..<end]), after: Array(globalPrefix.utf8)),
      front != fanout
    else { return nil }
    if front.isEmpty { return FanoutPrefix.none }
    if front == Array("/\(database).".utf8) { return .database }
    return .text(String(decoding: front, as: UTF8.self))
  }

  /// What stands before the event exchange in a channel; nil where it is no event channel.
  private func split(_ channel: RedisKey) -> (front: [UInt8], hasRoutingKey: Bool)? {
    let exchange = Array(eventExchange.utf8)
    var rest = channel.bytes[...]
    while let found = Self.position(of: exchange, in: rest) {
      let end = found + exchange.count
      if end == channel.bytes.count { return (Array(channel.bytes[..<found]), false) }
      if channel.bytes[end] == UInt8(ascii: "/") { return (Array(channel.bytes[..<found]), true) }
      rest = channel.bytes[(found + 1)...]
    }
    return nil
  }

  /// Takes `prefix/N.` apart.
  private static func numbered(_ front: [UInt8]) -> (prefix: [UInt8], database: Int)? {
    guard front.last == UInt8(ascii: "."),
      let slash = front.lastIndex(of: UInt8(ascii: "/")),
      let database = Int(String(decoding: front[(slash + 1)...].dropLast(), as: UTF8.self)),
      database >= 0
    else { return nil }
    return (Array(front[..<slash]), database)
  }
}

extension [UInt8] {
  /// For a stable order among equals.
  fileprivate var lexical: String { String(decoding: self, as: UTF8.self) }
}
