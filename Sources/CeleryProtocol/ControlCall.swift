import TaskmonUnits

/// What every message on the control channel has, whether it asks or changes.
struct ControlCall {
  var method: String
  var arguments: JSONValue
  /// Nil: every worker; where it is empty, nobody.
  var destinations: [String]?
  var owner: String
  var ticket: String
  var expires: Timestamp

  /// The reply goes straight to the owner's list, through the default exchange, so that no binding
  /// of ours is needed.
  ///
  /// An empty list of destinations would mean everybody to a worker: the empty name is nobody's.
  func envelope(_ layout: KeyLayout) -> [UInt8] {
    let names = destinations.map { $0.isEmpty ? [""] : $0 }
    let body: JSONValue = [
      "method": .string(method), "arguments": arguments,
      "destination": names.map { .array($0.map(JSONValue.string)) } ?? .null,
      "pattern": nil, "matcher": nil, "ticket": .string(ticket),
      "reply_to": ["exchange": "", "routing_key": .string(layout.replyListName(owner: owner))],
    ]
    let properties = EnvelopeWriter.Properties(
      deliveryMode: 2, exchange: layout.pidboxExchange.text, routingKey: "", deliveryTag: ticket)
    return EnvelopeWriter.envelope(
      body: body, headers: ["clock": 0, "expires": .double(expires.secondsSince1970)],
      properties: properties)
  }
}
