import TaskmonModel
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// Histograms and the counts of the last ten minutes.
struct TallyTests {
  @Test("a time on a bound is within it, one beyond all is in the last")
  func buckets() {
    var histogram = FixedHistogram(bounds: HistogramBounds.standardRuntime)
    for time in [0.005, 0.0051, 10, 10.1, -3, .nan, .infinity] {
      histogram.observe(time, bounds: HistogramBounds.standardRuntime)
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

  @Test("percentiles come with their number and sum")
  func times() {
    var histogram = LogHistogram()
    #expect(histogram.times == nil)
    for time in [1.0, 1, 1, -5, .nan] { histogram.observe(time) }
    #expect(histogram.times?.count == 4)
    #expect(histogram.times?.sum == Seconds(3))
  }

  @Test("clocks before 1970, beyond all time and going back do no harm")
  func oddClocks() {
    var meter = Meter()
    for moment in [-1e300, 1e300, 0, 60, .nan] {
      let tick = Meter.tick(Timestamp(secondsSince1970: moment))
      meter.count(.failed, at: tick)
      _ = meter.lastTen(at: tick)
      _ = meter.lastMinute(at: tick)
      _ = Meter.starts(at: tick)
    }
    #expect(meter.totals == TaskCounts(failed: 5))
  }

  @Test("more classes of failures than there is room for are counted as other")
  func failures() {
    var meters = FailureMeters(limit: 2)
    for failure in 1...9 { meters.count(UInt16(failure), of: 3, isRetry: false, at: 60) }
    meters.count(1, of: 3, isRetry: true, at: 60)
    let found = meters.tallies(at: 60)[3]
    #expect(found?.total.failures == [1: 1, 2: 1, NameTable.other: 7])
    #expect(found?.recent.retries == [NameTable.other: 1])
    #expect(meters.tallies(at: 130)[3]?.recent.failures == [:])
    #expect(meters.tallies(at: 130)[3]?.total.failures.values.reduce(0, +) == 9)
  }
}
