package import CeleryProtocol
package import TaskmonUnits

/// A control request as a worker reads it from the control channel.
package struct ControlQuestion: Sendable, Equatable {
  /// Where the answer goes: the nameless exchange means straight into a list.
  package struct Address: Sendable, Equatable {
    package let exchange: String
    package let routingKey: String
  }

  package let method: String
  package let arguments: JSONValue
  /// Node names; nil for everybody.
  package let destinations: [String]?
  package let ticket: String
  package let replyTo: Address
  /// Workers leave a later request unanswered; nil for no end.
  package let expires: Timestamp?

  /// Nil for what is no request, and for one that wants no reply.
  package init?(decoding payload: [UInt8]) {
    guard let envelope = try? Envelope(decoding: payload),
      let body = try? JSONValue(decoding: envelope.body),
      let method = body["method"]?.string, let ticket = body["ticket"]?.string,
      let reply = body["reply_to"], let exchange = reply["exchange"]?.string,
      let routingKey = reply["routing_key"]?.string
    else { return nil }
    self.method = method
    self.ticket = ticket
    arguments = body["arguments"] ?? .null
    destinations = body["destination"]?.array?.compactMap(\.string)
    replyTo = Address(exchange: exchange, routingKey: routingKey)
    expires = envelope.headers["expires"]?.double.map(Timestamp.init(secondsSince1970:))
  }

  func concerns(_ node: String, at now: Timestamp) -> Bool {
    (destinations.map { $0.contains(node) } ?? true) && (expires.map { $0 > now } ?? true)
  }
}
