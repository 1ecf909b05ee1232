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
  }

  package static let right = CommandRight.control

  package let arguments: [[UInt8]]

  /// Asks `destinations` (all workers where nil) to answer into the list of `owner`.
  ///
  /// `ticket` is a fresh UUID and comes back with each answer; `owner` is the UUID of
  /// `KeyLayout.replyList(owner:)`; workers ignore a request later than `expires`.
  package init(
    _ method: Method, to destinations: [String]? = nil, owner: String, ticket: String,
    expires: Timestamp, layout: KeyLayout
  ) {
    arguments = []
  }
}
