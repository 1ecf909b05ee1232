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
  /// Messages of this queue that workers hold unacknowledged; counted from a sample where marked.
  package var unacked: Observation<Int>

  package init(
    name: String, priorities: [PriorityLength], head: Observation<MessageFacts>? = nil,
    newest: Observation<MessageFacts>? = nil, tailTags: [String] = [],
    unacked: Observation<Int> = .unavailable("not counted")
  ) {
    self.name = name
    self.priorities = priorities
    self.head = head
    self.newest = newest
    self.tailTags = tailTags
    self.unacked = unacked
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
  package var hardLimit: Seconds?
  package var softLimit: Seconds?
  package var argumentsText: String?
  package var keywordArgumentsText: String?
  /// The element's size in Redis.
  package var size: ByteCount

  package init(
    taskID: String? = nil, task: String? = nil, deliveryTag: String, priority: Int = 0,
    retries: Int = 0, eta: Timestamp? = nil, expires: Timestamp? = nil, origin: String? = nil,
    replyTo: String? = nil, redelivered: Bool = false, hardLimit: Seconds? = nil,
    softLimit: Seconds? = nil, argumentsText: String? = nil, keywordArgumentsText: String? = nil,
    size: ByteCount = .zero
  ) {
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

/// Messages that workers hold and have not acknowledged: prefetched, waiting for their ETA, or
/// running with late acknowledgement.
///
/// A running early-acked task is not among them.
package struct UnackedFacts: Sendable, Equatable, Codable {
  package var count: Int
  /// When the oldest was delivered, by the clock of the worker that took it; nil when none is held.
  package var oldestDelivery: Timestamp?

  package init(count: Int, oldestDelivery: Timestamp? = nil) {
    self.count = count
    self.oldestDelivery = oldestDelivery
  }
}
