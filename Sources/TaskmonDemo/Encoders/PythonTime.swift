package import TaskmonUnits

/// Moments as Python's `datetime.isoformat` prints them.
package enum PythonTime {
  /// UTC with its offset: `2026-11-22T08:09:01.496505+00:00`.
  ///
  /// The fraction has six digits, or is left out where it is zero.
  package static func isoformat(_ moment: Timestamp) -> String {
    let parts = Parts(moment)
    let date = "\(digits(parts.year, 4))-\(digits(parts.month, 2))-\(digits(parts.day, 2))"
    let clock = [parts.hour, parts.minute, parts.second].map { digits($0, 2) }
      .joined(separator: ":")
    let fraction = parts.microsecond == 0 ? "" : ".\(digits(parts.microsecond, 6))"
    return "\(date)T\(clock)\(fraction)+00:00"
  }

  /// As `logging` writes it: `2026-11-22 08:09:01,496`, here of a machine that lives in UTC.
  static func logged(_ moment: Timestamp) -> String {
    let parts = Parts(moment)
    let date = "\(digits(parts.year, 4))-\(digits(parts.month, 2))-\(digits(parts.day, 2))"
    let clock = [parts.hour, parts.minute, parts.second].map { digits($0, 2) }
      .joined(separator: ":")
    return "\(date) \(clock),\(digits(parts.microsecond / 1000, 3))"
  }

  /// A moment taken apart in UTC, to the microsecond.
  struct Parts {
    let year, month, day, hour, minute, second, microsecond: Int64

    init(_ moment: Timestamp) {
      let bounded = min(max(moment.secondsSince1970, -6e10), 2e11)
      let total = Int64((bounded * 1_000_000).rounded(.toNearestOrEven))
      let (seconds, rest) = Parts.divided(total, by: 1_000_000)
      let (days, time) = Parts.divided(seconds, by: 86400)
      let date = Timestamp.civil(days: days)
      (year, month, day) = (date.year, date.month, date.day)
      (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60)
      microsecond = rest
    }

    /// Rounded down, so that the rest is never negative.
    private static func divided(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
      let rest = ((value % divisor) + divisor) % divisor
      return ((value - rest) / divisor, rest)
    }
  }

  private static func digits(_ value: Int64, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
