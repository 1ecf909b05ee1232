import TaskmonModel
import TaskmonUnits

/// What the workers take from their queues, as far as they tell.
struct Consumption {
  private let history: SnapshotHistory
  private let snapshot: Snapshot
  private let members: [Member]
  /// Positions of the members that consume a queue.
  private let byQueue: [String: [Int]]
  /// The first worker that may consume any queue, because it has not told its own.
  private let untold: WorkerID?

  private struct Member {
    var track: WorkerTrack
    /// Whether it takes messages, or will again when its work is done.
    var consumes: Bool
  }

  init(_ watch: WorkerWatch) {
    history = watch.history
    snapshot = watch.snapshot
    var members: [Member] = []
    var byQueue: [String: [Int]] = [:]
    var untold: WorkerID?
    for track in watch.tracks {
      let liveness = watch.liveness(of: track)
      if let queues = track.queues {
        for queue in Set(queues) { byQueue[queue, default: []].append(members.count) }
      } else if liveness != .stopped, liveness != .lost {
        untold = untold ?? track.id
      }
      members.append(Member(track: track, consumes: liveness.consumes))
    }
    self.members = members
    self.byQueue = byQueue
    self.untold = untold
  }

  /// The workers of a queue, those that are gone included.
  func consumers(of queue: String) -> [WorkerTrack] {
    (byQueue[queue] ?? []).map { members[$0].track }
  }

  /// What the queue's workers took since `start`, `span` ago; an upper bound where they serve other
  /// queues too.
  func taken(from queue: String, since start: Timestamp, over span: Seconds) -> Observation<Int> {
    if let untold { return .unavailable("which queues \(untold.name) consumes was not heard") }
    var sum = 0
    var isServed = false
    for member in (byQueue[queue] ?? []).map({ members[$0] }) {
      isServed = isServed || member.consumes
      if let count = member.track.taken(since: start) {
        sum = sum.addingReportingOverflow(count).partialValue
      } else if member.consumes {
        return .unavailable(
          "how much \(member.track.id.name) took over \(span.text) was not heard")
      }
    }
    if members.isEmpty, snapshot.inspection.lastRound == nil {
      let why = snapshot.inspection.suspended.map { " (\($0))" } ?? ""
      return .unavailable("no worker was heard or asked\(why)")
    }
    if sum == 0, !isServed, let moved = history.queues[queue]?.lastMoved, moved > start {
      return .unavailable("\(queue) is taken from by a consumer that taskmon cannot see")
    }
    return .value(max(0, sum))
  }
}
