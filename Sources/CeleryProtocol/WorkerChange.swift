package import RedisClient
package import TaskmonUnits

/// A request that changes workers until they end, published on the control channel.
///
/// It goes to named workers only, never to all; a connection has the right to send it only where
/// the user asked for the change.
package struct WorkerChange: WireCommand, Hashable {
  package enum Method: Sendable, Hashable, CaseIterable {
    /// Send task events from now on; a worker that sends them already says so and changes nothing.
    case enableEvents

    /// As Celery names it.
    package var name: String {
      switch self {
      case .enableEvents: "enable_events"
      }
    }
  }

  package static let right = CommandRight.change

  /// The commands there are, as Redis' access rules name them.
  package enum Word: String, Sendable, CaseIterable {
    case publish
  }

  package let arguments: [[UInt8]]

  /// Asks `destinations` to change and to answer into the list of `owner`.
  ///
  /// The rest is as in `ControlRequest`.
  package init(
    _ method: Method, to destinations: [String], owner: String, ticket: String,
    expires: Timestamp, layout: KeyLayout
  ) {
    let call = ControlCall(
      method: method.name, arguments: [:], destinations: destinations, owner: owner,
      ticket: ticket, expires: expires)
    arguments =
      CommandName.words(of: Word.publish.rawValue)
      + [layout.controlChannel.bytes, call.envelope(layout)]
  }
}
