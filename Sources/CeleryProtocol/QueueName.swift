/// A queue, exchange or routing key as Celery names it, without Redis' key prefix.
///
/// Bytes, because a list made by something else need not have a name in UTF-8.
package struct QueueName: Sendable, Hashable, ExpressibleByStringLiteral {
  package let bytes: [UInt8]

  package init(_ text: String) { bytes = Array(text.utf8) }
  package init(bytes: [UInt8]) { self.bytes = bytes }
  package init(stringLiteral value: String) { self.init(value) }

  /// For people: bytes that are not UTF-8 become U+FFFD.
  package var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// One member of a binding set: which queue gets what is published to an exchange.
package struct BindingMember: Sendable, Hashable {
  package let routingKey: QueueName
  package let pattern: QueueName
  package let queue: QueueName

  package init(routingKey: QueueName, pattern: QueueName = "", queue: QueueName) {
    self.routingKey = routingKey
    self.pattern = pattern
    self.queue = queue
  }
}

/// One priority step of a queue.
package struct QueueStep: Sendable, Hashable {
  package let queue: QueueName
  /// 0 is the most urgent.
  package let step: Int

  package init(queue: QueueName, step: Int) {
    self.queue = queue
    self.step = step
  }
}

/// Where an event channel says that Celery speaks.
package struct EventSource: Sendable, Hashable {
  /// The global key prefix in front of the channel.
  package let keyPrefix: String
  /// Nil where the channel names none: `fanout_prefix` is off or of one's own.
  package let database: Int?

  package init(keyPrefix: String, database: Int?) {
    self.keyPrefix = keyPrefix
    self.database = database
  }
}
