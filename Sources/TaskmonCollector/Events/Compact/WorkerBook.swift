import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// The workers heard, by node name and pid, each found without making a text of its name.
struct WorkerBook: Sendable {
  struct Key: Sendable, Hashable {
    var node: NameTable.Index
    var pid: Int32
  }

  private(set) var records: [(key: Key, record: WorkerRecord)] = []
  private var places: [Key: Int] = [:]
  /// Events come in batches of one worker.
  private var last = 0
  private let limit: Int
  private(set) var dropped = 0

  init(limit: Int) { self.limit = max(1, limit) }

  mutating func hear(_ key: Key, at moment: Timestamp, isTaskEvent: Bool) {
    change(key, at: moment) { $0.hear(at: moment, isTaskEvent: isTaskEvent) }
  }

  mutating func take(_ state: WorkerState, of key: Key, at moment: Timestamp, isOffline: Bool) {
    change(key, at: moment) { $0.take(state, at: moment, isOffline: isOffline) }
  }

  private mutating func change(
    _ key: Key, at moment: Timestamp, _ body: (inout WorkerRecord) -> Void
  ) {
    if last >= records.count || records[last].key != key {
      guard let place = place(of: key, at: moment) else { return }
      last = place
    }
    body(&records[last].record)
  }

  private mutating func place(of key: Key, at moment: Timestamp) -> Int? {
    if let place = places[key] { return place }
    guard records.count < limit else {
      dropped += 1
      return nil
    }
    records.append((key, WorkerRecord(firstHeard: moment)))
    places[key] = records.count - 1
    return records.count - 1
  }

  /// Workers silent since before `moment` make room.
  mutating func forget(unheardSince moment: Timestamp) {
    records.removeAll { $0.record.lastHeard < moment }
    places = [:]
    for (place, worker) in records.enumerated() { places[worker.key] = place }
    last = 0
  }
}
