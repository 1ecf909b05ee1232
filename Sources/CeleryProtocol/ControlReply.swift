/// One worker's answer to a control request.
package struct ControlReply: Sendable, Equatable {
  package var ticket: String?
  /// The node name.
  package var worker: String
  package var answer: JSONValue
  /// What the worker says went wrong; nil where it answered.
  package var error: String?

  package init(ticket: String?, worker: String, answer: JSONValue, error: String? = nil) {
    self.ticket = ticket
    self.worker = worker
    self.answer = answer
    self.error = error
  }

  /// Reads one element of the reply list.
  package init(
    decoding element: [UInt8], limits: JSONLimits = JSONLimits()
  ) throws(DecodeError) {
    let envelope = try Envelope(decoding: element, limits: limits)
    let body = try envelope.json(limits: limits)
    guard let members = body.members else { throw .wrongType("reply") }
    guard let member = members.first else { throw .missing("worker") }
    ticket = envelope.headers["ticket"]?.string
    worker = member.key
    answer = member.value
    error = Self.error(in: member.value)
  }

  /// Celery answers `{"error": text}` and nothing beside it.
  private static func error(in answer: JSONValue) -> String? {
    guard let members = answer.members, members.count == 1, let only = members.first,
      only.key == "error"
    else { return nil }
    return only.value.string ?? PythonRepr.text(of: only.value)
  }
}

/// The queues a worker consumes.
package struct ActiveQueuesReply: Sendable, Equatable {
  package struct Queue: Sendable, Hashable {
    package var name: String
    /// A Broadcast queue's common name; nil for others.
    package var alias: String?
    package var exchange: String?
    /// `direct`, `topic`, `fanout`.
    package var exchangeType: String?

    package init(
      name: String, alias: String? = nil, exchange: String? = nil, exchangeType: String? = nil
    ) {
      self.name = name
      self.alias = alias
      self.exchange = exchange
      self.exchangeType = exchangeType
    }
  }

  package var queues: [Queue]
  package var names: [String] { queues.map(\.name) }
  /// The exchanges that give every worker a copy.
  package var broadcasts: [String] {
    queues.filter { $0.exchangeType == "fanout" }.map { $0.exchange ?? $0.alias ?? $0.name }
  }

  package init(_ answer: JSONValue) throws(DecodeError) {
    guard let elements = answer.array else { throw .wrongType("active_queues") }
    queues = elements.compactMap { element in
      element["name"]?.string.map {
        Queue(
          name: $0, alias: element["alias"]?.string,
          exchange: element["exchange"]?["name"]?.string,
          exchangeType: element["exchange"]?["type"]?.string)
      }
    }
  }
}
