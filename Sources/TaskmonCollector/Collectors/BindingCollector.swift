import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Finds task queues by the bindings publishers and consumers declare; a budgeted scan.
///
/// A binding proves no consumer: whoever publishes declares the queue as well.
struct BindingCollector: Sendable {
  static let name = CollectorStatus.bindings

  let layout: KeyLayout
  let budget: CollectionBudget
  let pace: ScanPace

  struct Found: Sendable, Equatable {
    var queues: Set<QueueName> = []
    /// Any binding set at all, task queues or not: Celery has been here.
    var sawBinding = false
    var problems: [String] = []
    /// Binding sets behind other key prefixes, by prefix: other installations; bounded.
    var others: [String: Int] = [:]
    /// There are more task queues than are followed.
    var isCut = false
    /// Which queues each exchange leads to.
    var exchanges: [QueueName: Set<QueueName>] = [:]
    /// There are more bindings than are kept.
    var isPartial = false
    fileprivate var bindings = 0
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
        .scan(cursor: cursor, match: KeyLayout.anyBindingMatch, count: budget.scanStep)
      ])
      let reply = replies.first ?? .null
      guard let step = ScanStep(reply) else {
        found.problems.append(
          reply.error.map { CollectionError($0, on: "SCAN").description } ?? "SCAN: no answer")
        return found
      }
      cursor = step.cursor
      found.note(step.keys, layout: layout, atMost: budget.otherPrefixes)
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
    var open = keys.map { OpenSet(key: $0) }
    // Once it is known that there are too many, more names would be of no use.
    while !open.isEmpty, !found.isCut {
      let now = open.prefix(max(1, budget.setsPerTrip))
      open.removeFirst(now.count)
      let replies = try await redis.read(
        now.map { .setScan($0.key, cursor: $0.cursor, count: 100) })
      for (set, reply) in zip(now, replies) {
        guard let step = ScanStep(reply) else {
          found.problem(reply.error.map { CollectionError($0, on: set.key.text) })
          continue
        }
        let exchange = layout.exchange(ofBindingKey: set.key) ?? ""
        for member in step.elements.compactMap(layout.bindingMember) {
          found.add(member.queue, limit: budget.queues)
          found.lead(from: exchange, to: member.queue, limit: budget.bindings)
        }
        let seen = set.seen + step.elements.count
        if !step.isLast, seen < budget.bindingMembers {
          open.append(OpenSet(key: set.key, cursor: step.cursor, seen: seen))
        } else if !step.isLast {
          found.isPartial = true
        }
      }
    }
  }

  /// A binding set that has not been read to its end.
  private struct OpenSet {
    var key: RedisKey
    var cursor = ScanStep.start
    var seen = 0
  }
}

extension BindingCollector.Found {
  private static let problemLimit = 10

  fileprivate mutating func problem(_ error: CollectionError?) {
    guard let error, problems.count < Self.problemLimit else { return }
    problems.append(error.description)
  }

  /// Whose binding sets these are.
  fileprivate mutating func note(_ keys: [RedisKey], layout: KeyLayout, atMost limit: Int) {
    for key in keys {
      guard layout.exchange(ofBindingKey: key) == nil else {
        sawBinding = true
        continue
      }
      guard let prefix = KeyLayout.globalPrefix(ofBindingKey: key),
        others[prefix] != nil || others.count < limit
      else { continue }
      others[prefix, default: 0] += 1
    }
  }

  fileprivate mutating func lead(from exchange: QueueName, to queue: QueueName, limit: Int) {
    guard exchanges[exchange]?.contains(queue) != true else { return }
    guard bindings < limit else {
      isPartial = true
      return
    }
    bindings += 1
    exchanges[exchange, default: []].insert(queue)
  }

  fileprivate mutating func add(_ queue: QueueName, limit: Int) {
    guard !queue.bytes.isEmpty, !queues.contains(queue) else { return }
    guard queues.count < limit else {
      isCut = true
      return
    }
    queues.insert(queue)
  }
}
