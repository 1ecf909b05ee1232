/// What a connection may be used for: a closed list, one right per list of commands.
package enum CommandRight: String, Sendable, Hashable, CaseIterable {
  /// Reading only; what every poll has.
  case read
  /// Keeping the reply list of our own control requests.
  case replyList
  /// Asking workers.
  case control
  /// Asking workers for task events: only where the user wants it, by its flag or its key.
  case change
  /// Acting on tasks, workers and queues: only where the user has allowed it by its flag.
  case act
  /// Writing what Celery writes; given only to a private server behind a unix socket.
  case demo
}

/// The rights a connection is opened with; never more than its user asked for.
package typealias CommandRights = Set<CommandRight>
