import RedisClient

/// One answer of SCAN, SSCAN or HSCAN: where to go on, and what was found.
struct ScanStep: Sendable {
  let cursor: [UInt8]
  let elements: [[UInt8]]

  /// Nil for anything that is no such answer.
  init?(_ reply: RedisReply) {
    guard let parts = reply.array, parts.count == 2, let cursor = parts[0].bytes,
      let elements = parts[1].array
    else { return nil }
    self.cursor = cursor
    self.elements = elements.compactMap(\.bytes)
  }

  var keys: [RedisKey] { elements.map { RedisKey(bytes: $0) } }
  var isLast: Bool { cursor == Self.start }

  static let start = Array("0".utf8)
}

extension ScanPace {
  /// What `look` finds among the keys that match, in one pass over the database; nil where it was
  /// cut short.
  func pass<Found: Sendable>(
    over match: [UInt8], _ count: Int, _ redis: some RedisReading,
    look: ([RedisKey]) async throws(RedisError) -> [Found]
  ) async throws(RedisError) -> [Found]? {
    var found: [Found] = []
    var cursor = ScanStep.start
    repeat {
      let begun = begin()
      let reply = try await redis.read([.scan(cursor: cursor, match: match, count: count)])
      guard let step = ScanStep(reply.first ?? .null) else { return nil }
      cursor = step.cursor
      found += try await look(step.keys)
      if await !rest(since: begun) { return nil }
    } while cursor != ScanStep.start
    return found
  }
}
