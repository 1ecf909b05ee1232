import TaskmonUnits

/// How often things happened to each task within the last ten minutes, minute by minute.
///
/// Bounded: where it is full, what has been quiet for the whole time makes room.
struct RecentCounts: Sendable {
  /// What is counted; failures and retries by class.
  enum What: UInt8, Sendable {
    case completed, failed, retried, expired, workerLost
  }

  struct Key: Sendable, Hashable {
    var name: NameTable.Index
    var what: What
    /// 0xFFFF where nothing is said of a class.
    var failure = NameTable.Index.max
  }

  private struct Window: Sendable {
    var minute: Int64
    /// The count of each minute at its number modulo their number.
    var counts: InlineArray<11, UInt32> = .init(repeating: 0)

    mutating func advance(to now: Int64) {
      guard now > minute else { return }
      for step in 1...min(11, now - minute) { counts[Int((minute + step) % 11)] = 0 }
      minute = now
    }

    func total(at now: Int64) -> Int {
      guard now - minute < 11 else { return 0 }
      var total = 0
      // The eleventh, partly over, is the one that makes ten whole minutes.
      for minute in max(0, now - 10)...max(0, now) where minute <= self.minute {
        total += Int(counts[Int(minute % 11)])
      }
      return total
    }
  }

  private var windows: [Key: Window] = [:]
  private let limit: Int
  private(set) var dropped = 0

  init(limit: Int) { self.limit = max(1, limit) }

  mutating func count(_ key: Key, at moment: Timestamp) {
    let now = Self.minute(moment)
    if windows[key] == nil {
      if windows.count >= limit { windows = windows.filter { now - $0.value.minute < 11 } }
      guard windows.count < limit else {
        dropped += 1
        return
      }
      windows[key] = Window(minute: now)
    }
    windows[key]?.advance(to: now)
    windows[key]?.counts[Int(now % 11)] &+= 1
  }

  /// What happened from ten to eleven minutes ago until now; keys without any are left out.
  func totals(at moment: Timestamp) -> [Key: Int] {
    let now = Self.minute(moment)
    return windows.compactMapValues { window in
      let total = window.total(at: now)
      return total > 0 ? total : nil
    }
  }

  /// Never negative, and within what a count of minutes can be.
  private static func minute(_ moment: Timestamp) -> Int64 {
    Int64(min(max(0, moment.secondsSince1970 / 60), 1e12))
  }
}
