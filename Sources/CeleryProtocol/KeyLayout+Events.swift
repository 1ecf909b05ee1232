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
  /// Nil: none of them is this broker's.
  package func eventPattern(forDiscovered channels: [RedisKey]) -> RedisKey? { nil }

  /// Whose events these are; nil for a channel that carries none.
  package func eventSource(ofChannel channel: RedisKey) -> EventSource? { nil }

  /// The database a channel names; nil where it names none.
  package func eventDatabase(ofChannel channel: RedisKey) -> Int? {
    eventSource(ofChannel: channel)?.database
  }
}
