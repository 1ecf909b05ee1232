package import TaskmonUnits

/// One task queue: a list per priority step in Redis.
package struct QueueFacts: Sendable, Equatable, Codable {
  package var name: String
  /// One element per configured priority step, most urgent (0) first.
  package var priorities: [PriorityLength]
  /// The message that will be taken next: the oldest of the most urgent step that is not empty.
  ///
  /// Nil in an empty queue; unavailable where it was too large to read or could not be decoded.
  package var head: Observation<MessageFacts>?
  /// The message that came last, under the same conditions.
  package var newest: Observation<MessageFacts>?
  /// Delivery tags at the head's end of its list, next first: at least the head's, up to 16 where
  /// the collector had reason to look deeper.
  package var tailTags: [String]
  /// Messages of this queue that workers hold unacknowledged.
  package var unacked: Observation<Int>
  /// `unacked` is estimated from a sample: there are too many to count each.
  package var unackedIsEstimate: Bool
  /// How long the oldest message that is due has waited; nil where none is due.
  package var oldest: Observation<QueueAge>?
  /// The largest message met in its lists; nil where nothing waits.
  package var largest: Observation<LargestMessage>?
  /// The named exchange its messages came through; nil where none waits, or they came through the
  /// default one, which needs no binding.
  package var exchange: Observation<ExchangeBinding>?

  package init(
    name: String, priorities: [PriorityLength], head: Observation<MessageFacts>? = nil,
    newest: Observation<MessageFacts>? = nil, tailTags: [String] = [],
    unacked: Observation<Int> = .unavailable("not counted"), unackedIsEstimate: Bool = false,
    oldest: Observation<QueueAge>? = nil,
    largest: Observation<LargestMessage>? = nil, exchange: Observation<ExchangeBinding>? = nil
  ) {
    self.name = name
    self.priorities = priorities
    self.head = head
    self.newest = newest
    self.tailTags = tailTags
    self.unacked = unacked
    self.unackedIsEstimate = unackedIsEstimate
    self.oldest = oldest
    self.largest = largest
    self.exchange = exchange
  }

  /// Messages ready to be taken, over all priority steps: what kombu's own `_size` says.
  package var ready: Int { priorities.reduce(0) { $0 + $1.ready } }
}

/// Messages ready in one priority step; 0 is the most urgent on Redis.
package struct PriorityLength: Sendable, Hashable, Codable {
  package var step: Int
  package var ready: Int

  package init(step: Int, ready: Int) {
    self.step = step
    self.ready = ready
  }
}

/// What the headers and properties of one message say; its body is never read for this.
package struct MessageFacts: Sendable, Equatable, Codable {
  /// The task's id; nil in messages that carry none in their headers (protocol 1).
  package var taskID: String?
  package var task: String?
  package var deliveryTag: String
  package var priority: Int
  package var retries: Int
  package var eta: Timestamp?
  package var expires: Timestamp?
  /// `gen<pid>@<host>` of the process that published it.
  package var origin: String?
  /// Constant per process, thread and app instance of the publisher.
  package var replyTo: String?
  package var redelivered: Bool
  /// Published as one of a group or of a chord's header.
  package var isPartOfGroup: Bool
  package var hardLimit: Seconds?
  package var softLimit: Seconds?
  package var argumentsText: String?
  package var keywordArgumentsText: String?
  /// Empty for the default exchange; nil where the message names none.
  package var exchange: String?
  package var routingKey: String?
  /// The element's size in Redis.
  package var size: ByteCount
  /// What beat wrote about itself; nil proves nothing: before 5.7 only django-celery-beat does.
  package var beatMark: BeatMark?

  package init(
    taskID: String? = nil, task: String? = nil, deliveryTag: String, priority: Int = 0,
    retries: Int = 0, eta: Timestamp? = nil, expires: Timestamp? = nil, origin: String? = nil,
    replyTo: String? = nil, redelivered: Bool = false, hardLimit: Seconds? = nil,
    softLimit: Seconds? = nil, argumentsText: String? = nil, keywordArgumentsText: String? = nil,
    exchange: String? = nil, routingKey: String? = nil, size: ByteCount = .zero,
    beatMark: BeatMark? = nil, isPartOfGroup: Bool = false
  ) {
    self.beatMark = beatMark
    self.isPartOfGroup = isPartOfGroup
    self.exchange = exchange
    self.routingKey = routingKey
    self.taskID = taskID
    self.task = task
    self.deliveryTag = deliveryTag
    self.priority = priority
    self.retries = retries
    self.eta = eta
    self.expires = expires
    self.origin = origin
    self.replyTo = replyTo
    self.redelivered = redelivered
    self.hardLimit = hardLimit
    self.softLimit = softLimit
    self.argumentsText = argumentsText
    self.keywordArgumentsText = keywordArgumentsText
    self.size = size
  }
}

/// The mark of a message that beat sent.
package struct BeatMark: Sendable, Hashable, Codable {
  /// django-celery-beat's name of the entry; nil where another beat sent it.
  package var entry: String?

  package init(entry: String? = nil) { self.entry = entry }
}

/// Messages that workers hold and have not acknowledged: prefetched, waiting for their ETA, or
/// running with late acknowledgement.
///
/// A running early-acked task is not among them.
package struct UnackedFacts: Sendable, Equatable, Codable {
  package var count: Int
  /// When the oldest was delivered, by the clock of the worker that took it; nil when none is held.
  package var oldestDelivery: Timestamp?
  /// Some of them, those delivered longest ago first; bounded, all of them where `isWhole`.
  package var sample: [UnackedMessage]
  package var isWhole: Bool

  package init(
    count: Int, oldestDelivery: Timestamp? = nil, sample: [UnackedMessage] = [],
    isWhole: Bool = false
  ) {
    self.count = count
    self.oldestDelivery = oldestDelivery
    self.sample = sample
    self.isWhole = isWhole
  }
}

/// One message a worker holds unacknowledged.
package struct UnackedMessage: Sendable, Equatable, Codable {
  /// Where it was taken from: the routing key of the default exchange.
  package var queue: String
  /// When it was delivered, by the clock of the worker that took it; nil for an entry without
  /// index.
  package var deliveredAt: Timestamp?
  /// Unavailable where it was too large to read or could not be decoded.
  package var message: Observation<MessageFacts>
  package var size: ByteCount

  package init(
    queue: String, deliveredAt: Timestamp?, message: Observation<MessageFacts>, size: ByteCount
  ) {
    self.queue = queue
    self.deliveredAt = deliveredAt
    self.message = message
    self.size = size
  }
}

/// How long a queue's oldest due message has waited, and how that is known.
package struct QueueAge: Sendable, Hashable, Codable {
  package enum Basis: String, Sendable, Codable {
    /// The head's `task-sent` event.
    case sent
    /// The head's `eta`, which has passed.
    case eta
    /// A message that was the newest at a remembered moment has become the head.
    case remembered
    /// The head has not moved since: it has waited at least this long.
    case unmoved
  }

  package var age: Seconds
  package var basis: Basis

  package init(age: Seconds, basis: Basis) {
    self.age = age
    self.basis = basis
  }

  package var isLowerBound: Bool { basis == .unmoved }
}

/// Whether an exchange still leads to a queue whose messages came through it.
package struct ExchangeBinding: Sendable, Hashable, Codable {
  package var exchange: String
  package var routingKey: String?
  /// Whether its binding set names the queue.
  package var isBound: Bool
  /// When the pass over the binding sets began that says so.
  package var readAt: Timestamp

  package init(exchange: String, routingKey: String?, isBound: Bool, readAt: Timestamp) {
    self.exchange = exchange
    self.routingKey = routingKey
    self.isBound = isBound
    self.readAt = readAt
  }
}

/// The largest message of a queue.
package struct LargestMessage: Sendable, Hashable, Codable {
  package var size: ByteCount
  /// It is the average of its list: reading single messages would have cost more.
  package var isEstimate: Bool
  package var task: String?
  package var taskID: String?

  package init(
    size: ByteCount, isEstimate: Bool, task: String? = nil, taskID: String? = nil
  ) {
    self.size = size
    self.isEstimate = isEstimate
    self.task = task
    self.taskID = taskID
  }
}
