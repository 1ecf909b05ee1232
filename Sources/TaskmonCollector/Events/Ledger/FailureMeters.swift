import TaskmonModel
import TaskmonUnits

/// How often each task failed or was retried for each class of exception, in all and lately.
///
/// Bounded: once full, every new class of a task is counted under `other`.
struct FailureMeters: Sendable {
  private struct Key: Sendable, Hashable {
    var name: NameTable.Index
    var failure: NameTable.Index
    var isRetry: Bool
  }

  /// Failures and retries of one task, by the numbers of their classes.
  struct Tally: Sendable {
    var failures: [NameTable.Index: Int] = [:]
    var retries: [NameTable.Index: Int] = [:]
  }

  private var counts: [Key: WindowCount] = [:]
  private let limit: Int

  init(limit: Int) { self.limit = max(1, limit) }

  /// `tick` is a meter's.
  mutating func count(
    _ failure: NameTable.Index, of name: NameTable.Index, isRetry: Bool, at tick: Int64
  ) {
    var key = Key(name: name, failure: failure, isRetry: isRetry)
    if counts.count >= limit, counts[key] == nil { key.failure = NameTable.other }
    counts[key, default: WindowCount()].add(at: tick)
  }

  mutating func forgetRecent() {
    for key in counts.keys { counts[key]?.forgetRecent() }
  }

  /// By task; classes without a recent failure are in `total` only.
  func tallies(at tick: Int64) -> [NameTable.Index: (total: Tally, recent: Tally)] {
    let live = Meter.lastMinutes(at: tick)
    var found: [NameTable.Index: (total: Tally, recent: Tally)] = [:]
    for (key, count) in counts {
      let recent = count.recent(live)
      var entry = found[key.name] ?? (Tally(), Tally())
      entry.total.add(key.failure, key.isRetry, count.total)
      if recent > 0 { entry.recent.add(key.failure, key.isRetry, recent) }
      found[key.name] = entry
    }
    return found
  }
}

extension FailureMeters.Tally {
  fileprivate mutating func add(_ failure: NameTable.Index, _ isRetry: Bool, _ count: Int) {
    if isRetry {
      retries[failure, default: 0] += count
    } else {
      failures[failure, default: 0] += count
    }
  }
}
