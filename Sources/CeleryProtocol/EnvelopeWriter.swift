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
  ) -> [UInt8] {
    var bytes = Array("{\"body\": \"".utf8)
    Base64.encode(JSONWriter.bytes(of: body), into: &bytes)
    bytes += "\", \"content-encoding\": \"utf-8\", \"content-type\": \"application/json\"".utf8
    bytes += ", \"headers\": ".utf8
    JSONWriter.append(headers, to: &bytes)
    bytes += ", \"properties\": ".utf8
    JSONWriter.append(properties.value, to: &bytes)
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }

  /// A value of the hash `unacked`.
  package static func unackedEntry(
    message: [UInt8], exchange: String, routingKey: String
  ) -> [UInt8] {
    var bytes = [UInt8(ascii: "[")] + message + Array(", ".utf8)
    JSONWriter.append(exchange, to: &bytes)
    bytes += ", ".utf8
    JSONWriter.append(routingKey, to: &bytes)
    bytes.append(UInt8(ascii: "]"))
    return bytes
  }
}

extension EnvelopeWriter.Properties {
  /// In kombu's order.
  fileprivate var value: JSONValue {
    var members: [JSONMember] = []
    func add(_ key: String, _ text: String?) {
      if let text { members.append(JSONMember(key, .string(text))) }
    }
    add("correlation_id", correlationID)
    add("reply_to", replyTo)
    add("origin", origin)
    members.append(JSONMember("delivery_mode", .integer(Int64(deliveryMode))))
    add("expiration", expiration)
    var delivery = [
      JSONMember("exchange", .string(exchange)), JSONMember("routing_key", .string(routingKey)),
    ]
    if redelivered { delivery.append(JSONMember("redelivered", true)) }
    members.append(JSONMember("delivery_info", .object(delivery)))
    members.append(JSONMember("priority", .integer(Int64(priority))))
    add("body_encoding", "base64")
    add("delivery_tag", deliveryTag)
    return .object(members)
  }
}
