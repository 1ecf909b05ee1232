import TaskmonModel
import TaskmonUnits

/// What the ledger keeps of one task while it is on its way.
struct TaskRecord: Sendable, Equatable {
  /// In the order a task goes through; events may arrive in another, so the later state wins.
  enum State: Int, Sendable, Comparable {
    case sent, received, started, ended

    static func < (left: State, right: State) -> Bool { left.rawValue < right.rawValue }
  }

  var state: State
  /// Known from `task-sent` and `task-received` only.
  var name: String?
  var queue: String?
  var worker: WorkerID?
  var retries: Int?
  /// Event times, by the sender's clock.
  var sentAt: Timestamp?
  var receivedAt: Timestamp?
  var startedAt: Timestamp?
  /// Our own clock when its start was heard: comparable with replies and with our gaps.
  var startHeardAt: Timestamp?
  var endedAt: Timestamp?
  /// The next attempt was received before the end of this one was heard.
  var owesRetried = false

  init(state: State) { self.state = state }
}

/// Tasks by id in bounded memory: where it is full, the oldest that does not run makes room.
struct TaskTable: Sendable {
  private var records: [String: TaskRecord] = [:]
  /// Ids in the order they came; the front may name records already gone.
  private var order: [String] = []
  private var first = 0
  private let limit: Int
  private(set) var dropped = 0
  /// Tasks tracked; in an excerpt, those of the whole table.
  private(set) var count = 0

  init(limit: Int) { self.limit = max(1, limit) }

  /// A table of no other tasks than those named, for reading.
  func excerpt(of ids: Set<String>) -> TaskTable {
    var copy = TaskTable(limit: limit)
    for id in ids { copy.records[id] = records[id] }
    copy.dropped = dropped
    copy.count = count
    return copy
  }

  subscript(id: String) -> TaskRecord? { records[id] }

  /// Changes the record of `id`, making it with `state` where there is none.
  ///
  /// The tasks of `running` are the last to make room: a stuck one is among the oldest.
  mutating func update(
    _ id: String, orInsert state: TaskRecord.State, keeping running: Set<String> = [],
    _ change: (inout TaskRecord) -> Void
  ) {
    if records[id] == nil {
      makeRoom(keeping: running)
      order.append(id)
    }
    change(&records[id, default: TaskRecord(state: state)])
    count = records.count
  }

  private mutating func makeRoom(keeping running: Set<String>) {
    var spared = 0
    while records.count >= limit, first < order.count {
      let oldest = order[first]
      first += 1
      if spared < running.count, running.contains(oldest) {
        order.append(oldest)
        spared += 1
      } else if let gone = records.removeValue(forKey: oldest), gone.state != .ended {
        dropped += 1
      }
    }
    guard first > limit else { return }
    order.removeFirst(first)
    first = 0
  }
}
