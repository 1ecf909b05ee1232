import TaskmonUnits

/// What the ledger keeps of one task: fixed in size, no references.
///
/// Moments are seconds since 1970, not a number where unknown.
struct CompactTask: Sendable {
  /// In the order an attempt goes through; the later state wins, whatever arrives first.
  enum State: UInt8, Sendable, Comparable {
    case sent, received, started
    /// Ended, and a message for the next attempt is on its way.
    case retrying
    case succeeded, failed, rejected, revoked
    /// Known to run no more, how it ended was not heard.
    case endedUnheard

    var isEnd: Bool { rawValue >= State.retrying.rawValue }
    static func < (left: State, right: State) -> Bool { left.rawValue < right.rawValue }
  }

  static let noPid = Int32.min
  static let noIndex = UInt32.max

  let key: TaskKey
  /// By the clocks of those who sent the events.
  var sentAt = Double.nan
  var receivedAt = Double.nan
  var startedAt = Double.nan
  var endedAt = Double.nan
  var eta = Double.nan
  /// By our own clock.
  var startHeardAt = Double.nan
  /// Numbers of the ledger's name tables; nil is 0xFFFF.
  var name = NameTable.Index.max
  var queue = NameTable.Index.max
  var node = NameTable.Index.max
  var pid = noPid
  var series = noIndex
  /// Neighbours among the running; only where it runs.
  var olderRun = noIndex
  var newerRun = noIndex
  var retries: UInt8 = 0
  /// Of this attempt; two starts of two deliveries are a duplicate execution.
  var starts: UInt8 = 0
  var deliveries: UInt8 = 0
  var state = State.sent

  init(key: TaskKey) { self.key = key }

  var isRunning: Bool { state == .started }

  /// A new attempt begins: what was said of the one before no longer counts.
  mutating func beginAttempt(_ retries: UInt8) {
    self.retries = retries
    starts = 0
    deliveries = 0
    (sentAt, receivedAt, startedAt, endedAt) = (.nan, .nan, .nan, .nan)
    (eta, startHeardAt) = (.nan, .nan)
  }
}
