import TaskmonModel
import TaskmonUnits
import Testing

@Suite struct CrontabTests {
  private static func due(
    _ text: String, from start: String, to end: String, last limit: Int = 100
  ) throws -> [String] {
    let crontab = try #require(Crontab(text))
    let interval = Interval(
      from: try #require(moment(start)), to: try #require(moment(end)))
    return crontab.dueMoments(in: interval, last: limit).map { String($0.iso8601.dropLast(4)) }
  }

  /// `2026-01-02T03:04` in UTC.
  private static func moment(_ text: String) -> Timestamp? {
    let numbers = text.split { !$0.isNumber }.compactMap { Int64($0) }
    guard numbers.count == 5 else { return nil }
    let days = Timestamp.days(year: numbers[0], month: numbers[1], day: numbers[2])
    return Timestamp(
      secondsSince1970: Double(days * 86400 + numbers[3] * 3600 + numbers[4] * 60))
  }

  @Test(arguments: [
    ("*/20 9 * * *", ["2026-01-02T09:00", "2026-01-02T09:20", "2026-01-02T09:40"]),
    (
      "5,1-3 0 2 jan fri",
      ["2026-01-02T00:01", "2026-01-02T00:02", "2026-01-02T00:03", "2026-01-02T00:05"]
    ),
    ("0 22-1/2 * * *", ["2026-01-02T00:00", "2026-01-02T22:00"]),
    ("30 6 */2 * *", []), ("30 6 */2 * fri-sat", []), ("30 6 2 * sun,friday", ["2026-01-02T06:30"]),
    ("0 0 * * 5", ["2026-01-02T00:00"]), ("0 0 * * 4", []),
    ("0 0 * dec-jan *", ["2026-01-02T00:00"]),
  ])
  func fieldsAreReadAsCeleryReadsThem(_ text: String, _ wanted: [String]) throws {
    #expect(try Self.due(text, from: "2026-01-02 00:00", to: "2026-01-03 00:00") == wanted)
  }

  @Test func theStartIsInsideAndTheEndIsNot() throws {
    #expect(
      try Self.due("* * * * *", from: "2026-01-02 00:00", to: "2026-01-02 00:02")
        == ["2026-01-02T00:00", "2026-01-02T00:01"])
  }

  @Test func onlyTheLastMomentsAreGiven() throws {
    #expect(
      try Self.due("0 0 1 * *", from: "2020-01-01 00:00", to: "2026-03-31 00:00", last: 2)
        == ["2026-02-01T00:00", "2026-03-01T00:00"])
  }

  @Test func aScheduleThatNeverComesIsSearchedForAYearOnly() throws {
    #expect(
      try Self.due("0 0 31 2 *", from: "1970-01-01 00:00", to: "2026-01-01 00:00") == [])
  }

  @Test(arguments: [
    "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
    "* * * * 7", "*/0 * * * *", "*/x * * * *", "1- * * * *", "-1 * * * *", "1,,2 * * * *",
    "1/2/3 * * * *", "* * * foo *", "1-2-3 * * * *",
  ])
  func whatIsNoCrontabIsRefused(_ text: String) {
    #expect(Crontab(text) == nil)
  }

  @Test func momentsThatAreNoTimesGiveNothing() throws {
    let crontab = try #require(Crontab("* * * * *"))
    let infinite = Interval(
      from: Timestamp(secondsSince1970: 0), to: Timestamp(secondsSince1970: .infinity))
    #expect(crontab.dueMoments(in: infinite, last: 5).isEmpty)
  }
}
