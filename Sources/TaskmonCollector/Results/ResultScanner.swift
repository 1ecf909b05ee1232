import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Looks at every stored result by its size, its time to live and its ends; reads none whole.
struct ResultScanner: Sendable {
  static let name = "results"

  let layout: KeyLayout
  let budget: CollectionBudget
  let pace: ScanPace
  /// The task's name where the event stream told it; a result without `result_extended` has none.
  let taskName: @Sendable (String) -> String?

  /// One pass; nil where it was cut short.
  ///
  /// `progress` gets the tally after each step and says whether to go on.
  func pass(
    _ redis: some RedisReading, progress: @Sendable (ResultTally) async -> Bool
  ) async throws(RedisError) -> Result<ResultTally, CollectionError>? {
    var tally = ResultTally(budget: budget)
    var asks = budget.originResults
    var cursor = ScanStep.start
    repeat {
      let asked = pace.begin()
      let replies = try await redis.read([
        .scan(cursor: cursor, match: layout.resultAndGroupMatch, count: budget.scanStep)
      ])
      let reply = replies.first ?? .null
      guard let step = ScanStep(reply) else {
        return .failure(
          reply.error.map { CollectionError($0, on: "SCAN of the results") }
            ?? CollectionError("SCAN of the results: no answer"))
      }
      cursor = step.cursor
      for found in try await results(step.keys, redis, asks: &asks) {
        tally.add(found.result, failure: found.failure)
        if let ends = found.ends {
          tally.add(ends, of: found.result.taskID, task: found.result.task)
        }
      }
      tally.addGroups(step.keys.count { layout.groupID(ofGroupKey: $0) != nil })
      let chords = ChordReader(layout: layout)
      for look in try await chords.outstanding(step.keys, redis) { tally.add(look) }
      guard await progress(tally) else { return nil }
      if await !pace.rest(since: asked) { return nil }
    } while cursor != ScanStep.start
    return .success(tally)
  }

  private struct Found {
    var result: StoredResult
    /// The class of its exception.
    var failure: String?
    /// Of those that were looked at more closely.
    var ends: ResultEnds?
  }

  private func results(
    _ found: [RedisKey], _ redis: some RedisReading, asks: inout Int
  ) async throws(RedisError) -> [Found] {
    let keys = found.filter { layout.taskID(ofResultKey: $0) != nil }
    guard !keys.isEmpty else { return [] }
    let looks = try await redis.read(keys.flatMap(Self.look))
    var found: [Found] = []
    var ends: [Int] = []
    for (index, key) in keys.enumerated() {
      guard let look = look(key, looks[(index * 3)..<(index * 3 + 3)]) else { continue }
      if isWorthReading(look, asks: &asks) { ends.append(found.count) }
      found.append(look)
    }
    let names = try await redis.read(ends.flatMap { endReads(found[$0].result.taskID) })
    for (position, index) in ends.enumerated() {
      guard
        let read = self.ends(
          names[(position * 2)..<(position * 2 + 2)], size: found[index].result.size)
      else { continue }
      found[index].ends = read
      if found[index].result.size >= budget.notableResult {
        found[index].result.task = found[index].result.task ?? read.task
      }
    }
    return found
  }

  /// Large ones for their task's name; of the others so many a pass for who made them: those whose
  /// events were not heard, and failures whose class leaves open what they were.
  private func isWorthReading(_ found: Found, asks: inout Int) -> Bool {
    if found.result.task == nil, found.result.size >= budget.notableResult { return true }
    let isRun = found.result.state == "SUCCESS" || found.result.state == "FAILURE"
    let isOpen = found.failure.map(ResultTally.isWorthReading) ?? false
    guard isRun, found.result.task == nil || isOpen, asks > 0 else { return false }
    asks -= 1
    return true
  }

  /// The state stands in the first bytes of what Celery writes.
  private static let stateBytes = 128

  private static func look(_ key: RedisKey) -> [ReadCommand] {
    [
      .stringLength(key), .millisecondsToLive(key),
      .stringRange(key, from: 0, through: stateBytes - 1),
    ]
  }

  /// Nil for a key that is gone by now or holds no string.
  private func look(_ key: RedisKey, _ replies: ArraySlice<RedisReply>) -> Found? {
    guard let id = layout.taskID(ofResultKey: key), let size = replies.reply(0).integer, size > 0,
      let lifetime = replies.reply(1).integer
    else { return nil }
    let first = replies.reply(2).bytes ?? []
    let ends = ResultEnds(first: first, last: [], size: size)
    return Found(
      result: StoredResult(
        taskID: id, task: taskName(id), size: ByteCount(size), state: ends.state,
        timeToLive: lifetime >= 0 ? .milliseconds(Double(lifetime)) : nil),
      failure: ends.state == "FAILURE" ? ends.exceptionType ?? "?" : nil)
  }

  private func endReads(_ id: String) -> [ReadCommand] {
    let key = layout.result(id: id)
    let end = Int(budget.resultEnd.value)
    return [
      .stringRange(key, from: 0, through: end - 1), .stringRange(key, from: -end, through: -1),
    ]
  }

  private func ends(_ replies: ArraySlice<RedisReply>, size: ByteCount) -> ResultEnds? {
    guard let first = replies.reply(0).bytes, let last = replies.reply(1).bytes else { return nil }
    return ResultEnds(first: first, last: last, size: Int(size.value))
  }
}
