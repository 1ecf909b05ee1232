import TaskmonModel
import TaskmonUnits

/// When our own subscription was proved alive, and when it was not.
struct Hearing: Sendable, Equatable {
  private(set) var intervals: [Interval] = []
  private(set) var connectedSince: Timestamp?
  private(set) var gaps = 0
  private(set) var lastGap: Timestamp?
  /// From when on what comes may be old, because this process was not running; nil while nothing is
  /// left to read of that.
  ///
  /// Nothing is proved by receipts until all of it has been read.
  private(set) var behindSince: Timestamp?
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  mutating func connected(at moment: Timestamp) {
    connectedSince = moment
    behindSince = nil
    // A connection that was lost at once proves nothing, and must not push out what does.
    if intervals.last?.length == .zero { intervals.removeLast() }
    intervals.append(Interval(from: moment, to: moment))
    if intervals.count > limit { intervals.removeFirst() }
  }

  /// A message.
  mutating func alive(at moment: Timestamp) {
    guard connectedSince != nil, behindSince == nil, let last = intervals.last, moment > last.end
    else { return }
    intervals[intervals.count - 1] = Interval(from: last.start, to: moment)
  }

  /// The answer to our own ping: what was published before it has been read.
  mutating func proven(at moment: Timestamp) {
    behindSince = nil
    alive(at: moment)
  }

  /// We did not listen from `start` to `moment`; what came then may still be read, or be lost.
  mutating func stalled(since start: Timestamp, at moment: Timestamp) {
    guard connectedSince != nil, behindSince == nil else { return }
    behindSince = start
    gaps += 1
    lastGap = moment
  }

  /// Whatever was published between the last proof and the next connection went unheard.
  mutating func lost(at moment: Timestamp) {
    guard connectedSince != nil else { return }
    connectedSince = nil
    lastGap = moment
    // It lasts since we stopped listening.
    if behindSince == nil { gaps += 1 }
    behindSince = nil
  }

  /// The wall clock was set: what was heard before cannot be compared with what comes.
  mutating func clockJumped(to moment: Timestamp) {
    intervals = []
    guard connectedSince != nil else { return }
    connectedSince = moment
    intervals = [Interval(from: moment, to: moment)]
  }

  /// True when nothing was missed from `moment` to the last proof.
  func hasHeardAll(since moment: Timestamp) -> Bool {
    guard connectedSince != nil, let last = intervals.last else { return false }
    return last.start <= moment
  }
}
