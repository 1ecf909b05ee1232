/// A length of time in seconds; negative where a moment lies the other way.
///
/// Its own type and not `Duration`, because it is written into snapshots and documents as one plain
/// number of seconds, and arithmetic with rates is floating point throughout.
package struct Seconds: Sendable, Hashable, Comparable, Codable {
  package var value: Double

  package init(_ value: Double) { self.value = value }

  package init(from decoder: any Decoder) throws {
    value = try decoder.singleValueContainer().decode(Double.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }

  package static let zero = Seconds(0)
  package static func seconds(_ value: Double) -> Seconds { Seconds(value) }
  package static func milliseconds(_ value: Double) -> Seconds { Seconds(value / 1000) }
  package static func minutes(_ value: Double) -> Seconds { Seconds(value * 60) }
  package static func hours(_ value: Double) -> Seconds { Seconds(value * 3600) }
  package static func days(_ value: Double) -> Seconds { Seconds(value * 86400) }

  package static func < (left: Seconds, right: Seconds) -> Bool { left.value < right.value }
  package static func + (left: Seconds, right: Seconds) -> Seconds {
    Seconds(left.value + right.value)
  }
  package static func - (left: Seconds, right: Seconds) -> Seconds {
    Seconds(left.value - right.value)
  }
  package static func * (left: Seconds, right: Double) -> Seconds { Seconds(left.value * right) }
  package static func / (left: Seconds, right: Double) -> Seconds { Seconds(left.value / right) }
  /// How many times `right` fits into `left`.
  package static func / (left: Seconds, right: Seconds) -> Double { left.value / right.value }
  package static func += (left: inout Seconds, right: Seconds) { left.value += right.value }
  package static func -= (left: inout Seconds, right: Seconds) { left.value -= right.value }

  /// For the APIs of the standard library that take a `Duration`.
  package var duration: Duration { .seconds(value) }
}

/// A moment: seconds since 1970-01-01T00:00:00Z, as Celery's events and Redis' `TIME` count.
package struct Timestamp: Sendable, Hashable, Comparable, Codable {
  package var secondsSince1970: Double

  package init(secondsSince1970: Double) { self.secondsSince1970 = secondsSince1970 }

  package init(from decoder: any Decoder) throws {
    secondsSince1970 = try decoder.singleValueContainer().decode(Double.self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(secondsSince1970)
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.secondsSince1970 < right.secondsSince1970
  }
  package static func - (left: Timestamp, right: Timestamp) -> Seconds {
    Seconds(left.secondsSince1970 - right.secondsSince1970)
  }
  package static func + (left: Timestamp, right: Seconds) -> Timestamp {
    Timestamp(secondsSince1970: left.secondsSince1970 + right.value)
  }
  package static func - (left: Timestamp, right: Seconds) -> Timestamp {
    Timestamp(secondsSince1970: left.secondsSince1970 - right.value)
  }
}

/// From one moment to another, both included; `end` is never before `start`.
package struct Interval: Sendable, Hashable, Codable {
  package var start: Timestamp
  package var end: Timestamp

  package init(from start: Timestamp, to end: Timestamp) {
    self.start = start
    self.end = max(start, end)
  }

  package var length: Seconds { end - start }

  package func contains(_ moment: Timestamp) -> Bool { start <= moment && moment <= end }

  /// The part of the interval at or after `moment`; nil where all of it lies before.
  package func after(_ moment: Timestamp) -> Interval? {
    guard end > moment else { return nil }
    return Interval(from: max(start, moment), to: end)
  }
}

/// An amount of memory or data in bytes; never negative.
package struct ByteCount: Sendable, Hashable, Comparable, Codable {
  package var value: Int64

  package init(_ value: Int64) { self.value = max(0, value) }
  package init(_ value: Int) { self.init(Int64(value)) }

  package init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(Int64.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }

  package static let zero = ByteCount(Int64(0))
  package static func kibibytes(_ value: Int) -> ByteCount { ByteCount(value * 1024) }
  package static func mebibytes(_ value: Int) -> ByteCount { ByteCount(value * 1024 * 1024) }

  package static func < (left: ByteCount, right: ByteCount) -> Bool { left.value < right.value }
  package static func + (left: ByteCount, right: ByteCount) -> ByteCount {
    let (sum, isTooMuch) = left.value.addingReportingOverflow(right.value)
    return ByteCount(isTooMuch ? Int64.max : sum)
  }
  package static func += (left: inout ByteCount, right: ByteCount) { left = left + right }
}
