import TaskmonUnits

/// What can happen to a task, as it is counted.
enum TaskOutcome: Int, Sendable, CaseIterable {
  case sent, received, started, succeeded, failed, retried, rejected, revoked
  /// Revoked because its time was over; failed because its process was killed; started once too
  /// often; received again: each besides what it also is.
  case expired, workerLost, duplicate, redelivered
}

/// Whose counts these are; numbers of the ledger's name tables.
struct SeriesKey: Sendable, Hashable {
  var name: NameTable.Index
  /// The worker by its node name; for `sent` the host of who published.
  var node: NameTable.Index
  var queue: NameTable.Index
}

/// One run as a bucket remembers it.
struct RunExemplar: Sendable {
  var key: TaskKey
  /// In seconds.
  var time: Double
  /// Seconds since 1970 by the worker's clock; not a number where there is none.
  var at: Double

  static let none = RunExemplar(key: .zero, time: 0, at: .nan)
}

/// Counts and times of one task on one worker out of one queue.
struct Series: Sendable {
  fileprivate(set) var key: SeriesKey
  private var counts: InlineArray<12, UInt64> = .init(repeating: 0)
  var runtime: FixedHistogram
  var wait: FixedHistogram
  /// The latest run in each bucket of `runtime`; empty before the first.
  private(set) var exemplars: [RunExemplar] = []

  init(key: SeriesKey, _ bounds: HistogramBounds) {
    self.key = key
    runtime = FixedHistogram(bounds: bounds.runtime)
    wait = FixedHistogram(bounds: bounds.wait)
  }

  /// Counts a run that succeeded, with the task it shall be shown by.
  mutating func observe(_ run: RunExemplar, _ bounds: HistogramBounds) {
    guard let bucket = runtime.observe(run.time, bounds: bounds.runtime) else { return }
    if exemplars.isEmpty {
      exemplars = Array(repeating: RunExemplar.none, count: bounds.runtime.count + 1)
    }
    if bucket < exemplars.count { exemplars[bucket] = run }
  }

  subscript(outcome: TaskOutcome) -> UInt64 { counts[outcome.rawValue] }

  mutating func count(_ outcome: TaskOutcome) { counts[outcome.rawValue] &+= 1 }
}

/// All series, for good: a counter that has been shown never falls.
///
/// Bounded: what comes once it is full is counted under `other`.
struct SeriesTable: Sendable {
  private static let other = SeriesKey(
    name: NameTable.other, node: NameTable.other, queue: NameTable.other)

  private(set) var all: [Series]
  let bounds: HistogramBounds
  private var places: [SeriesKey: UInt32] = [:]
  private let limit: Int
  private(set) var dropped = 0
  /// Failures by series and class.
  private(set) var failures: [FailureKey: UInt64] = [:]

  struct FailureKey: Sendable, Hashable {
    var series: UInt32
    var failure: NameTable.Index
  }

  /// `limit` series besides `other`.
  init(limit: Int, bounds: HistogramBounds) {
    self.limit = max(1, limit) + 1
    self.bounds = bounds
    all = [Series(key: Self.other, bounds)]
  }

  /// The place of a key's series; `known`, where it is given, is tried first.
  mutating func place(of key: SeriesKey, known: UInt32) -> UInt32 {
    if Int(known) < all.count, all[Int(known)].key == key { return known }
    if let place = places[key] { return place }
    guard all.count < limit else {
      dropped += 1
      return 0
    }
    all.append(Series(key: key, bounds))
    let place = UInt32(all.count - 1)
    places[key] = place
    return place
  }

  @inline(__always)
  mutating func change(_ place: UInt32, _ body: (inout Series) -> Void) {
    guard Int(place) < all.count else { return }
    body(&all[Int(place)])
  }

  mutating func countFailure(_ failure: NameTable.Index, in series: UInt32) {
    var key = FailureKey(series: series, failure: failure)
    if failures[key] == nil, failures.count >= limit {
      key = FailureKey(series: 0, failure: NameTable.other)
    }
    failures[key, default: 0] &+= 1
  }

  /// Nodes have other numbers now; each that a series names has one of its own.
  mutating func renumber(_ new: (NameTable.Index) -> NameTable.Index) {
    for place in all.indices { all[place].key.node = new(all[place].key.node) }
    places = [:]
    for place in all.indices.dropFirst() { places[all[place].key] = UInt32(place) }
  }
}
