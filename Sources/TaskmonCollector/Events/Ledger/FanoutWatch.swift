import CeleryProtocol

/// Finds payloads that one publisher sends to several queues at once; bounded, by their hashes.
///
/// A table of a fixed number of places: where a payload finds no free one, the oldest of the few
/// it may lie in makes room.
struct FanoutWatch: Sendable {
  /// The queues a payload went to, in the order of their numbers.
  struct Route: Sendable, Hashable {
    var first: NameTable.Index
    var second: NameTable.Index
    var third: NameTable.Index

    init(_ one: NameTable.Index, _ two: NameTable.Index, _ three: NameTable.Index) {
      let sorted = [one, two, three].sorted()
      (first, second, third) = (sorted[0], sorted[1], sorted[2])
    }

    var queues: [NameTable.Index] { [first, second, third] }
  }

  /// A payload that went to three queues.
  struct Completed: Sendable {
    /// Of the first of its tasks.
    var name: NameTable.Index
    var route: Route
    var ids: [TaskKey]
    /// Whether one of its messages was seen.
    var isSeen = false
  }

  private struct Open: Sendable {
    var hash: UInt64 = 0
    var firstAt = -Double.infinity
    var ids = (TaskKey.zero, TaskKey.zero)
    var queues = (NameTable.unknown, NameTable.unknown)
    var name = NameTable.unknown
    var isDone = false

    func holds(_ queue: NameTable.Index) -> Bool { queues.0 == queue || queues.1 == queue }
  }

  /// All of its messages are published within this, in seconds.
  static let span = 2.0
  /// Arguments and keyword arguments together are at least so long, as they are printed.
  static let leastBytes = 64
  private static let tries = 4
  private static let keptCompleted = 64

  /// Made with the first payload.
  private var open: [Open] = []
  private let places: Int
  private(set) var completed: [Completed] = []
  private var next = 0

  /// `payloads` that are watched at a time, rounded up to a power of two.
  init(payloads: Int) {
    var places = Self.tries
    while places < min(payloads, 1 << 20) { places *= 2 }
    self.places = places
  }

  /// One message; gives the fan-out where it completes one.
  mutating func published(
    _ hash: UInt64, id: TaskKey, name: NameTable.Index, queue: NameTable.Index, at moment: Double
  ) -> Completed? {
    if open.isEmpty { open = [Open](repeating: Open(), count: places) }
    let place = place(of: hash, at: moment)
    guard open[place].hash == hash, abs(moment - open[place].firstAt) <= Self.span else {
      open[place] = Open(
        hash: hash, firstAt: moment, ids: (id, .zero), queues: (queue, NameTable.unknown),
        name: name)
      return nil
    }
    guard !open[place].isDone, !open[place].holds(queue) else { return nil }
    guard open[place].queues.1 != NameTable.unknown else {
      open[place].queues.1 = queue
      open[place].ids.1 = id
      return nil
    }
    open[place].isDone = true
    let found = open[place]
    let done = Completed(
      name: found.name, route: Route(found.queues.0, found.queues.1, queue),
      ids: [found.ids.0, found.ids.1, id])
    remember(done)
    return done
  }

  /// Where a payload lies, else where it may: the place used longest ago.
  private func place(of hash: UInt64, at moment: Double) -> Int {
    let first = Int(truncatingIfNeeded: hash)
    var oldest = first & (places - 1)
    for step in 0..<Self.tries {
      let place = (first &+ step) & (places - 1)
      if open[place].hash == hash { return place }
      if open[place].firstAt < open[oldest].firstAt { oldest = place }
    }
    return oldest
  }

  private mutating func remember(_ done: Completed) {
    if completed.count < Self.keptCompleted {
      completed.append(done)
    } else {
      completed[next] = done
    }
    next = (next + 1) % Self.keptCompleted
  }

  /// A message was seen; gives its fan-out the first time one of its messages is.
  mutating func saw(_ id: TaskKey) -> Completed? {
    for place in completed.indices where !completed[place].isSeen {
      guard completed[place].ids.contains(id) else { continue }
      completed[place].isSeen = true
      return completed[place]
    }
    return nil
  }

  /// Publishers' clocks need not go on where they were.
  mutating func forgetRecent() {
    open = []
    completed = []
    next = 0
  }
}
