/// Tasks by id in bounded memory.
///
/// Where it is full, the oldest makes room; those that run are passed over while they are the
/// lesser part. A look-up is one probe of an open table of numbers and one record; a record has
/// `bytesPerTask` bytes, the table included.
struct TaskBook: Sendable {
  /// Where most records run, no more than this many are passed over for one that comes.
  private static let patience = 32

  private let limit: Int
  private let hasher: ByteHash
  private(set) var records: [TaskRecord] = []
  /// Places of records plus one, by hash; 0 is free, as at least half of them are.
  private var slots = [UInt32](repeating: 0, count: 1024)
  /// Where the next record goes once all places are taken: the oldest.
  private var hand = 0
  /// Started and not ended.
  private(set) var running = TaskLine(.running)
  /// Received and not started, since our stream was last whole.
  private(set) var waiting = TaskLine(.waiting)
  /// Records that made room before their end was heard.
  private(set) var dropped = 0

  init(limit: Int, hasher: ByteHash) {
    self.limit = min(max(1, limit), 1 << 24)
    self.hasher = hasher
  }

  /// What one record takes at worst, its share of the table included.
  static var bytesPerTask: Int {
    MemoryLayout<TaskRecord>.stride + 4 * MemoryLayout<UInt32>.stride
  }

  var count: Int { records.count }

  func place(of key: TaskKey) -> Int? {
    var slot = home(key)
    while slots[slot] != 0 {
      let place = Int(slots[slot]) - 1
      if records[place].key == key { return place }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// The place of a record for this id, new where there is none, with the id it took the place of.
  mutating func take(_ key: TaskKey) -> (place: Int, isNew: Bool, gone: TaskKey?) {
    if let place = place(of: key) { return (place, false, nil) }
    guard records.count >= limit else {
      records.append(TaskRecord(key: key))
      if records.count * 2 > slots.count { grow() }
      insert(records.count - 1)
      return (records.count - 1, true, nil)
    }
    let place = placeToGive()
    let gone = records[place]
    if !gone.state.isEnd { dropped += 1 }
    leave(gone.line, place)
    remove(place)
    records[place] = TaskRecord(key: key)
    insert(place)
    return (place, true, gone.key)
  }

  /// Changes a record and keeps the lines.
  @inline(__always)
  mutating func change(_ place: Int, _ body: (inout TaskRecord) -> Void) {
    let state = records[place].state
    body(&records[place])
    let wanted = TaskLine.wanted(records[place], before: state)
    if wanted != records[place].line {
      leave(records[place].line, place)
      join(wanted, place)
    }
  }

  // MARK: Lines

  /// The records of a line, those that joined it first coming first.
  func forEach(in line: TaskLine, _ body: (Int, TaskRecord) -> Void) {
    var place = line.oldest
    while place != TaskRecord.noIndex {
      let record = records[Int(place)]
      body(Int(place), record)
      place = record.newer
    }
  }

  /// Takes records out of the waiting line: whether they still wait is no longer known.
  mutating func stopWaiting(where isDoubtful: (TaskRecord) -> Bool) {
    var places: [Int] = []
    forEach(in: waiting) { place, record in if isDoubtful(record) { places.append(place) } }
    for place in places { leave(.waiting, place) }
  }

  private mutating func join(_ line: TaskRecord.Line, _ place: Int) {
    switch line {
    case .none: break
    case .waiting: waiting.link(place, in: &records)
    case .running: running.link(place, in: &records)
    }
  }

  private mutating func leave(_ line: TaskRecord.Line, _ place: Int) {
    switch line {
    case .none: break
    case .waiting: waiting.unlink(place, in: &records)
    case .running: running.unlink(place, in: &records)
    }
  }

  // MARK: Table

  private func home(_ key: TaskKey) -> Int {
    Int(truncatingIfNeeded: hasher.hash(key.high, key.low)) & (slots.count - 1)
  }

  /// While those that run are the lesser part, passing over them costs one step a record on
  /// average.
  private mutating func placeToGive() -> Int {
    let steps = running.count <= records.count / 2 ? records.count : Self.patience
    for _ in 0..<steps {
      guard records[hand].line == .running else { break }
      hand = (hand + 1) % records.count
    }
    defer { hand = (hand + 1) % records.count }
    return hand
  }

  private mutating func insert(_ place: Int) {
    var slot = home(records[place].key)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = UInt32(place + 1)
  }

  /// Frees a record's slot and moves those behind it up, so that no search ends too early.
  private mutating func remove(_ place: Int) {
    let mask = slots.count - 1
    var free = home(records[place].key)
    while slots[free] != UInt32(place + 1) { free = (free + 1) & mask }
    var next = (free + 1) & mask
    while slots[next] != 0 {
      let wanted = home(records[Int(slots[next]) - 1].key)
      // Moved only where its own search passes the free slot.
      if (next - wanted) & mask >= (next - free) & mask {
        slots[free] = slots[next]
        free = next
      }
      next = (next + 1) & mask
    }
    slots[free] = 0
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    for place in 0..<(records.count - 1) { insert(place) }
  }
}
