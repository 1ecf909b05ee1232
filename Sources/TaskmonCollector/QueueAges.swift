import TaskmonModel
import TaskmonUnits

/// Remembers which message was a queue's newest at which moment, to know how old it is once it has
/// become the next: messages carry no time of publication.
struct QueueAges: Sendable {
  private struct Mark: Sendable {
    var tag: String
    var at: Timestamp
    /// The look before showed another newest message, so that it came in between.
    var cameSince: Bool
  }

  private struct Memory: Sendable {
    /// Oldest first.
    var marks: [Mark] = []
    var lastLook: Timestamp
  }

  private var memories: [String: Memory] = [:]
  private let limit: Int

  /// A look longer ago than this does not tell when a message came.
  private static let gap = Seconds.minutes(1)

  init(limit: Int) { self.limit = max(2, limit) }

  mutating func forget() { memories = [:] }

  /// Takes a look at the queues in; `looked` are those whose ends were read this time.
  mutating func look(at queues: [QueueFacts], looked: Set<String>, now: Timestamp) {
    let named = Set(queues.map(\.name))
    memories = memories.filter { named.contains($0.key) }
    for queue in queues {
      if queue.ready == 0 {
        memories[queue.name] = Memory(lastLook: now)
      } else if looked.contains(queue.name) {
        look(at: queue, now: now)
      }
    }
  }

  private mutating func look(at queue: QueueFacts, now: Timestamp) {
    let before = memories[queue.name]
    var memory = before ?? Memory(lastLook: now)
    memory.lastLook = now
    defer { memories[queue.name] = memory }
    if let head = queue.head?.value?.deliveryTag,
      let reached = memory.marks.firstIndex(where: { $0.tag == head })
    {
      memory.marks.removeFirst(reached)
    }
    guard let newest = queue.newest?.value?.deliveryTag, memory.marks.last?.tag != newest else {
      return
    }
    let cameSince = before.map { now - $0.lastLook <= Self.gap } ?? false
    memory.marks.append(Mark(tag: newest, at: now, cameSince: cameSince))
    guard memory.marks.count > limit else { return }
    // Every second one goes, the newest stays: the memory reaches twice as far back.
    let parity = (memory.marks.count - 1) % 2
    memory.marks = memory.marks.enumerated().filter { $0.offset % 2 == parity }.map(\.element)
  }

  /// How long the oldest due message has waited, by the best that is known; nil where none is due.
  ///
  /// `sentAt` is the moment of the head's `task-sent` event, `track` what is remembered of the
  /// head.
  func age(
    of queue: QueueFacts, sentAt: Timestamp?, track: QueueTrack?, now: Timestamp
  ) -> Observation<QueueAge>? {
    guard queue.ready > 0, let head = queue.head else { return nil }
    guard case .value(let message) = head else { return .unavailable(head.reason ?? "not read") }
    // Until its eta a message does not wait; what it was sent for before does not count.
    if let eta = message.eta {
      return eta > now ? nil : .value(QueueAge(age: now - eta, basis: .eta))
    }
    if let sentAt {
      return .value(QueueAge(age: max(.zero, now - sentAt), basis: .sent))
    }
    let mark = memories[queue.name]?.marks.first { $0.tag == message.deliveryTag }
    if let mark, mark.cameSince {
      return .value(QueueAge(age: max(.zero, now - mark.at), basis: .remembered))
    }
    let bounds = [mark?.at, standing(message.deliveryTag, queue, track)].compactMap(\.self)
    guard let since = bounds.min(), since < now else {
      return .unavailable("nothing tells how long its next message has waited")
    }
    return .value(QueueAge(age: now - since, basis: .unmoved))
  }

  /// Since when the message at the head, or one behind it, has been seen to stand there.
  private func standing(_ tag: String, _ queue: QueueFacts, _ track: QueueTrack?) -> Timestamp? {
    guard let stood = track?.headTag, stood == tag || queue.tailTags.contains(stood) else {
      return nil
    }
    return track?.headSince
  }
}
