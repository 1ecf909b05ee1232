/// A way to act on tasks, workers or queues.
package enum ControlVerb: Sendable, Hashable, CaseIterable {
  case revoke, terminate, shutDown, purge
  case rateLimit, timeLimit, growPool, shrinkPool, addConsumer, cancelConsumer

  /// Those without a key of their own.
  static let more: [ControlVerb] = [
    .rateLimit, .timeLimit, .growPool, .shrinkPool, .addConsumer, .cancelConsumer,
  ]

  /// Above its dialog.
  var title: String {
    switch self {
    case .revoke: "revoke a task"
    case .terminate: "terminate a task"
    case .shutDown: "shut a worker down"
    case .purge: "purge a queue"
    case .rateLimit: "rate limit of a task"
    case .timeLimit: "time limits of a task"
    case .growPool: "grow a pool"
    case .shrinkPool: "shrink a pool"
    case .addConsumer: "add a consumer"
    case .cancelConsumer: "cancel a consumer"
    }
  }

  /// What it does, in a line of a menu.
  var summary: String {
    switch self {
    case .revoke: "it never runs"
    case .terminate: "its process gets SIGTERM"
    case .shutDown: "it finishes what it runs, then ends"
    case .purge: "what waits in it is lost"
    case .rateLimit: "how often a worker starts it"
    case .timeLimit: "how long it may run"
    case .growPool: "more slots for a worker"
    case .shrinkPool: "fewer slots for a worker"
    case .addConsumer: "a worker takes from a queue"
    case .cancelConsumer: "a worker takes no more from a queue"
    }
  }

  /// The line of its dialog that does it.
  var consent: String {
    switch self {
    case .revoke: "revoke it"
    case .terminate: "terminate it"
    case .shutDown: "shut it down"
    case .purge: "purge it"
    case .rateLimit, .timeLimit, .growPool, .shrinkPool, .addConsumer, .cancelConsumer: "do it"
    }
  }
}
