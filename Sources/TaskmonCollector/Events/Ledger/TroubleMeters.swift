import CeleryProtocol

/// What happened to each task lately that says more than its outcome.
///
/// Bounded: where it is full, what has not happened within ten minutes makes room; where all has,
/// what is new is not counted.
struct TroubleMeters: Sendable {
  enum What: Sendable, Hashable {
    /// A first attempt failed for good with a transient error of this class.
    case transient(NameTable.Index)
    case loopFault(LoopFault)
    /// An attempt was started twice; the worker is the one that had begun it before.
    case duplicate(WorkerBook.Key)
    /// An attempt was started twice, after the first run had been given back.
    case handedBack
    /// An attempt that is not the first was received.
    case laterAttempt
    /// One payload was published to these queues at once.
    case fanout(FanoutWatch.Route)
    /// One of those messages was seen, and whether it is a part of a group.
    case fanoutSeen(FanoutWatch.Route, isPart: Bool)
  }

  struct Key: Sendable, Hashable {
    var name: NameTable.Index
    var what: What
  }

  private var counts: [Key: WindowCount] = [:]
  private let limit: Int
  /// The minute in which room was made last: there is none to be made before the next.
  private var sweptIn: Int64?
  private(set) var dropped = 0

  init(limit: Int) { self.limit = max(1, limit) }

  /// `tick` is a meter's.
  mutating func count(_ what: What, of name: NameTable.Index, at tick: Int64) {
    let key = Key(name: name, what: what)
    if counts.count >= limit, counts[key] == nil {
      makeRoom(at: tick)
      guard counts.count < limit else {
        dropped += 1
        return
      }
    }
    counts[key, default: WindowCount()].add(at: tick)
  }

  /// What has not happened lately goes.
  private mutating func makeRoom(at tick: Int64) {
    let minute = tick / Meter.ticksPerMinute
    guard sweptIn != minute else { return }
    sweptIn = minute
    let live = Meter.lastMinutes(at: tick)
    counts = counts.filter { $0.value.recent(live) > 0 }
  }

  mutating func forgetRecent() { counts = [:] }

  /// What happened within the last ten minutes, in no order.
  func recent(at tick: Int64) -> [(key: Key, count: Int)] {
    let live = Meter.lastMinutes(at: tick)
    return counts.compactMap { key, count in
      let recent = count.recent(live)
      return recent > 0 ? (key, recent) : nil
    }
  }

  /// The nodes it names.
  var nodes: [NameTable.Index] {
    counts.keys.compactMap { if case .duplicate(let worker) = $0.what { worker.node } else { nil } }
  }

  /// Nodes have other numbers now; each that it names has one of its own.
  mutating func renumber(_ new: (NameTable.Index) -> NameTable.Index) {
    counts = Dictionary(
      counts.map { key, count in
        guard case .duplicate(var worker) = key.what else { return (key, count) }
        worker.node = new(worker.node)
        return (Key(name: key.name, what: .duplicate(worker)), count)
      }, uniquingKeysWith: { first, _ in first })
  }
}
