import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Looks for RedBeat's lock under a name of its own (`redbeat_lock_key`).
///
/// Workers mask that setting when they are asked for it, but the lock is the only string among
/// RedBeat's keys and holds a token that nothing else holds.
struct RedBeatLockSearch: Sendable {
  let layout: KeyLayout
  let budget: CollectionBudget
  let pace: ScanPace

  /// The keys that hold a lock, sorted, after one pass over the database; nil where it was cut
  /// short.
  func pass(_ redis: some RedisReading) async throws(RedisError) -> [RedisKey]? {
    var found: [RedisKey] = []
    var cursor = ScanStep.start
    repeat {
      let begun = pace.begin()
      let reply = try await redis.read([
        .scan(cursor: cursor, match: layout.redBeatMatch, count: budget.scanStep)
      ])
      guard let step = ScanStep(reply.first ?? .null) else { return nil }
      cursor = step.cursor
      found += try await locks(among: step.keys, redis)
      if await !pace.rest(since: begun) { return nil }
    } while cursor != ScanStep.start
    return Set(found).sorted { $0.text < $1.text }
  }

  /// Asked for their type first: Redis counts what is asked of the wrong one as an error.
  private func locks(
    among keys: [RedisKey], _ redis: some RedisReading
  ) async throws(RedisError) -> [RedisKey] {
    guard !keys.isEmpty else { return [] }
    let types = try await redis.read(keys.map { .type($0) })
    let strings = zip(keys, types).filter { $0.1.bytes == Array("string".utf8) }.map(\.0)
    let texts = try await redis.read(strings.map { .stringRange($0, from: 0, through: 63) })
    return zip(strings, texts).compactMap { key, text in
      text.bytes.flatMap(RedBeatToken.init) == nil ? nil : key
    }
  }
}
