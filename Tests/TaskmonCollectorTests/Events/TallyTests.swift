import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// Histograms and the counts of the last ten minutes.
struct TallyTests {
  @Test("a time on a bound is within it, one beyond all is in the last")
  func buckets() {
    var histogram = FixedHistogram(bounds: FixedHistogram.runtimeBounds)
    for time in [0.005, 0.0051, 10, 10.1, -3, .nan, .infinity] {
      histogram.observe(time, bounds: FixedHistogram.runtimeBounds)
    }
    #expect(histogram.counts == [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    #expect(histogram.count == 5)
    #expect(abs(histogram.sum.value - 20.1101) < 1e-9)
  }

  @Test(
    "a percentile is never too short and at most a quarter too long",
    arguments: [0.0005, 0.001, 0.0371, 1, 59.9, 600, 86_400, 1_000_000])
  func percentiles(_ time: Double) throws {
    var histogram = LogHistogram()
    #expect(histogram.quantile(0.99) == nil)
    for _ in 0..<99 { histogram.observe(time) }
    histogram.observe(time * 3)
    let found = try #require(histogram.quantile(0.99)).value
    #expect(found >= time && found <= max(0.001, time * 1.2501))
    #expect(try #require(histogram.quantile(1)).value >= time * 3)
  }

  @Test("what happened falls out after ten minutes, each minute by itself")
  func windows() {
    var recent = RecentCounts(limit: 10)
    let key = RecentCounts.Key(name: 3, what: .failed, failure: 4)
    let start = 1_795_334_880.0
    for minute in 0..<15 {
      recent.count(key, at: Timestamp(secondsSince1970: start + Double(minute) * 60))
    }
    let end = start + 14 * 60
    #expect(recent.totals(at: Timestamp(secondsSince1970: end)) == [key: 11])
    #expect(recent.totals(at: Timestamp(secondsSince1970: end + 4 * 60)) == [key: 7])
    #expect(recent.totals(at: Timestamp(secondsSince1970: end + 10 * 60)) == [key: 1])
    #expect(recent.totals(at: Timestamp(secondsSince1970: end + 11 * 60)) == [:])
    recent.count(key, at: Timestamp(secondsSince1970: end + 3600))
    #expect(recent.totals(at: Timestamp(secondsSince1970: end + 3600)) == [key: 1])
  }

  @Test("full windows make room only of what has been quiet")
  func bounds() {
    var recent = RecentCounts(limit: 2)
    let keys = (1...3).map { RecentCounts.Key(name: $0, what: .completed) }
    let now = Timestamp(secondsSince1970: 6_000_000)
    recent.count(keys[0], at: now)
    recent.count(keys[1], at: now + .minutes(5))
    recent.count(keys[2], at: now + .minutes(5))
    #expect(recent.dropped == 1)
    recent.count(keys[2], at: now + .minutes(12))
    #expect(recent.totals(at: now + .minutes(12)) == [keys[1]: 1, keys[2]: 1])
  }

  @Test("clocks before 1970 and beyond all time do no harm")
  func oddClocks() {
    var recent = RecentCounts(limit: 2)
    let key = RecentCounts.Key(name: 1, what: .completed)
    for moment in [-1e300, 1e300, 0, 60] {
      recent.count(key, at: Timestamp(secondsSince1970: moment))
      _ = recent.totals(at: Timestamp(secondsSince1970: moment))
    }
  }
}
