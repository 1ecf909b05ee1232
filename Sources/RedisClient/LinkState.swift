package import TaskmonUnits

/// Whether a link has a live connection, and since when.
package enum LinkState: Sendable, Hashable {
  /// Nothing has been asked yet.
  case idle
  case up(since: Timestamp)
  /// The error of the last attempt, when the link went down, and how many attempts failed since.
  case down(RedisError, since: Timestamp, attempts: Int)
}
