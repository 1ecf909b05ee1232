package import TaskmonUnits

/// When an entry is due, as RedBeat's JSON or a worker's `conf` reply writes it.
package enum ScheduleValue: Sendable, Hashable {
  case interval(Seconds)
  /// Minute, hour, day of month, month of year, day of week.
  case crontab(String)
  /// Solar, rrule, weekday and what is not known, as text.
  case other(String)

  /// From RedBeat's `{"__type__": …}`.
  package init(redBeat value: JSONValue) {
    let type = value["__type__"]?.string
    if type == "interval", let every = value["every"]?.double, every.isFinite {
      self = .interval(Seconds(every))
    } else if type == "crontab", Self.fields.allSatisfy({ value[$0] != nil }) {
      self = .crontab(Self.fields.map { Self.field(value[$0] ?? .null) }.joined(separator: " "))
    } else {
      self = .other(Self.summary(of: value, type: type))
    }
  }

  /// From `conf.beat_schedule`: a number of seconds, a printed `timedelta`, or a schedule's repr.
  ///
  /// The repr of an interval is rounded by Celery to two decimals of its largest unit.
  package init(configuration value: JSONValue) {
    if let seconds = value.double, seconds.isFinite {
      self = .interval(Seconds(seconds))
      return
    }
    guard let text = value.string else {
      self = .other(PythonRepr.text(of: value))
      return
    }
    if let seconds = PythonDuration.seconds(text) ?? Self.frequency(text) {
      self = .interval(Seconds(seconds))
    } else {
      self = Self.crontab(repr: text).map(ScheduleValue.crontab) ?? .other(text)
    }
  }

  private static let fields = ["minute", "hour", "day_of_month", "month_of_year", "day_of_week"]

  /// `*/5`, a number, or several numbers.
  private static func field(_ value: JSONValue) -> String {
    if let text = value.string { return text }
    guard let parts = value.array else { return PythonRepr.text(of: value) }
    return parts.map(field).joined(separator: ",")
  }

  private static func summary(of value: JSONValue, type: String?) -> String {
    guard let type, let members = value.members else { return PythonRepr.text(of: value) }
    if type == "rrule", let rule = recurrence(value, members) { return rule }
    let parts = members.filter { $0.key != "__type__" && !$0.value.isNull }
      .map { "\($0.key)=\(PythonRepr.text(of: $0.value))" }
    return ([type] + parts).joined(separator: " ")
  }

  private static let frequencies = [
    "YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY",
  ]

  /// `rrule HOURLY interval=2 dtstart=…`, the frequency first; nil where it has none.
  ///
  /// The offsets of its moments are of the zone they were written in, and the moments are not.
  private static func recurrence(_ value: JSONValue, _ members: [JSONMember]) -> String? {
    guard let place = value["freq"]?.int, frequencies.indices.contains(place) else { return nil }
    let left: Set = ["__type__", "freq", "dtstart_tz", "until_tz"]
    let parts = members.compactMap { member -> String? in
      let isUsual = member.key == "interval" && member.value.int == 1
      guard !left.contains(member.key), !member.value.isNull, !isUsual else { return nil }
      let isMoment = ["dtstart", "until"].contains(member.key)
      let moment = isMoment ? member.value.double.map(Timestamp.init(secondsSince1970:)) : nil
      return "\(member.key)=\(moment?.iso8601 ?? PythonRepr.text(of: member.value))"
    }
    return (["rrule", frequencies[place]] + parts).joined(separator: " ")
  }

  /// Reads `<freq: 2.00 seconds>`.
  private static func frequency(_ text: String) -> Double? {
    guard text.hasPrefix("<freq: "), text.hasSuffix(">") else { return nil }
    let words = text.dropFirst(7).dropLast().split(separator: " ")
    guard words.count == 2, let count = Double(words[0]), count.isFinite else { return nil }
    let units = [("day", 86400.0), ("hour", 3600), ("minute", 60), ("second", 1)]
    return units.first { words[1] == $0.0 || words[1] == $0.0 + "s" }.map { count * $0.1 }
  }

  /// Reads `<crontab: * * * * * (m/h/dM/MY/d)>`; the legend tells the order, which has changed.
  private static func crontab(repr text: String) -> String? {
    guard text.hasPrefix("<crontab: "), text.hasSuffix(")>"),
      let bracket = text.lastIndex(of: "(")
    else { return nil }
    let legend = text[text.index(after: bracket)...].dropLast(2)
      .split(separator: "/").map(String.init)
    let values = words(text[..<bracket].dropFirst(10))
    guard legend.count == 5, values.count == 5 else { return nil }
    let ordered = ["m", "h", "dM", "MY", "d"].compactMap { label in
      legend.firstIndex(of: label).map { plain(values[$0]) }
    }
    return ordered.count == 5 ? ordered.joined(separator: " ") : nil
  }

  /// A list or set of numbers without brackets and spaces, as RedBeat's entries are shown.
  private static func plain(_ word: String) -> String {
    guard let first = word.first, "[{(".contains(first) else { return word }
    return word.filter { !"[]{}() ".contains($0) }
  }

  /// Splits at spaces, but not inside brackets.
  private static func words(_ text: Substring) -> [String] {
    var words = [""]
    var depth = 0
    for character in text {
      if "[{(".contains(character) { depth += 1 }
      if "]})".contains(character) { depth -= 1 }
      if character != " " {
        words[words.count - 1].append(character)
      } else if depth <= 0, words.last != "" {
        words.append("")
      }
    }
    return words.filter { !$0.isEmpty }
  }
}

/// A `timedelta` as Python prints it.
enum PythonDuration {
  /// Reads `0:00:30`, `1 day, 0:00:00` and `-1 day, 23:59:59.500000`; nil for anything else.
  static func seconds(_ text: String) -> Double? {
    var rest = text[...]
    var days = 0.0
    for mark in [" day, ", " days, "] {
      guard let (front, back) = split(rest, at: mark) else { continue }
      guard let count = Int(front) else { return nil }
      days = Double(count)
      rest = back
    }
    let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, let hours = Int(parts[0]), let minutes = Int(parts[1]),
      let seconds = Double(parts[2]), (0..<24).contains(hours), (0..<60).contains(minutes),
      seconds >= 0, seconds < 60
    else { return nil }
    return days * 86400 + Double(hours * 3600 + minutes * 60) + seconds
  }

  private static func split(
    _ text: Substring, at mark: String
  ) -> (Substring, Substring)? {
    let parts = text.split(separator: mark, omittingEmptySubsequences: false)
    return parts.count == 2 ? (parts[0], parts[1]) : nil
  }
}
