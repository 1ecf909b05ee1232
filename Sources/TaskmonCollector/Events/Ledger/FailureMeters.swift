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

  private struct Count: Sendable {
    var total = 0
    var minute: Int64 = 0
    /// The count of each minute at its number modulo eleven.
    var minutes: InlineArray<11, UInt32> = .init(repeating: 0)

    mutating func add(_ now: Int64) {
      if now > minute {
        for step in 1...min(11, now - minute) { minutes[Int((minute + step) % 11)] = 0 }
        minute = now
      }
      total += 1
      minutes[Int(minute % 11)] &+= 1
    }

    func recent(_ live: ClosedRange<Int64>) -> Int {
      live.reduce(0) { sum, minute in
        minute < 0 || minute > self.minute ? sum : sum + Int(minutes[Int(minute % 11)])
      }
    }
  }

  /// Failures and retries of one task, by the numbers of their classes.
  struct Tally: Sendable {
    var failures: [NameTable.Index: Int] = [:]
    var retries: [NameTable.Index: Int] = [:]
  }

  private var counts: [Key: Count] = [:]
  private let limit: Int

  init(limit: Int) { self.limit = max(1, limit) }

  /// `tick` is a meter's.
  mutating func count(
    _ failure: NameTable.Index, of name: NameTable.Index, isRetry: Bool, at tick: Int64
  ) {
    var key = Key(name: name, failure: failure, isRetry: isRetry)
    if counts.count >= limit, counts[key] == nil { key.failure = NameTable.other }
    counts[key, default: Count()].add(tick / Meter.ticksPerMinute)
  }

  mutating func forgetRecent() {
    counts = counts.mapValues { count in
      var fresh = Count()
      fresh.total = count.total
      return fresh
    }
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
