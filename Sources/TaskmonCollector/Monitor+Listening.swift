import CeleryProtocol
import Logging
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Keeps one subscription on the channel variant that is in use.
extension Monitor {
  /// Without an event for this long, it is looked whether Celery speaks on other channels.
  private static let quiet = Seconds(5)
  private static let lookEvery = Seconds(60)

  func listenForever() async {
    var pattern = layout.eventPattern
    while !Task.isCancelled {
      let current = pattern
      let subscription = RedisSubscription(
        url: configuration.broker, time: time, limits: configuration.limits, patterns: [current],
        cost: cost)
      let other = await withTaskGroup(of: RedisKey?.self) { group in
        group.addTask {
          await self.tap.run(subscription, pattern: current)
          return nil
        }
        group.addTask { await self.findOtherPattern(than: current) }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first
      }
      guard let other else { continue }
      logger.notice(
        "Celery's events come on another channel than the default",
        metadata: ["pattern": "\(other.text)"])
      pattern = other
    }
  }

  /// Looks at other channels while ours are quiet; returns only with a better pattern, or
  /// cancelled.
  private func findOtherPattern(than current: RedisKey) async -> RedisKey? {
    do {
      var heard = tap.with { $0.ledger.received }
      try await time.sleep(Self.quiet)
      while true {
        let now = tap.with { $0.ledger.received }
        defer { heard = now }
        if now == heard, let channels = try? await channelsInUse() {
          noteElsewhere(channels)
          if let found = pattern(among: channels), found != current { return found }
        }
        try await time.sleep(Self.lookEvery)
      }
    } catch {
      return nil
    }
  }

  /// Channels that name no database may be anybody's: they are ours only where Celery is here.
  private func pattern(among channels: [RedisKey]) -> RedisKey? {
    let isHere = facts.sawBinding || facts.markers.value?.isEmpty == false
    return layout.eventPattern(
      forDiscovered: channels, others: Set(facts.bindingsElsewhere.keys), onlyOwn: !isHere)
  }

  private func channelsInUse() async throws(RedisError) -> [RedisKey] {
    Array(
      try await RedisSubscription.channels(
        matching: layout.eventDiscoveryPattern, on: configuration.broker, time: time,
        limits: configuration.limits, for: Self.quiet, atMost: 200))
  }

  /// Where Celery speaks that is not this database and key prefix.
  private func noteElsewhere(_ channels: [RedisKey]) {
    let sources = Set(channels.compactMap(layout.eventSource(ofChannel:))).filter { source in
      source.keyPrefix != layout.globalPrefix
        || source.database ?? layout.database != layout.database
    }
    facts.channelsElsewhere = sources.map { source in
      let database = source.database.map { "db \($0)" } ?? "a db that is not named"
      let prefix = source.keyPrefix.isEmpty ? "" : ", --key-prefix \(source.keyPrefix)"
      return "Celery speaks in \(database)\(prefix)"
    }.sorted()
  }
}
