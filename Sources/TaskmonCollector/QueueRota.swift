import CeleryProtocol

/// Says which queues are counted in a poll where they are too many to count each of them.
struct QueueRota: Sendable {
  private var turn = 0

  /// Those never counted come at once; then half of the room is for those that hold messages, half
  /// for the others, each in turns.
  mutating func next(
    of queues: [QueueName], counted: [QueueName: QueueLengthCollector.Counted], atMost limit: Int
  ) -> [QueueName] {
    guard queues.count > limit else { return queues }
    turn &+= 1
    let new = queues.filter { counted[$0] == nil }
    let known = queues.filter { counted[$0] != nil }
    let holding = known.filter { counted[$0]?.mostUrgent != nil }
    let empty = known.filter { counted[$0]?.mostUrgent == nil }
    let half = max(1, limit / 2)
    // What one kind does not need is the other's.
    return new + share(of: holding, max(half, limit - empty.count))
      + share(of: empty, max(half, limit - holding.count))
  }

  private func share(of queues: [QueueName], _ count: Int) -> [QueueName] {
    guard queues.count > count else { return queues }
    let start = turn % 1_000_000 * count % queues.count
    return (0..<count).map { queues[(start + $0) % queues.count] }
  }
}
