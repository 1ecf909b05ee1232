import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Reads the next and the newest message of queues that hold some, sizes before bodies.
enum QueueHeadCollector {
  static let name = "queue-heads"

  /// One list to look at: a queue's most urgent step that holds messages.
  struct Target: Sendable, Equatable {
    var queue: QueueName
    var step: Int
    var length: Int
    /// How many elements at the head's end: more than one only to tell a restore from a consumer.
    var depth: Int
  }

  struct Ends: Sendable, Equatable {
    var queue: QueueName
    var head: Observation<MessageFacts>?
    var newest: Observation<MessageFacts>?
    var tailTags: [String]
    /// What the messages of its list take in memory on average.
    var average: ByteCount?
  }

  /// First: how much memory each list takes, so that no giant is read by accident.
  static func sizes(_ targets: [Target], layout: KeyLayout) -> Reading<[ByteCount?]> {
    Reading(
      commands: targets.map { .memoryUsage(layout.messages(of: $0.queue, step: $0.step)) }
    ) { (replies) throws(CollectionError) in
      if let error = replies.first?.error {
        throw CollectionError(error, on: "MEMORY USAGE")
      }
      return targets.indices.map { position in
        replies.reply(position).integer.map { ByteCount($0 / max(1, targets[position].length)) }
      }
    }
  }

  /// Then: the ends themselves, of the lists whose messages are small enough on average.
  static func ends(_ targets: [Target], layout: KeyLayout) -> Reading<[Ends]> {
    let commands = targets.flatMap { target -> [ReadCommand] in
      let key = layout.messages(of: target.queue, step: target.step)
      return [.listTail(key, count: target.depth), .listFront(key, count: 1)]
    }
    return Reading(commands: commands) { (replies) throws(CollectionError) in
      targets.indices.map { index in
        ends(
          of: targets[index].queue, tail: replies.reply(index * 2),
          front: replies.reply(index * 2 + 1))
      }
    }
  }

  /// A list emptied between two round trips has no ends: that is a fact, not an error.
  static func ends(of queue: QueueName, tail: RedisReply, front: RedisReply) -> Ends {
    let elements = (tail.array ?? []).compactMap(\.bytes)
    let tags = elements.reversed().compactMap { element in
      // An undecodable element has no tag; the head's own fault is told by `message` below.
      try? TaskMessage(decoding: element).deliveryTag
    }
    return Ends(
      queue: queue, head: elements.last.map(message),
      newest: (front.array ?? []).first?.bytes.map(message), tailTags: tags)
  }

  static func message(_ element: [UInt8]) -> Observation<MessageFacts> {
    do {
      return .value(MessageFacts(try TaskMessage(decoding: element)))
    } catch {
      return .unavailable("not a Celery message: \(error)")
    }
  }
}

extension MessageFacts {
  /// The headers of a message; one without a delivery tag is known by its task id.
  init(_ message: TaskMessage) {
    self.init(
      taskID: message.taskID, task: message.task,
      deliveryTag: message.deliveryTag ?? message.taskID ?? "", priority: message.priority ?? 0,
      retries: message.retries ?? 0, eta: message.eta, expires: message.expires,
      origin: message.origin, replyTo: message.replyTo, redelivered: message.redelivered,
      hardLimit: message.hardLimit, softLimit: message.softLimit,
      argumentsText: message.argumentsRepr, keywordArgumentsText: message.keywordArgumentsRepr,
      exchange: message.exchange, routingKey: message.routingKey, size: message.size,
      beatMark: Self.mark(message), isPartOfGroup: message.groupID != nil)
  }

  private static func mark(_ message: TaskMessage) -> BeatMark? {
    guard message.isFromBeat || message.periodicTaskName != nil else { return nil }
    return BeatMark(entry: message.periodicTaskName)
  }
}
