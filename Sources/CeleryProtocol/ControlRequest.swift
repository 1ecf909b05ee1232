package import RedisClient
package import TaskmonUnits

/// A question to workers, published on the control channel; none changes anything in a worker.
package struct ControlRequest: WireCommand, Hashable {
  package enum Method: Sendable, Hashable {
    case ping
    case activeQueues
    /// Names and the named options of every registered task.
    case registered(items: [String])
    case conf(withDefaults: Bool)
    /// Always asked with `safe`: without it every argument comes back whole.
    case active
    case stats
    /// What a worker knows of these tasks; their arguments come back whole, so that it is asked
    /// only for tasks whose message is known to be small.
    case queryTask(ids: [String])
    /// What it has prefetched and not begun, and what waits for its eta: like `queryTask` with
    /// their arguments whole, so that it is asked only where what is held is known to be small.
    case reserved, scheduled
    /// At most 50,000 ids.
    case revoked

    /// As Celery names it.
    package var name: String {
      switch self {
      case .ping: "ping"
      case .activeQueues: "active_queues"
      case .registered: "registered"
      case .conf: "conf"
      case .active: "active"
      case .stats: "stats"
      case .queryTask: "query_task"
      case .reserved: "reserved"
      case .scheduled: "scheduled"
      case .revoked: "revoked"
      }
    }

    fileprivate var arguments: JSONValue {
      switch self {
      case .ping, .activeQueues, .stats, .reserved, .scheduled, .revoked: [:]
      case .registered(let items): ["taskinfoitems": .array(items.map(JSONValue.string))]
      case .conf(let withDefaults): ["with_defaults": .bool(withDefaults)]
      case .active: ["safe": true]
      case .queryTask(let ids): ["ids": .array(ids.map(JSONValue.string))]
      }
    }
  }

  package static let right = CommandRight.control

  /// The commands there are, as Redis' access rules name them.
  package enum Word: String, Sendable, CaseIterable {
    case publish
  }

  package let arguments: [[UInt8]]

  /// Asks `destinations` (all workers where nil) to answer into the list of `owner`.
  ///
  /// `ticket` is a fresh UUID and comes back with each answer; `owner` is the UUID of
  /// `KeyLayout.replyList(owner:)`. Workers do not look at `expires`: one that hears a request
  /// later answers it, and acts on it, all the same.
  package init(
    _ method: Method, to destinations: [String]? = nil, owner: String, ticket: String,
    expires: Timestamp, layout: KeyLayout
  ) {
    let call = ControlCall(
      method: method.name, arguments: method.arguments, destinations: destinations, owner: owner,
      ticket: ticket, expires: expires)
    arguments =
      CommandName.words(of: Word.publish.rawValue) + [
        layout.controlChannel.bytes, call.envelope(layout),
      ]
  }
}
