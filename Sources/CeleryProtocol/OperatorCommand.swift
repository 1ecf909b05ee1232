package import RedisClient
package import TaskmonUnits

/// What an operator may change: workers through the control channel, and a queue by emptying it.
///
/// A connection has the right to send it only where the user has allowed taskmon to act.
package struct OperatorCommand: WireCommand, Hashable {
  /// What named workers can be told; what everybody is told has an initializer of its own.
  package enum Method: Sendable, Hashable {
    /// Finish what runs, then end; there is no answer to it.
    case shutdown
    /// `10/s`, `100/m`, `2/h`; `0` for none.
    case rateLimit(task: String, rate: String)
    /// Nil: no limit.
    case timeLimit(task: String, soft: Seconds?, hard: Seconds?)
    case poolGrow(by: Int)
    case poolShrink(by: Int)
    case addConsumer(queue: String)
    case cancelConsumer(queue: String)

    /// As Celery names it.
    package var name: String {
      switch self {
      case .shutdown: "shutdown"
      case .rateLimit: "rate_limit"
      case .timeLimit: "time_limit"
      case .poolGrow: "pool_grow"
      case .poolShrink: "pool_shrink"
      case .addConsumer: "add_consumer"
      case .cancelConsumer: "cancel_consumer"
      }
    }

    fileprivate var arguments: JSONValue {
      switch self {
      case .shutdown: [:]
      case .rateLimit(let task, let rate):
        ["task_name": .string(task), "rate_limit": .string(rate)]
      case .timeLimit(let task, let soft, let hard):
        ["task_name": .string(task), "hard": Self.number(hard), "soft": Self.number(soft)]
      case .poolGrow(let count), .poolShrink(let count): ["n": .integer(Int64(count))]
      case .addConsumer(let queue):
        ["queue": .string(queue), "exchange": nil, "exchange_type": "direct", "routing_key": nil]
      case .cancelConsumer(let queue): ["queue": .string(queue)]
      }
    }

    private static func number(_ length: Seconds?) -> JSONValue {
      length.map { .double($0.value) } ?? .null
    }
  }

  package static let right = CommandRight.act

  /// The commands there are, as Redis' access rules name them.
  package enum Word: String, Sendable, CaseIterable {
    case publish, multi, llen, unlink, exec
  }

  package let arguments: [[UInt8]]

  private init(_ word: Word, _ arguments: [UInt8]...) {
    self.arguments = CommandName.words(of: word.rawValue) + arguments
  }

  /// Tells `destinations` and has them answer into the list of `owner`; the rest is as in
  /// `ControlRequest`.
  package init(
    _ method: Method, to destinations: [String], owner: String, ticket: String,
    expires: Timestamp, layout: KeyLayout
  ) {
    let call = ControlCall(
      method: method.name, arguments: method.arguments, destinations: destinations, owner: owner,
      ticket: ticket, expires: expires)
    self.init(.publish, layout.controlChannel.bytes, call.envelope(layout))
  }

  /// Tells everybody never to run a task, whoever is handed it; where it `terminates`, the process
  /// that runs it gets SIGTERM.
  package init(
    revoking id: String, terminates: Bool, owner: String, ticket: String, expires: Timestamp,
    layout: KeyLayout
  ) {
    let arguments: JSONValue = [
      "task_id": .string(id), "terminate": .bool(terminates), "signal": "SIGTERM",
    ]
    let call = ControlCall(
      method: "revoke", arguments: arguments, destinations: nil, owner: owner, ticket: ticket,
      expires: expires)
    self.init(.publish, layout.controlChannel.bytes, call.envelope(layout))
  }

  /// Counts and removes what waits in every priority step of a queue, all at once, as
  /// `celery purge` does; Redis gives the memory back in its own time.
  ///
  /// A full Redis refuses every transaction, so that there it has to be done list by list.
  package static func purge(
    _ queue: QueueName, _ layout: KeyLayout, atOnce: Bool = true
  ) -> [OperatorCommand] {
    let lists = layout.prioritySteps.map { layout.messages(of: queue, step: $0).bytes }
    let steps = lists.flatMap { [Self(.llen, $0), Self(.unlink, $0)] }
    return atOnce ? [Self(.multi)] + steps + [Self(.exec)] : steps
  }

  /// How many messages that has removed; throws what Redis refused, and whether the rest was done.
  package static func removed(_ replies: [RedisReply]) throws(PurgeRefusal) -> Int {
    let inner = replies.last?.array ?? replies
    if let error = (replies + inner).compactMap(\.error).first {
      // Every second reply says whether a list was removed.
      let isPartial = inner.indices.contains { !$0.isMultiple(of: 2) && inner[$0].integer == 1 }
      throw PurgeRefusal(error: error, isPartial: isPartial)
    }
    return inner.enumerated().reduce(0) { sum, item in
      item.offset.isMultiple(of: 2) ? sum &+ (item.element.integer ?? 0) : sum
    }
  }
}

/// Redis has not emptied a queue, or not all of its lists.
package struct PurgeRefusal: Error, Sendable, Hashable {
  package let error: RedisServerError
  /// Some lists were removed.
  package let isPartial: Bool

  package init(error: RedisServerError, isPartial: Bool = false) {
    self.error = error
    self.isPartial = isPartial
  }
}
