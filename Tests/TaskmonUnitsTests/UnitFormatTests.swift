import TaskmonUnits
import Testing

@Suite("Units are written for people, and read from them")
struct UnitFormatTests {
  @Test(
    "a length of time has two units at most",
    arguments: [
      (0, "0s"), (0.04, "0.0s"), (0.4, "0.4s"), (9.94, "9.9s"), (9.95, "10s"), (12, "12s"),
      (59.4, "59s"),
      (59.6, "1m"), (60, "1m"), (61, "1m 1s"), (850, "14m 10s"), (3600, "1h"), (3659, "1h"),
      (7500, "2h 5m"), (86_400, "1d"), (273_600, "3d 4h"), (-90, "-1m 30s"), (-0.5, "-0.5s"),
      (.infinity, "?"), (-.infinity, "?"), (.nan, "?"), (1e300, "11574074074d 1h"),
    ])
  func lengths(_ value: Double, _ text: String) {
    #expect(Seconds(value).text == text)
    #expect(Seconds(value).compact == text.filter { $0 != " " })
  }

  @Test(
    "a length of time is read with its unit, a bare number is seconds",
    arguments: [
      ("500ms", 0.5), ("10s", 10), ("1.5s", 1.5), ("5m", 300), ("2h", 7200), ("1d", 86_400),
      ("42", 42), ("0", 0),
    ])
  func readsLengths(_ text: String, _ value: Double) {
    #expect(Seconds(text: text) == Seconds(value))
  }

  @Test(
    "what is no length of time is none",
    arguments: [
      "", "s", "m", "-1s", "-1", "nan", "inf", "infs", "nanm", "1 s", "1x", "1s1", "5M", "1m30s",
    ])
  func refusesLengths(_ text: String) { #expect(Seconds(text: text) == nil) }

  @Test(
    "an amount of data has three digits at most, in binary units",
    arguments: [
      (0, "0 B"), (512, "512 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3_565_158, "3.4 MiB"),
      (104_752_742, "99.9 MiB"), (104_805_172, "100 MiB"), (222_298_112, "212 MiB"),
      (1_073_217_536, "1.0 GiB"), (1 << 31, "2.0 GiB"), (.max, "8192 PiB"), (-5, "0 B"),
    ] as [(Int64, String)])
  func amounts(_ value: Int64, _ text: String) {
    #expect(ByteCount(value).text == text)
    #expect(ByteCount(value).compact == text.filter { $0 != " " }.replacing("iB", with: ""))
  }

  @Test(
    "an amount of data is read with its unit, a bare number is bytes",
    arguments: [
      ("0", 0), ("12", 12), ("512B", 512), ("64KiB", 65_536), ("1MiB", 1 << 20), ("2GiB", 2 << 30),
      ("1.5KiB", 1536),
    ] as [(String, Int64)])
  func readsAmounts(_ text: String, _ value: Int64) {
    #expect(ByteCount(text: text) == ByteCount(value))
  }

  @Test(
    "what is no amount of data is none",
    arguments: [
      "", "B", "KiB", "-1", "-1KiB", "nan", "infB", "1KB", "9e18", "9e18GiB", "1  MiB", "1TiB",
    ])
  func refusesAmounts(_ text: String) { #expect(ByteCount(text: text) == nil) }

  @Test(
    "a moment is written in UTC, with milliseconds where it has some",
    arguments: [
      (0, "1970-01-01T00:00:00Z"), (1_767_323_045.678, "2026-01-02T03:04:05.678Z"),
      (1_767_323_045, "2026-01-02T03:04:05Z"), (951_782_400, "2000-02-29T00:00:00Z"),
      (1_767_225_599.9996, "2026-01-01T00:00:00Z"), (-0.001, "1969-12-31T23:59:59.999Z"),
      (253_402_300_799, "9999-12-31T23:59:59Z"), (0.005, "1970-01-01T00:00:00.005Z"),
    ])
  func moments(_ value: Double, _ text: String) {
    #expect(Timestamp(secondsSince1970: value).iso8601 == text)
  }

  @Test(
    "a time of day follows the distance from UTC, across midnight too",
    arguments: [
      (1_767_323_045.9, 0, "03:04:05"), (1_767_323_045, 3600, "04:04:05"),
      (1_767_323_045, -14_400, "23:04:05"), (-1, 0, "23:59:59"),
    ])
  func clockTimes(_ value: Double, _ offset: Double, _ text: String) {
    #expect(Timestamp(secondsSince1970: value).clockTime(utcOffset: Seconds(offset)) == text)
  }

  @Test(
    "a number that no calendar has is a date for documents, unknown on a screen, never a trap",
    arguments: [
      .nan, .infinity, -.infinity, 1e300, -1e300, 9.3e15,
    ] as [Double])
  func wildMoments(_ value: Double) {
    #expect(Timestamp(secondsSince1970: value).iso8601.wholeMatch(of: /\d{4}-.*Z/) != nil)
    #expect(Timestamp(secondsSince1970: value).clockTime(utcOffset: .zero) == "?")
  }

  @Test(
    "dates of the Gregorian calendar",
    arguments: [
      (0, 1970, 1, 1), (-1, 1969, 12, 31), (11_016, 2000, 2, 29), (11_017, 2000, 3, 1),
      (-25_509, 1900, 2, 28), (-25_508, 1900, 3, 1), (20_455, 2026, 1, 2), (-719_468, 0, 3, 1),
      (-719_469, 0, 2, 29),
    ] as [(Int64, Int64, Int64, Int64)])
  func civil(_ days: Int64, _ year: Int64, _ month: Int64, _ day: Int64) {
    #expect(Timestamp.civil(days: days) == (year, month, day))
    #expect(Timestamp.days(year: year, month: month, day: day) == days)
  }

  @Test("every day of eight hundred years comes back, and is the day after the day before")
  func everyDay() {
    var before = Timestamp.civil(days: -200_001)
    let wrong = (Int64(-200_000)...100_000).filter { days in
      let date = Timestamp.civil(days: days)
      defer { before = date }
      let isNextDay = date.day == before.day + 1 && date.month == before.month
      let isNextMonth = date.day == 1 && date.month == before.month % 12 + 1
      return !(isNextDay || isNextMonth)
        || Timestamp.days(year: date.year, month: date.month, day: date.day) != days
    }
    #expect(wrong == [])
  }

  @Test(
    "counts have separators of thousands",
    arguments: [
      (0, "0"), (999, "999"), (1000, "1,000"), (12_345, "12,345"), (-1_234_567, "-1,234,567"),
      (.min, "-9,223,372,036,854,775,808"),
    ])
  func counts(_ value: Int, _ text: String) { #expect(value.grouped == text) }
}

@Suite("Units calculate")
struct SecondsTests {
  @Test("lengths and moments add up")
  func arithmetic() {
    let noon = Timestamp(secondsSince1970: 43_200)
    #expect(noon + .hours(1) - noon == .minutes(60))
    #expect(noon - .days(1) < noon)
    #expect(.seconds(3) / .milliseconds(1500) == 2)
    #expect(Seconds(2) * 3 - Seconds(6) / 2 == Seconds(3))
  }

  @Test("an interval never ends before it starts, and is cut where told")
  func intervals() {
    let moments = (0...3).map { Timestamp(secondsSince1970: Double($0)) }
    #expect(Interval(from: moments[2], to: moments[1]).length == .zero)
    let interval = Interval(from: moments[1], to: moments[3])
    #expect(interval.contains(moments[1]) && interval.contains(moments[3]))
    #expect(!interval.contains(moments[0]))
    #expect(interval.after(moments[2]) == Interval(from: moments[2], to: moments[3]))
    #expect(interval.after(moments[0]) == interval)
    #expect(interval.after(moments[3]) == nil)
  }

  @Test("amounts of data are never negative and never trap")
  func byteCounts() {
    #expect(ByteCount(-1) == .zero)
    #expect(ByteCount.kibibytes(1) + .mebibytes(1) == ByteCount(1_049_600))
    #expect(ByteCount(Int64.max) + ByteCount(1) == ByteCount(Int64.max))
  }
}
