package import TaskmonModel
package import TaskmonUnits

/// How a queue's length moves.
package enum QueueTrend {
  /// Shorter than this nothing is said.
  static let least = Seconds(10)
  /// The change is taken over about this long.
  static let span = Seconds(60)

  /// Messages per second gained (or lost) of late; nil where too little was seen.
  package static func perSecond(_ samples: [ReadySample]) -> Double? {
    guard let newest = samples.last else { return nil }
    let since = samples.last { newest.at - $0.at >= span } ?? samples.first
    guard let since, newest.at - since.at >= least else { return nil }
    return (Double(newest.ready) - Double(since.ready)) / (newest.at - since.at).value
  }

  /// `▲52/s`, `▼3/m`, or empty where nothing moves.
  package static func text(_ perSecond: Double) -> String {
    let amount = abs(perSecond)
    let sign = perSecond > 0 ? "▲" : "▼"
    if amount >= 0.95 { return "\(sign)\(whole(amount).grouped)/s" }
    let perMinute = whole(amount * 60)
    return perMinute > 0 ? "\(sign)\(perMinute)/m" : ""
  }

  /// Lengths over the last half hour in so many bars, the newest right; blank before the first
  /// sample.
  package static func spark(_ series: [Double?]) -> String {
    let most = series.compactMap(\.self).max() ?? 0
    return series.map { value -> String in
      guard let value else { return " " }
      guard most > 0, value > 0 else { return bars[0] }
      let level = 1 + Int((value / most * Double(bars.count - 2)).rounded())
      return bars[min(bars.count - 1, level)]
    }.joined()
  }

  /// The samples put into buckets of equal time that end at `now`; a bucket without one repeats
  /// the one before.
  package static func buckets(
    _ samples: [ReadySample], count: Int, now: Timestamp, window: Seconds
  ) -> [Double?] {
    var series: [Double?] = Array(repeating: nil, count: count)
    guard count > 0 else { return series }
    for sample in samples {
      let back = (now - sample.at) / (window / Double(count))
      guard back.isFinite, back >= 0, back < Double(count) else { continue }
      series[count - 1 - Int(back)] = Double(sample.ready)
    }
    for index in series.indices.dropFirst() where series[index] == nil {
      series[index] = series[index - 1]
    }
    return series
  }

  static let window = Seconds.minutes(30)
  private static let bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  private static func whole(_ value: Double) -> Int {
    value.isFinite ? Int(min(value.rounded(), 1e15)) : 0
  }
}
