/// Writes messages byte for byte as kombu's Redis transport does.
package enum EnvelopeWriter {
  /// Where and how a message is delivered.
  package struct Properties: Sendable, Hashable {
    package var correlationID: String?
    package var replyTo: String?
    /// A second copy of the origin, which a retried message carries.
    package var origin: String?
    /// Milliseconds, as text.
    package var expiration: String?
    /// 2 for tasks and control requests, 1 for events and replies.
    package var deliveryMode: Int
    package var exchange: String
    package var routingKey: String
    package var redelivered: Bool
    package var priority: Int
    package var deliveryTag: String

    package init(
      correlationID: String? = nil, replyTo: String? = nil, origin: String? = nil,
      expiration: String? = nil, deliveryMode: Int, exchange: String, routingKey: String,
      redelivered: Bool = false, priority: Int = 0, deliveryTag: String
    ) {
      self.correlationID = correlationID
      self.replyTo = replyTo
      self.origin = origin
      self.expiration = expiration
      self.deliveryMode = deliveryMode
      self.exchange = exchange
      self.routingKey = routingKey
      self.redelivered = redelivered
      self.priority = priority
      self.deliveryTag = deliveryTag
    }
  }

  /// An element of a queue, an event or a request: `body` becomes JSON in base64.
  package static func envelope(
    body: JSONValue, headers: JSONValue, properties: Properties
  ) -> [UInt8] { [] }

  /// A value of the hash `unacked`.
  package static func unackedEntry(
    message: [UInt8], exchange: String, routingKey: String
  ) -> [UInt8] { [] }
}
