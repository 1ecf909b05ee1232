import TaskmonModel
import TaskmonUnits

/// Notices that the server, or what it held, is no longer what was looked at.
struct ServerWatch: Sendable, Equatable {
  enum Change: Sendable, Equatable {
    /// Another server process answers: restarted, replaced or failed over.
    case replaced
    /// The same process lost what it held to FLUSHALL or FLUSHDB.
    case emptied
  }

  private struct Look: Sendable, Equatable {
    var runID: String
    var flushes: Int?
    var fullFlushes: Int?
    var keys: [Int: Int]
  }

  /// The database that `ServerFacts.keys` speaks of.
  private let database: Int
  private var last: Look?

  init(database: Int) { self.database = database }

  /// Takes the next look in; `databases` are those whose loss matters.
  mutating func absorb(_ server: ServerFacts, databases: Set<Int>) -> Change? {
    var keys = server.databases
    keys[database] = server.keys
    let now = Look(
      runID: server.runID, flushes: server.flushes, fullFlushes: server.fullFlushes, keys: keys)
    defer { last = now }
    guard let last else { return nil }
    if last.runID != now.runID { return .replaced }
    if Self.grew(last.fullFlushes, now.fullFlushes) { return .emptied }
    guard Self.grew(last.flushes, now.flushes) else { return nil }
    // FLUSHDB does not say of which database; a cache of somebody else's is nothing to us.
    let isHit = databases.contains { number in
      let before = last.keys[number] ?? 0
      return before > 0 && now.keys[number] ?? 0 <= before / 2
    }
    return isHit ? .emptied : nil
  }

  /// A counter that was reset or not read did not grow.
  private static func grew(_ before: Int?, _ now: Int?) -> Bool {
    guard let before, let now else { return false }
    return now > before
  }
}
