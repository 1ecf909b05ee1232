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
    return facts
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
