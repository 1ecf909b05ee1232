/// How units are written for people and read from them; one spelling for the whole program.
extension Seconds {
  /// Two units at most, for sentences: `0.4s`, `12s`, `14m 10s`, `2h 5m`, `3d 4h`.
  package var text: String { written(separator: " ") }

  /// The same without the space, for columns: `14m10s`, `2h5m`.
  package var compact: String { written(separator: "") }

  private func written(separator: String) -> String {
    guard value.isFinite else { return "?" }
    let sign = value < 0 ? "-" : ""
    let magnitude = abs(value)
    if magnitude < 9.95 && magnitude != magnitude.rounded() {
      return sign + Self.tenths(magnitude) + "s"
    }
    let total = Int64(min(magnitude.rounded(), 1e15))
    let units: [(Int64, String)] = [(86400, "d"), (3600, "h"), (60, "m"), (1, "s")]
    guard let largest = units.firstIndex(where: { total >= $0.0 }) else { return sign + "0s" }
    let first = "\(total / units[largest].0)\(units[largest].1)"
    guard largest + 1 < units.count else { return sign + first }
    let rest = (total % units[largest].0) / units[largest + 1].0
    return sign + (rest == 0 ? first : "\(first)\(separator)\(rest)\(units[largest + 1].1)")
  }

  private static func tenths(_ value: Double) -> String {
    let scaled = Int64((value * 10).rounded())
    return "\(scaled / 10).\(scaled % 10)"
  }

  /// Reads `500ms`, `10s`, `5m`, `2h`, `1d`, or a bare number of seconds; nil for anything else.
  package init?(text: String) {
    let units: [(String, Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)]
    for (suffix, factor) in units where text.hasSuffix(suffix) {
      guard let number = Double(text.dropLast(suffix.count)), number.isFinite, number >= 0 else {
        continue
      }
      self.init(number * factor)
      return
    }
    guard let number = Double(text), number.isFinite, number >= 0 else { return nil }
    self.init(number)
  }
}

extension ByteCount {
  /// Three significant digits in binary units: `512 B`, `3.4 MiB`, `212 MiB`.
  package var text: String {
    let (number, unit) = scaled(by: ["B", "KiB", "MiB", "GiB", "TiB", "PiB"])
    return "\(number) \(unit)"
  }

  /// The same in the fewest cells, for columns and the header: `512B`, `3.4M`, `2.0G`.
  package var compact: String {
    let (number, unit) = scaled(by: ["B", "K", "M", "G", "T", "P"])
    return number + unit
  }

  private func scaled(by units: [String]) -> (String, String) {
    var amount = Double(value)
    var unit = 0
    while amount >= 1023.5 && unit + 1 < units.count {
      amount /= 1024
      unit += 1
    }
    guard unit > 0, amount < 99.95 else { return ("\(Int64(amount.rounded()))", units[unit]) }
    let tenths = Int64((amount * 10).rounded())
    return ("\(tenths / 10).\(tenths % 10)", units[unit])
  }

  /// Reads `64KiB`, `1 MiB`, `2GiB`, `512B`, or a bare number of bytes; nil for anything else.
  package init?(text: String) {
    let units: [(String, Double)] = [
      ("KiB", 1024), ("MiB", 1_048_576), ("GiB", 1_073_741_824), ("B", 1),
    ]
    let found = units.first { text.hasSuffix($0.0) }
    var digits = found.map { text.dropLast($0.0.count) } ?? text[...]
    if found != nil, digits.last == " " { digits.removeLast() }
    guard let number = Double(digits), number.isFinite, number >= 0,
      number * (found?.1 ?? 1) < 9e18
    else { return nil }
    self.init(Int64(number * (found?.1 ?? 1)))
  }
}

extension Timestamp {
  /// UTC as documents write it: `2026-01-02T03:04:05.678Z`; whole seconds without the fraction.
  ///
  /// Timestamps come from others, who may write anything: what is no year of four digits becomes
  /// the nearest that is, so that a document stays readable by its readers.
  package var iso8601: String {
    let bounded = secondsSince1970.isNaN ? 0 : min(max(secondsSince1970, Self.first), Self.last)
    let milliseconds = Int64((bounded * 1000).rounded())
    let fraction = Self.floorMod(milliseconds, 1000)
    let seconds = (milliseconds - fraction) / 1000
    let (year, month, day) = Self.civil(days: Self.floorDiv(seconds, 86400))
    let time = Self.floorMod(seconds, 86400)
    let clock = [time / 3600, time / 60 % 60, time % 60].map { Self.padded($0, 2) }
    let date = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))"
    let tail = fraction == 0 ? "" : "." + Self.padded(fraction, 3)
    return "\(date)T\(clock.joined(separator: ":"))\(tail)Z"
  }

  /// `14:03:22` at the given distance from UTC, for a screen; `?` for no year of four digits.
  package func clockTime(utcOffset: Seconds) -> String {
    guard isWritable, (self + utcOffset).isWritable else { return "?" }
    let total = Int64((secondsSince1970 + utcOffset.value).rounded(.down))
    let time = Self.floorMod(total, 86400)
    return [time / 3600, time / 60 % 60, time % 60].map { Self.padded($0, 2) }
      .joined(separator: ":")
  }

  /// From the year 0000 to the last whole second of 9999.
  private static let first = -62_167_219_200.0
  private static let last = 253_402_300_799.0

  private var isWritable: Bool {
    (Self.first...Self.last).contains(secondsSince1970)
  }

  /// The proleptic Gregorian date of a day counted from 1970-01-01 (era arithmetic of 400 years).
  package static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = floorDiv(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  /// The day, counted from 1970-01-01, of a Gregorian date.
  package static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = floorDiv(shiftedYear, 400)
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  private static func floorDiv(_ value: Int64, _ divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
  }

  private static func floorMod(_ value: Int64, _ divisor: Int64) -> Int64 {
    value - floorDiv(value, divisor) * divisor
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

extension Int {
  /// With thousands separators, as the console and sentences write counts: `12,345`.
  package var grouped: String {
    let digits = String(magnitude)
    var out = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { out.append(",") }
      out.append(digit)
    }
    return (self < 0 ? "-" : "") + out
  }
}
