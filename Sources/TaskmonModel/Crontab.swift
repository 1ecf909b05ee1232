package import TaskmonUnits

/// A crontab schedule as Celery reads it: five fields, all of which must match, in UTC.
package struct Crontab: Sendable, Hashable {
  /// One bit per value.
  private let minutes: UInt64
  private let hours: UInt64
  private let daysOfMonth: UInt64
  private let months: UInt64
  /// Sunday is bit 0.
  private let daysOfWeek: UInt64

  /// Reads `minute hour day-of-month month day-of-week` with `*`, `*/n`, lists, ranges (also such
  /// that wrap, `fri-mon`), steps in ranges and English names; nil for anything else.
  package init?(_ text: String) {
    let fields = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
    guard fields.count == 5,
      let minutes = CrontabField(in: 0...59).bits(of: fields[0]),
      let hours = CrontabField(in: 0...23).bits(of: fields[1]),
      let daysOfMonth = CrontabField(in: 1...31).bits(of: fields[2]),
      let months = CrontabField(in: 1...12, names: Self.monthNames).bits(of: fields[3]),
      let daysOfWeek = CrontabField(in: 0...6, names: Self.dayNames).bits(of: fields[4])
    else { return nil }
    self.minutes = minutes
    self.hours = hours
    self.daysOfMonth = daysOfMonth
    self.months = months
    self.daysOfWeek = daysOfWeek
  }

  private static let monthNames = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]
  private static let dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]

  /// The last due moments at or after the start and before the end of an interval, oldest first.
  ///
  /// Looks back a year at most.
  package func dueMoments(in interval: Interval, last limit: Int) -> [Timestamp] {
    guard limit > 0, let first = Self.minute(interval.start, .up),
      let end = Self.minute(interval.end, .up), end > first
    else { return [] }
    var found: [Timestamp] = []
    let lastDay = (end - 1).floorDivided(by: 1440)
    let firstDay = max(first.floorDivided(by: 1440), lastDay - 366)
    var day = lastDay
    while day >= firstDay && found.count < limit {
      if matches(day: day) { collect(day, from: first, before: end, limit, into: &found) }
      day -= 1
    }
    return found.reversed()
  }

  private func collect(
    _ day: Int64, from first: Int64, before end: Int64, _ limit: Int,
    into found: inout [Timestamp]
  ) {
    for hour in stride(from: Int64(23), through: 0, by: -1) where Self.has(hours, hour) {
      for minute in stride(from: Int64(59), through: 0, by: -1) where Self.has(minutes, minute) {
        let moment = day * 1440 + hour * 60 + minute
        guard moment >= first, found.count < limit else { return }
        if moment < end { found.append(Timestamp(secondsSince1970: Double(moment * 60))) }
      }
    }
  }

  private func matches(day: Int64) -> Bool {
    let date = Timestamp.civil(days: day)
    // 1970-01-01 was a Thursday.
    let weekday = day + 4 - (day + 4).floorDivided(by: 7) * 7
    return Self.has(months, date.month) && Self.has(daysOfMonth, date.day)
      && Self.has(daysOfWeek, weekday)
  }

  private static func has(_ bits: UInt64, _ value: Int64) -> Bool {
    (0..<64).contains(value) && bits & (1 << UInt64(value)) != 0
  }

  private static func minute(
    _ moment: Timestamp, _ rule: FloatingPointRoundingRule
  ) -> Int64? {
    let minutes = (moment.secondsSince1970 / 60).rounded(rule)
    return abs(minutes) < 1e11 ? Int64(minutes) : nil
  }
}

extension Int64 {
  fileprivate func floorDivided(by divisor: Int64) -> Int64 {
    self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
  }
}

/// One field of a crontab: which values it may have, and their names from the lowest on.
private struct CrontabField {
  let range: ClosedRange<Int>
  let names: [String]

  init(in range: ClosedRange<Int>, names: [String] = []) {
    self.range = range
    self.names = names
  }

  func bits(of text: String) -> UInt64? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    guard !parts.isEmpty, parts.count <= 64 else { return nil }
    var bits: UInt64 = 0
    for part in parts {
      guard let values = values(of: part) else { return nil }
      for value in values { bits |= 1 << UInt64(value) }
    }
    return bits
  }

  private func values(of part: Substring) -> [Int]? {
    let halves = part.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(halves.count) else { return nil }
    guard let all = span(of: halves[0]) else { return nil }
    guard halves.count == 2 else { return all }
    guard let step = Int(halves[1]), step > 0 else { return nil }
    return all.enumerated().filter { $0.offset % step == 0 }.map(\.element)
  }

  private func span(of text: Substring) -> [Int]? {
    if text == "*" { return Array(range) }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    guard (1...2).contains(ends.count), let first = value(of: ends[0]) else { return nil }
    guard ends.count == 2 else { return [first] }
    guard let last = value(of: ends[1]) else { return nil }
    if first <= last { return Array(first...last) }
    return Array(first...range.upperBound) + Array(range.lowerBound...last)
  }

  private func value(of text: Substring) -> Int? {
    if let number = Int(text) { return range.contains(number) ? number : nil }
    let name = text.lowercased().prefix(3)
    guard let index = names.firstIndex(of: String(name)) else { return nil }
    return range.lowerBound + index
  }
}
