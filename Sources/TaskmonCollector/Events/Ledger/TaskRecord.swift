import TaskmonModel
import TaskmonUnits

/// What the ledger keeps of one task: fixed in size, no references.
///
/// Moments are seconds since 1970, not a number where unknown.
struct TaskRecord: Sendable {
  /// In the order an attempt goes through; the later state wins, whatever arrives first.
  enum State: UInt8, Sendable, Comparable {
    case sent, received, started
    /// Ended, and a message for the next attempt is on its way.
    case retrying
    case succeeded, failed, rejected, revoked
    /// Known to run no more, how it ended was not heard.
    case endedUnheard

    /// What a run that came into it is shown as; nil for states that no event ends.
    var outcome: RecentRun.Outcome? {
      switch self {
      case .retrying: .retried
      case .succeeded: .succeeded
      case .failed: .failed
      case .rejected: .rejected
      case .revoked: .revoked
      case .sent, .received, .started, .endedUnheard: nil
      }
    }

    var isEnd: Bool { rawValue >= State.retrying.rawValue }
    static func < (left: State, right: State) -> Bool { left.rawValue < right.rawValue }
  }

  /// Which list of the book it is in, if any.
  enum Line: UInt8, Sendable {
    case none, waiting, running
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
  /// When the next attempt was sent, where that is heard before all of this one is.
  var nextSentAt = Double.nan
  /// Numbers of the ledger's name tables; 0xFFFF where unknown.
  var name = NameTable.unknown
  var queue = NameTable.unknown
  var node = NameTable.unknown
  /// Of the next attempt; a task may be replaced by one in another queue.
  var nextQueue = NameTable.unknown
  var pid = noPid
  var series = noIndex
  /// Neighbours in its line.
  fileprivate(set) var older = noIndex
  fileprivate(set) var newer = noIndex
  var retries: UInt8 = 0
  /// Of this attempt; two starts of two deliveries are a duplicate execution.
  var starts: UInt8 = 0
  var deliveries: UInt8 = 0
  /// Runs beyond the first that are nobody's fault: other workers' copies of a broadcast, and
  /// further messages published under the same id.
  var copies: UInt8 = 0
  var state = State.sent
  fileprivate(set) var line = Line.none
  /// The next attempt was received before the end of this one was heard.
  var owesRetried = false

  init(key: TaskKey) { self.key = key }

  var worker: WorkerBook.Key? {
    node == NameTable.unknown ? nil : WorkerBook.Key(node: node, pid: pid)
  }

  /// Whether an event that tells its retries was heard of this attempt.
  var isAnnounced: Bool { !sentAt.isNaN || !receivedAt.isNaN }

  /// From when it could have begun: sent, else received, or its eta; nil where none was heard.
  var readyAt: Double? {
    let ready = sentAt.isNaN ? receivedAt : sentAt
    guard !ready.isNaN else { return nil }
    return eta > ready ? eta : ready
  }

  /// Where a record of this state belongs that has just come into it.
  fileprivate var properLine: Line {
    switch state {
    case .received: .waiting
    case .started: .running
    case .sent, .retrying, .succeeded, .failed, .rejected, .revoked, .endedUnheard: .none
    }
  }

  mutating func take(_ worker: WorkerBook.Key) {
    node = worker.node
    pid = worker.pid
  }

  /// Whether it was received, and its end not heard.
  var isUnderWay: Bool { state == .received || state == .started }

  /// What comes after this attempt was sent: all that is yet to be heard of this one stays its own.
  mutating func announceNext(sentAt moment: Double, queue: NameTable.Index?) {
    nextSentAt = moment
    nextQueue = queue ?? NameTable.unknown
  }

  /// A new attempt begins: what was said of the one before no longer counts.
  mutating func beginAttempt(_ retries: UInt8) {
    self.retries = retries
    starts = 0
    deliveries = 0
    copies = 0
    (sentAt, receivedAt, startedAt, endedAt) = (nextSentAt, .nan, .nan, .nan)
    (eta, startHeardAt, nextSentAt) = (.nan, .nan, .nan)
    if nextQueue != NameTable.unknown { queue = nextQueue }
    nextQueue = NameTable.unknown
  }
}

extension TaskRecord {
  /// Another task has the same id.
  mutating func beginTask(_ retries: UInt8) {
    beginAttempt(retries)
    state = .sent
    owesRetried = false
  }
}

/// Records one behind the other in the order they joined, linked within the records themselves.
struct TaskLine: Sendable {
  private(set) var newest = TaskRecord.noIndex
  private(set) var oldest = TaskRecord.noIndex
  private(set) var count = 0
  private let line: TaskRecord.Line

  init(_ line: TaskRecord.Line) { self.line = line }

  mutating func link(_ place: Int, in records: inout [TaskRecord]) {
    records[place].line = line
    records[place].older = newest
    records[place].newer = TaskRecord.noIndex
    if newest == TaskRecord.noIndex {
      oldest = UInt32(place)
    } else {
      records[Int(newest)].newer = UInt32(place)
    }
    newest = UInt32(place)
    count += 1
  }

  mutating func unlink(_ place: Int, in records: inout [TaskRecord]) {
    let (older, newer) = (records[place].older, records[place].newer)
    if older == TaskRecord.noIndex {
      oldest = newer
    } else {
      records[Int(older)].newer = newer
    }
    if newer == TaskRecord.noIndex {
      newest = older
    } else {
      records[Int(newer)].older = older
    }
    records[place].older = TaskRecord.noIndex
    records[place].newer = TaskRecord.noIndex
    records[place].line = .none
    count -= 1
  }
}

extension TaskLine {
  /// Where a changed record should stand: one that was taken out of a line comes back only with a
  /// new state.
  static func wanted(
    _ record: TaskRecord, before state: TaskRecord.State
  ) -> TaskRecord.Line {
    record.state == state ? record.line : record.properLine
  }
}
