import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// The workers heard, by node name and pid, each found without making a text of its name.
///
/// Bounded: where it is full, a tenth of them make room, those heard longest ago.
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

  mutating func take(
    _ state: WorkerState, of key: Key, at moment: Timestamp, sentAt: Timestamp?, isOffline: Bool
  ) {
    change(key, at: moment) { $0.take(state, at: moment, sentAt: sentAt, isOffline: isOffline) }
  }

  func knows(_ key: Key) -> Bool { places[key] != nil }

  mutating func changeAll(_ body: (inout WorkerRecord) -> Void) {
    for place in records.indices { body(&records[place].record) }
  }

  private mutating func change(
    _ key: Key, at moment: Timestamp, _ body: (inout WorkerRecord) -> Void
  ) {
    if last >= records.count || records[last].key != key { last = place(of: key, at: moment) }
    body(&records[last].record)
  }

  private mutating func place(of key: Key, at moment: Timestamp) -> Int {
    if let place = places[key] { return place }
    if records.count >= limit { makeRoom() }
    records.append((key, WorkerRecord(firstHeard: moment)))
    places[key] = records.count - 1
    return records.count - 1
  }

  /// A tenth at a time, so that a flood of names does not sort them all for each.
  private mutating func makeRoom() {
    let before = records.count
    records.sort { $0.record.lastHeard > $1.record.lastHeard }
    records.removeLast(records.count - min(limit * 9 / 10, records.count - 1))
    dropped += before - records.count
    rememberPlaces()
  }

  /// Workers silent since before `moment` are forgotten.
  mutating func forget(unheardSince moment: Timestamp) {
    records.removeAll { $0.record.lastHeard < moment }
    rememberPlaces()
  }

  /// Names have other numbers now.
  mutating func renumber(_ new: (NameTable.Index) -> NameTable.Index) {
    for place in records.indices { records[place].key.node = new(records[place].key.node) }
    rememberPlaces()
  }

  private mutating func rememberPlaces() {
    places = Dictionary(
      records.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
    last = 0
  }
}
