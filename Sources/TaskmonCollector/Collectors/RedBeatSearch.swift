import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Looks for RedBeat's schedule behind a prefix of its own (`redbeat_key_prefix`).
///
/// Workers mask that setting when they are asked for it, but a sorted set named `:schedule` whose
/// members are entries behind the same prefix is nobody else's.
struct RedBeatSearch: Sendable {
  let budget: CollectionBudget
  let pace: ScanPace

  /// Prefixes of schedules, the usual one first, after one pass over the database; nil where it was
  /// cut short.
  func pass(_ redis: some RedisReading) async throws(RedisError) -> [String]? {
    let found = try await pace.pass(over: KeyLayout.anyRedBeatScheduleMatch, budget.scanStep, redis)
    {
      keys throws(RedisError) in try await schedules(among: keys, redis)
    }
    guard let found else { return nil }
    let usual = KeyLayout.defaultRedBeatPrefix
    return Set(found).sorted { ($0 == usual ? 0 : 1, $0) < ($1 == usual ? 0 : 1, $1) }
  }

  /// Asked for their type first: Redis counts what is asked of the wrong one as an error.
  private func schedules(
    among keys: [RedisKey], _ redis: some RedisReading
  ) async throws(RedisError) -> [String] {
    guard !keys.isEmpty else { return [] }
    let types = try await redis.read(keys.map { .type($0) })
    let sets = zip(keys, types).filter { $0.1.bytes == Array("zset".utf8) }.map(\.0)
    guard !sets.isEmpty else { return [] }
    let members = try await redis.read(sets.map { .sortedSetRange($0, from: 0, through: 0) })
    var candidates: [(prefix: String, entry: RedisKey)] = []
    for (key, reply) in zip(sets, members) {
      guard let prefix = KeyLayout.redBeatPrefix(ofScheduleKey: key),
        let member = try? reply.elements(on: "a schedule").first?.bytes,
        member.starts(with: prefix.utf8)
      else { continue }
      candidates.append((prefix, RedisKey(bytes: member)))
    }
    guard !candidates.isEmpty else { return [] }
    let kinds = try await redis.read(candidates.map { .type($0.entry) })
    let hashes = zip(candidates, kinds).filter { $0.1.bytes == Array("hash".utf8) }.map(\.0)
    guard !hashes.isEmpty else { return [] }
    let sizes = try await redis.read(
      hashes.map { .hashFieldLength($0.entry, KeyLayout.redBeatDefinition) })
    return zip(hashes, sizes).filter { ($0.1.integer ?? 0) > 0 }.map(\.0.prefix)
  }
}
