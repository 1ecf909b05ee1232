import CeleryProtocol
import TaskmonModel
import TaskmonUnits

// The parts of a snapshot that several collectors know something of.
extension CollectedFacts {
  var serverFacts: Observation<ServerFacts> {
    server.map { server in
      var server = server
      server.snapshotsConfigured = writesSnapshots
      return server
    }
  }

  /// The sample's own count where every message is known: both are of one moment then.
  var unackedFacts: Observation<UnackedFacts> {
    unacked.map { fast in
      guard case .value(let sample) = unackedSample else { return fast }
      var facts = fast
      if sample.isWhole { facts.count = sample.entries.count }
      facts.sample = sample.entries.map(\.message)
      facts.isWhole = sample.isWhole
      return facts
    }
  }

  var queueFacts: Observation<[QueueFacts]> {
    let unacked = unackedSample.map(\.byQueue)
    return lengths.map { counted in
      counted.map { facts($0, unacked: unacked) }.sorted { $0.name < $1.name }
    }
  }

  private func facts(
    _ counted: QueueLengthCollector.Counted,
    unacked: Observation<UnackedSample.Shares>
  ) -> QueueFacts {
    let name = counted.queue.text
    var facts = QueueFacts(
      name: name, priorities: counted.priorities,
      unacked: unacked.map { $0.counts[name] ?? 0 },
      unackedIsEstimate: unacked.value?.isEstimate ?? false)
    guard counted.mostUrgent != nil else { return facts }
    let ends = heads[counted.queue]
    facts.head = ends?.head ?? .unavailable(headsReason)
    facts.newest = ends?.newest ?? .unavailable(headsReason)
    facts.tailTags = ends?.tailTags ?? []
    facts.largest = ends.map(\.largest) ?? .unavailable(headsReason)
    facts.oldest = ages[name]
    facts.exchange = exchange(of: counted.queue, [ends?.head?.value, ends?.newest?.value])
    return facts
  }
}

// Exchanges.
extension CollectedFacts {
  /// Of the first message that came through a named one.
  private func exchange(
    of queue: QueueName, _ messages: [MessageFacts?]
  ) -> Observation<ExchangeBinding>? {
    guard
      let message = messages.compactMap(\.self).first(where: { $0.exchange?.isEmpty == false }),
      let name = message.exchange
    else { return nil }
    guard case .value(let table) = bindings else {
      return .unavailable(bindings.reason ?? "binding sets were not read")
    }
    guard let isBound = table.leads(from: QueueName(name), to: queue) else {
      return .unavailable(
        "there are more bindings than are read, and that of exchange \(name) was not met")
    }
    return .value(
      ExchangeBinding(
        exchange: name, routingKey: message.routingKey, isBound: isBound, readAt: table.readAt))
  }
}

/// Which exchange leads to which queues.
struct BindingTable: Sendable, Equatable {
  /// When the pass began.
  let readAt: Timestamp
  private let queues: [QueueName: Set<QueueName>]
  private let isPartial: Bool

  init(_ found: BindingCollector.Found, readAt: Timestamp) {
    self.readAt = readAt
    queues = found.exchanges
    isPartial = found.isPartial || found.isCut
  }

  /// Nil where not all was read.
  func leads(from exchange: QueueName, to queue: QueueName) -> Bool? {
    if queues[exchange]?.contains(queue) == true { return true }
    return isPartial ? nil : false
  }
}

extension QueueHeadCollector.Ends {
  /// The larger of both ends, or the average where the others must be larger still.
  ///
  /// Redis counts what it allocates, which for small messages is more than they are: only an
  /// average of more than twice what was read speaks of messages between the ends.
  var largest: Observation<LargestMessage> {
    let read = [head?.value, newest?.value].compactMap(\.self).max { $0.size < $1.size }
    let least = read.map { $0.size + $0.size } ?? .zero
    if let average, average > max(least, Self.smallestNotable) {
      return .value(LargestMessage(size: average, isEstimate: true))
    }
    guard let read else { return .unavailable(head?.reason ?? "not read") }
    return .value(
      LargestMessage(size: read.size, isEstimate: false, task: read.task, taskID: read.taskID))
  }

  private static let smallestNotable = ByteCount.kibibytes(4)
}
