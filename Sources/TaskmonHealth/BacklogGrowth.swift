import TaskmonModel
import TaskmonUnits

/// How a queue's length went over a window, told from its samples.
struct BacklogGrowth {
  let start: ReadySample
  let end: ReadySample
  /// It rose in every part of the window; a burst that came at once did not.
  let isSteady: Bool

  /// A window is looked at in this many parts.
  static let parts = 5
  /// Parts that must have a sample, at least.
  static let fewest = 3
  /// Samples need not stand exactly a window apart.
  static let slack = 0.95

  /// Nil where the samples do not reach back over the window, or are too few.
  init?(_ samples: [ReadySample], window: Seconds, now: Timestamp) {
    let begin =
      samples.lastIndex { now - $0.at >= window }
      ?? samples.firstIndex { now - $0.at >= window * Self.slack }
    guard let begin, let last = samples.last else { return nil }
    let inside = samples[begin...]
    start = samples[begin]
    end = last
    let means = Self.means(of: inside, from: start.at, over: last.at - start.at)
    guard means.count >= Self.fewest else { return nil }
    isSteady = Self.rises(means)
  }

  var span: Seconds { end.at - start.at }

  /// The mean of each part that has samples, in order.
  private static func means(
    of samples: ArraySlice<ReadySample>, from start: Timestamp, over span: Seconds
  ) -> [Double] {
    guard span > .zero else { return [] }
    var sums = [(total: Double, count: Double)](repeating: (0, 0), count: parts)
    for sample in samples {
      let place = (sample.at - start) / span * Double(parts)
      let part = Int(min(max(0, place), Double(parts - 1)))
      sums[part].total += Double(sample.ready)
      sums[part].count += 1
    }
    return sums.filter { $0.count > 0 }.map { $0.total / $0.count }
  }

  /// Whether each step is at least a quarter of what it were if all were equal.
  private static func rises(_ means: [Double]) -> Bool {
    guard let first = means.first, let last = means.last, last > first else { return false }
    let least = (last - first) / Double(means.count - 1) / 4
    return zip(means, means.dropFirst()).allSatisfy { $1 - $0 >= least }
  }
}
