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

  func find(
    _ id: String, among named: Set<QueueName>, _ redis: some RedisReading
  ) async throws(RedisError) -> (Observation<[WaitingMessage]>, SearchExtent) {
    let (queues, gaps) = try await names(beside: named, redis)
    let lists: [List]
    switch try await self.lists(of: queues, redis) {
    case .failure(let error): return (.unavailable(error.description), SearchExtent())
    case .success(let found): lists = found
    }
    var extent = SearchExtent(total: lists.reduce(0) { $0 &+ $1.length }, omissions: gaps)
    var allowance = Allowance(
      messages: budget.searchMessages, bytes: budget.searchBytes.value)
    // The short ones first: whatever is left out is left out of the longest.
    for list in lists.sorted(by: { $0.length < $1.length }) {
      let found = try await search(list, for: id, &allowance, &extent, redis)
      if !found.isEmpty { return (.value(found), extent) }
    }
    return (.value([]), extent)
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
    of queues: Set<QueueName>, _ redis: some RedisReading
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
        guard index < lengths.count, let length = lengths[index].integer, length > 0 else {
          continue
        }
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
  /// arrives is only met twice.
  private func search(
    _ list: List, for id: String, _ allowance: inout Allowance, _ extent: inout SearchExtent,
    _ redis: some RedisReading
  ) async throws(RedisError) -> [WaitingMessage] {
    guard let size = list.messageSize, size <= budget.messageBytes else {
      let why = list.messageSize.map { "its messages take \($0.text) each" } ?? "MEMORY USAGE fails"
      extent.omissions.append("queue \(list.queue.text) was not looked at: \(why)")
      return []
    }
    let key = layout.messages(of: list.queue, step: list.step)
    let affordable = Int(allowance.bytes / max(1, size.value))
    let wanted = min(list.length, allowance.messages, affordable)
    var looked = 0
    while looked < wanted {
      let count = min(budget.searchStep, wanted - looked)
      let replies = try await redis.read([
        .listLength(key), .listFront(key, skipping: looked, count: count),
      ])
      let elements = (replies.last?.array ?? []).compactMap(\.bytes)
      let length = replies.first?.integer ?? list.length
      let found = messages(
        of: id, in: elements, from: looked, list: list, length: length)
      looked += max(1, elements.count)
      extent.looked += elements.count
      allowance.bytes -= elements.reduce(0) { $0 + Int64($1.count) }
      allowance.messages -= elements.count
      if !found.isEmpty { return found }
      if elements.count < count { break }
    }
    if wanted < list.length {
      extent.omissions.append(
        "of the \(list.length.grouped) messages in queue \(list.queue.text) only the newest "
          + "\(wanted.grouped) were looked at")
    }
    return []
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
