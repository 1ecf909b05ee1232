import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Finds task queues by the bindings publishers and consumers declare; a budgeted scan.
///
/// A binding proves no consumer: whoever publishes declares the queue as well.
struct BindingCollector: Sendable {
  static let name = "bindings"

  let layout: KeyLayout
  let budget: CollectionBudget
  let pace: ScanPace

  struct Found: Sendable, Equatable {
    var queues: Set<QueueName> = []
    /// Any binding set at all, task queues or not: Celery has been here.
    var sawBinding = false
    var problems: [String] = []
    /// There are more task queues than are followed.
    var isCut = false
  }

  /// One pass over the keys of the database; nil where it was cut short.
  ///
  /// `progress` gets what was found so far whenever a step has found something.
  func pass(
    _ redis: some RedisReading, progress: @Sendable (Found) async -> Void
  ) async throws(RedisError) -> Found? {
    var found = Found()
    // The default exchange first, so that the first screen has its queues at once.
    try await members(of: [layout.binding(exchange: "celery")], redis, into: &found)
    await progress(found)
    var cursor = ScanStep.start
    repeat {
      let asked = pace.begin()
      let replies = try await redis.read([
        .scan(cursor: cursor, match: layout.bindingMatch, count: budget.scanStep)
      ])
      let reply = replies.first ?? .null
      guard let step = ScanStep(reply) else {
        found.problems.append(
          reply.error.map { CollectionError($0, on: "SCAN").description } ?? "SCAN: no answer")
        return found
      }
      cursor = step.cursor
      found.sawBinding = found.sawBinding || !step.keys.isEmpty
      let task = step.keys.filter { key in
        layout.exchange(ofBindingKey: key).map(layout.carriesTasks) ?? false
      }
      try await members(of: task, redis, into: &found)
      if !step.keys.isEmpty { await progress(found) }
      if await !pace.rest(since: asked) { return nil }
    } while cursor != ScanStep.start
    return found
  }

  private func members(
    of keys: [RedisKey], _ redis: some RedisReading, into found: inout Found
  ) async throws(RedisError) {
    for key in keys {
      var cursor = ScanStep.start
      var seen = 0
      repeat {
        let replies = try await redis.read([.setScan(key, cursor: cursor, count: 100)])
        guard let step = ScanStep(replies.first ?? .null) else {
          if let error = replies.first?.error {
            found.problems.append(CollectionError(error, on: key.text).description)
          }
          break
        }
        cursor = step.cursor
        seen += step.elements.count
        for member in step.elements.compactMap(layout.bindingMember) {
          found.add(member.queue, limit: budget.queues)
        }
      } while cursor != ScanStep.start && seen < budget.bindingMembers
    }
  }
}

extension BindingCollector.Found {
  fileprivate mutating func add(_ queue: QueueName, limit: Int) {
    guard !queue.bytes.isEmpty, !queues.contains(queue) else { return }
    guard queues.count < limit else {
      isCut = true
      return
    }
    queues.insert(queue)
  }
}
