package import TaskmonUnits

/// A counter of somebody else's at one moment.
package struct CounterSample: Sendable, Hashable, Codable {
  package var at: Timestamp
  package var count: Int

  package init(at: Timestamp, count: Int) {
    self.at = at
    self.count = count
  }
}

extension [CounterSample] {
  /// How much the counter grew since `start`, or since the first sample where that is later.
  ///
  /// A counter that fell began anew at zero.
  package func growth(since start: Timestamp) -> Int {
    let begin = lastIndex { $0.at <= start } ?? 0
    guard begin < count else { return 0 }
    return zip(self[begin...], self[begin...].dropFirst()).reduce(0) { sum, pair in
      let isAnew = pair.1.count < pair.0.count
      return sum.addingClamped(isAnew ? pair.1.count : pair.1.count &- pair.0.count)
    }
  }

  /// Takes the next reading in; nil, where there is none, changes nothing but the window.
  ///
  /// Samples stand at least a window's share apart, but the newest is always the present, and one
  /// before a fall is kept. `limit` is at least 3.
  mutating func absorb(
    _ reading: Int?, at now: Timestamp, window: Seconds, limit: Int
  ) {
    removeAll { now - $0.at > window }
    guard let reading else { return }
    let gap = window / Double(limit - 2)
    if count >= 2, self[count - 1].at - self[count - 2].at < gap, reading >= self[count - 1].count {
      removeLast()
    }
    append(CounterSample(at: now, count: Swift.max(0, reading)))
    if count > limit { removeFirst(count - limit) }
  }
}

extension Int {
  /// The sum, or the largest number there is; negative amounts, which no counter has, add nothing.
  package func addingClamped(_ amount: Int) -> Int {
    let (sum, isTooMuch) = addingReportingOverflow(Swift.max(0, amount))
    return isTooMuch ? .max : sum
  }
}
