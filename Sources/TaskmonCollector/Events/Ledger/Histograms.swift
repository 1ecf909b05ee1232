import TaskmonModel
import TaskmonUnits

/// Upper bounds of the buckets that are served, in seconds, ascending; one bucket more holds the
/// rest.
package struct HistogramBounds: Sendable, Equatable {
  /// Of `celery_task_runtime`.
  package var runtime: [Double]
  /// Of `celery_task_queue_wait_time`, from being ready to being started.
  package var wait: [Double]

  package static let standardRuntime: [Double] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
  ]
  package static let standardWait: [Double] = [
    0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800,
  ]

  package init(runtime: [Double] = standardRuntime, wait: [Double] = standardWait) {
    self.runtime = runtime
    self.wait = wait
  }
}

/// Observations in fixed buckets, counted each in its own; the exposition sums them up.
struct FixedHistogram: Sendable, Equatable {
  private(set) var counts: [UInt64]
  private(set) var sum = Seconds.zero

  init(bounds: [Double]) { counts = [UInt64](repeating: 0, count: bounds.count + 1) }

  var count: UInt64 { counts.reduce(0, &+) }

  /// `bounds` are the ones it was made with; a negative time, clocks being what they are, counts as
  /// 0.
  ///
  /// Gives the bucket it was counted in; nil for what is no time.
  @discardableResult
  mutating func observe(_ time: Double, bounds: [Double]) -> Int? {
    guard time.isFinite else { return nil }
    let time = max(0, time)
    let bucket = min(bounds.firstIndex { time <= $0 } ?? bounds.count, counts.count - 1)
    counts[bucket] &+= 1
    sum += Seconds(time)
    return bucket
  }
}

/// Observations in buckets that grow by a quarter of a power of two, from a millisecond to 48 days.
///
/// For percentiles of runs that take far longer than any fixed bucket.
struct LogHistogram: Sendable, Equatable {
  private static let quarters = 128
  private static let smallest = 0.001

  private var counts = [UInt32](repeating: 0, count: quarters)
  private(set) var count = 0
  private(set) var sum = Seconds.zero

  /// A negative time, clocks being what they are, counts as 0.
  mutating func observe(_ time: Double) {
    guard time.isFinite else { return }
    counts[Self.bucket(time)] &+= 1
    count += 1
    sum += Seconds(max(0, time))
  }

  /// Nil without any.
  var times: TaskTimes? {
    guard let p50 = quantile(0.5), let p95 = quantile(0.95), let p99 = quantile(0.99) else {
      return nil
    }
    return TaskTimes(count: count, sum: sum, p50: p50, p95: p95, p99: p99)
  }

  /// A time that `share` of all did not exceed, at most a quarter too long; nil without any.
  func quantile(_ share: Double) -> Seconds? {
    guard count > 0 else { return nil }
    let wanted = max(1, (share * Double(count)).rounded(.up))
    var seen = 0.0
    for (bucket, count) in counts.enumerated() {
      seen += Double(count)
      if seen >= wanted { return Seconds(Self.upperBound(bucket)) }
    }
    return Seconds(Self.upperBound(Self.quarters - 1))
  }

  /// Each power of two is cut in four equal parts.
  private static func bucket(_ time: Double) -> Int {
    let scaled = time / smallest
    guard scaled >= 1 else { return 0 }
    let power = Int(scaled.exponent)
    let part = Int((scaled.significand - 1) * 4)
    return min(quarters - 1, power * 4 + part + 1)
  }

  private static func upperBound(_ bucket: Int) -> Double {
    guard bucket > 0 else { return smallest }
    let (power, part) = ((bucket - 1) / 4, (bucket - 1) % 4)
    return smallest * Double(sign: .plus, exponent: power, significand: 1 + Double(part + 1) / 4)
  }
}
