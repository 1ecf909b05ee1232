/// Tasks by id in bounded memory.
///
/// Where it is full, the oldest makes room; one that runs is passed over for as long as others can be
/// found. A look-up is one probe of an open table of numbers and one record; a record has
/// `bytesPerTask` bytes, the table included.
struct TaskBook: Sendable {
  /// Records that run are passed over this often for one that comes.
  private static let patience = 32

  private let limit: Int
  private let hasher: ByteHash
  private(set) var records: [CompactTask] = []
  /// Places of records plus one, by hash; 0 is free, as at least half of them are.
  private var slots = [UInt32](repeating: 0, count: 1024)
  /// Where the next record goes once all places are taken: the oldest.
  private var hand = 0
  private(set) var newestRun = CompactTask.noIndex
  private(set) var runs = 0
  /// Records that made room before their end was heard.
  private(set) var dropped = 0

  init(limit: Int, hasher: ByteHash) {
    self.limit = min(max(1, limit), 1 << 24)
    self.hasher = hasher
  }

  /// What one record takes at worst, its share of the table included.
  static var bytesPerTask: Int {
    MemoryLayout<CompactTask>.stride + 4 * MemoryLayout<UInt32>.stride
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
      records.append(CompactTask(key: key))
      if records.count * 2 > slots.count { grow() }
      insert(records.count - 1)
      return (records.count - 1, true, nil)
    }
    let place = placeToGive()
    let gone = records[place]
    if !gone.state.isEnd { dropped += 1 }
    if gone.isRunning { unlink(place) }
    remove(place)
    records[place] = CompactTask(key: key)
    insert(place)
    return (place, true, gone.key)
  }

  /// Changes a record and keeps the list of those that run.
  @inline(__always)
  mutating func change(_ place: Int, _ body: (inout CompactTask) -> Void) {
    let ran = records[place].isRunning
    body(&records[place])
    let runs = records[place].isRunning
    if runs, !ran { link(place) }
    if ran, !runs { unlink(place) }
  }

  // MARK: Running

  private mutating func link(_ place: Int) {
    records[place].olderRun = newestRun
    records[place].newerRun = CompactTask.noIndex
    if newestRun != CompactTask.noIndex { records[Int(newestRun)].newerRun = UInt32(place) }
    newestRun = UInt32(place)
    runs += 1
  }

  private mutating func unlink(_ place: Int) {
    let (older, newer) = (records[place].olderRun, records[place].newerRun)
    if older != CompactTask.noIndex { records[Int(older)].newerRun = newer }
    if newer != CompactTask.noIndex {
      records[Int(newer)].olderRun = older
    } else {
      newestRun = older
    }
    records[place].olderRun = CompactTask.noIndex
    records[place].newerRun = CompactTask.noIndex
    runs -= 1
  }

  // MARK: Table

  private func home(_ key: TaskKey) -> Int {
    Int(truncatingIfNeeded: hasher.hash(key.high, key.low)) & (slots.count - 1)
  }

  private mutating func placeToGive() -> Int {
    for _ in 0..<Self.patience {
      guard records[hand].isRunning else { break }
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
