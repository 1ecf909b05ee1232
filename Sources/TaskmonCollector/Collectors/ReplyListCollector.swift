import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Counts the reply lists of remote control that others have left in the broker; a budgeted scan.
struct ReplyListCollector: Sendable {
  static let name = "reply-lists"

  let layout: KeyLayout
  /// Key prefixes of other installations, whose lists are theirs.
  var others: Set<String> = []
  let budget: CollectionBudget
  let pace: ScanPace

  private struct Tally {
    var facts = ReplyListFacts(count: 0, totalSize: .zero)
    var largest = ByteCount.zero

    mutating func add(_ key: RedisKey, size: ByteCount, expires: Bool) {
      facts.count += 1
      facts.totalSize += size
      if !expires { facts.withoutExpiry += 1 }
      guard size > largest else { return }
      largest = size
      facts.largest = key.text
    }
  }

  /// One pass; nil where it was cut short.
  func pass(
    _ redis: some RedisReading
  ) async throws(RedisError) -> Result<ReplyListFacts, CollectionError>? {
    var tally = Tally()
    var cursor = ScanStep.start
    repeat {
      let asked = pace.begin()
      let replies = try await redis.read([
        .scan(cursor: cursor, match: layout.anyReplyListMatch, count: budget.scanStep)
      ])
      let reply = replies.first ?? .null
      guard let step = ScanStep(reply) else {
        return .failure(
          reply.error.map { CollectionError($0, on: "SCAN of the reply lists") }
            ?? CollectionError("SCAN of the reply lists: no answer"))
      }
      cursor = step.cursor
      let keys = step.keys.filter { key in
        !layout.isOwnReplyList(key) && !layout.isForeign(key, others: others)
      }
      if let error = try await measure(keys, redis, into: &tally) { return .failure(error) }
      if await !pace.rest(since: asked) { return nil }
    } while cursor != ScanStep.start
    return .success(tally.facts)
  }

  /// What answers LLEN with an error is no list: one binding set has such a name.
  private func measure(
    _ keys: [RedisKey], _ redis: some RedisReading, into tally: inout Tally
  ) async throws(RedisError) -> CollectionError? {
    guard !keys.isEmpty else { return nil }
    let replies = try await redis.read(
      keys.flatMap { [.listLength($0), .memoryUsage($0), .millisecondsToLive($0)] })
    for (index, key) in keys.enumerated() {
      let looks = replies[(index * 3)..<min(index * 3 + 3, replies.count)]
      guard let length = looks.reply(0).integer, length > 0 else { continue }
      if let error = looks.reply(1).error { return CollectionError(error, on: "MEMORY USAGE") }
      tally.add(
        key, size: ByteCount(looks.reply(1).integer ?? 0),
        expires: looks.reply(2).integer.map { $0 >= 0 } ?? true)
    }
    return nil
  }
}
