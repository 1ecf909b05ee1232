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
    let found = try await pace.pass(over: layout.redBeatMatch, budget.scanStep, redis) {
      keys throws(RedisError) in try await locks(among: keys, redis)
    }
    guard let found else { return nil }
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
