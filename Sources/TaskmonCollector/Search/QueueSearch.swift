import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Looks through the queues for the messages of one task, a bounded number of them.
struct QueueSearch: Sendable {
  let layout: KeyLayout
  let budget: CollectionBudget
  let pace: ScanPace

  /// One list of a queue.
  private struct List {
    var queue: QueueName
    var step: Int
    var length: Int
    /// Messages in the more urgent steps of its queue.
    var ahead: Int
    /// On average; nil where Redis does not tell.
    var messageSize: ByteCount?
  }

  /// What may still be looked at.
  private struct Allowance {
    var messages: Int
    var bytes: Int64
  }

  /// What there is of the task, how much was looked at, and which queues there are.
  struct Outcome: Sendable {
    var messages: Observation<[WaitingMessage]> = .value([])
    var extent = SearchExtent()
    var queues: Set<QueueName> = []
  }

  func find(
    _ id: String, among named: Set<QueueName>, _ redis: some RedisReading
  ) async throws(RedisError) -> Outcome {
    let (queues, gaps) = try await names(beside: named, redis)
    var outcome = Outcome(extent: SearchExtent(omissions: gaps), queues: queues)
    let lists: [List]
    switch try await self.lists(of: queues, &outcome.extent, redis) {
    case .failure(let error):
      outcome.messages = .unavailable(error.description)
      return outcome
    case .success(let found): lists = found
    }
    outcome.extent.total = lists.reduce(0) { $0 &+ $1.length }
    var allowance = Allowance(
      messages: budget.searchMessages, bytes: budget.searchBytes.value)
    // The short ones first: whatever is left out is left out of the longest.
    for list in lists.sorted(by: { $0.length < $1.length }) {
      let found = try await search(list, for: id, &allowance, &outcome.extent, redis)
      outcome.messages = Observation(found)
      if outcome.messages != .value([]) { return outcome }
    }
    return outcome
  }

  // MARK: Which lists there are

  /// Those the workers consume, and those that bindings name, as far as there is time to look.
  private func names(
    beside named: Set<QueueName>, _ redis: some RedisReading
  ) async throws(RedisError) -> (Set<QueueName>, gaps: [String]) {
    let collector = BindingCollector(layout: layout, budget: budget, pace: pace)
    let progress = Progress()
    let whole = try await collector.pass(redis) { await progress.take($0.queues) }
    let soFar = await progress.queues
    let queues = whole?.queues ?? soFar
    var gaps = whole?.problems ?? []
    if whole == nil { gaps.append("not all keys were looked at for the names of queues") }
    if whole?.isCut == true || queues.count + named.count > budget.queues {
      gaps.append("there are more queues than \(budget.queues.grouped)")
    }
    return (Set(named.union(queues).sorted { $0.text < $1.text }.prefix(budget.queues)), gaps)
  }

  private actor Progress {
    private(set) var queues: Set<QueueName> = []
    func take(_ found: Set<QueueName>) { queues = found }
  }

  private func lists(
    of queues: Set<QueueName>, _ extent: inout SearchExtent, _ redis: some RedisReading
  ) async throws(RedisError) -> Result<[List], CollectionError> {
    let ordered = queues.sorted { $0.text < $1.text }
    let steps = layout.prioritySteps
    let lengths = try await redis.read(
      ordered.flatMap { queue in
        steps.map { .listLength(layout.messages(of: queue, step: $0)) }
      })
    if let error = lengths.first(where: { $0.error?.code == "NOPERM" })?.error {
      return .failure(CollectionError(error, on: "LLEN of the queues"))
    }
    var lists: [List] = []
    for (position, queue) in ordered.enumerated() {
      var ahead = 0
      for (offset, step) in steps.enumerated() {
        let index = position * steps.count + offset
        let length: Int
        do throws(CollectionError) {
          let reply = index < lengths.count ? lengths[index] : .null
          length = try reply.integer(on: "queue \(queue.text)")
        } catch {
          extent.omissions.append("not looked at: \(error.description)")
          continue
        }
        guard length > 0 else { continue }
        lists.append(List(queue: queue, step: step, length: length, ahead: ahead))
        ahead += length
      }
    }
    let sizes = try await redis.read(
      lists.map { .memoryUsage(layout.messages(of: $0.queue, step: $0.step)) })
    for index in lists.indices where index < sizes.count {
      lists[index].messageSize = sizes[index].integer.map { ByteCount($0 / lists[index].length) }
    }
    return .success(lists)
  }

  // MARK: One list

  /// From the end where messages arrive: what is taken meanwhile moves nothing there, and what
  /// arrives moves the others on, so that some are met twice and none is missed.
  private func search(
    _ list: List, for id: String, _ allowance: inout Allowance, _ extent: inout SearchExtent,
    _ redis: some RedisReading
  ) async throws(RedisError) -> Result<[WaitingMessage], CollectionError> {
    guard let size = list.messageSize, size <= budget.messageBytes else {
      let why = list.messageSize.map { "its messages take \($0.text) each" } ?? "MEMORY USAGE fails"
      extent.omissions.append("queue \(list.queue.text) was not looked at: \(why)")
      return .success([])
    }
    let key = layout.messages(of: list.queue, step: list.step)
    var length = list.length
    var looked = 0
    while true {
      let room = min(allowance.messages, Int(allowance.bytes / max(1, size.value)))
      guard room > 0 else { break }
      let count = min(budget.searchStep, room)
      let replies = try await redis.read([
        .listLength(key), .listFront(key, skipping: looked, count: count),
      ])
      let elements: [[UInt8]]
      do throws(CollectionError) {
        let now = try (replies.first ?? .null).integer(on: "queue \(list.queue.text)")
        // What has arrived is looked at as well.
        extent.total += max(0, now - length)
        length = now
        elements = try (replies.last ?? .null).elements(on: "queue \(list.queue.text)")
          .compactMap(\.bytes)
      } catch {
        return .failure(error)
      }
      let found = messages(of: id, in: elements, from: looked, list: list, length: length)
      looked += elements.count
      extent.looked += elements.count
      allowance.bytes -= elements.reduce(0) { $0 + Int64($1.count) }
      allowance.messages -= elements.count
      if !found.isEmpty { return .success(found) }
      if elements.count < count { return .success([]) }
    }
    if looked < length {
      extent.omissions.append(
        "of the \(length.grouped) messages in queue \(list.queue.text) only the newest "
          + "\(looked.grouped) were looked at")
    }
    return .success([])
  }

  private func messages(
    of id: String, in elements: [[UInt8]], from start: Int, list: List, length: Int
  ) -> [WaitingMessage] {
    elements.enumerated().compactMap { offset, element in
      guard let message = try? TaskMessage(decoding: element), message.taskID == id else {
        return nil
      }
      return WaitingMessage(
        queue: list.queue.text, step: list.step,
        ahead: list.ahead + max(0, length - 1 - start - offset), message: MessageFacts(message))
    }
  }
}
