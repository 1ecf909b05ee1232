package import TaskmonUnits

/// One entry of RedBeat's schedule.
package struct RedBeatEntry: Sendable, Equatable {
  package var name: String
  package var task: String
  /// Without the outer brackets, comparable with messages and events.
  package var argumentsText: String
  package var keywordArgumentsText: String
  package var schedule: ScheduleValue
  package var isEnabled: Bool
  /// Nil before the first run, and where the time is in a named zone other than UTC.
  package var lastRun: Timestamp?
  /// Nil before the first run.
  package var runCount: Int?

  private static let limits = JSONLimits(depth: 64, values: 20_000, bytes: 1 << 20)

  /// Reads the two fields of the entry's hash; `meta` nil where it has none.
  ///
  /// A `meta` that cannot be read leaves the run unknown, not the entry.
  package init(definition: [UInt8], meta: [UInt8]?) throws(DecodeError) {
    let value = try JSONValue(decoding: definition, limits: Self.limits)
    guard let name = value["name"]?.string else { throw .missing("name") }
    guard let task = value["task"]?.string else { throw .missing("task") }
    guard let schedule = value["schedule"] else { throw .missing("schedule") }
    self.name = name
    self.task = task
    self.schedule = ScheduleValue(redBeat: schedule)
    argumentsText = PythonRepr.argumentsText(of: value["args"] ?? .null)
    keywordArgumentsText = PythonRepr.keywordArgumentsText(of: value["kwargs"] ?? .null)
    isEnabled = value["enabled"]?.bool ?? true
    guard let meta, let run = try? JSONValue(decoding: meta, limits: Self.limits) else { return }
    lastRun = run["last_run_at"].flatMap(Self.moment)
    runCount = run["total_run_count"]?.int
  }

  /// Reads `{"__type__": "datetime", "year": …, "timezone": …}`.
  private static func moment(_ value: JSONValue) -> Timestamp? {
    let names = ["year", "month", "day", "hour", "minute", "second", "microsecond"]
    let limits = [1...9999, 1...12, 1...31, 0...23, 0...59, 0...59, 0...999_999]
    var parts: [Int64] = []
    for (name, limit) in zip(names, limits) {
      guard let part = value[name]?.int ?? (parts.count > 2 ? 0 : nil), limit.contains(part)
      else { return nil }
      parts.append(Int64(part))
    }
    guard parts.count == 7, let offset = offset(value["timezone"] ?? "UTC") else { return nil }
    let seconds =
      Timestamp.days(year: parts[0], month: parts[1], day: parts[2]) * 86400 + parts[3] * 3600
      + parts[4] * 60 + parts[5]
    return Timestamp(secondsSince1970: Double(seconds) - offset + Double(parts[6]) / 1e6)
  }

  /// Seconds east of Greenwich: a number, or a name that means UTC.
  private static func offset(_ zone: JSONValue) -> Double? {
    if let seconds = zone.double { return abs(seconds) <= 86400 ? seconds : nil }
    return ["UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu"].contains(zone.string) ? 0 : nil
  }
}

/// The lock's token: a UUID of version 1, made when its holder began trying for the lock.
package struct RedBeatToken: Sendable, Hashable {
  package var createdAt: Timestamp
  /// The host's MAC address, twelve hex digits.
  package var node: String

  /// Nil for anything but a version 1 UUID in hex, with or without hyphens.
  package init?(_ text: [UInt8]) {
    let digits = text.filter { $0 != UInt8(ascii: "-") }
    let values = digits.compactMap(JSONCursor.hexValue)
    guard text.count <= 36, digits.count == 32, values.count == 32, values[12] == 1 else {
      return nil
    }
    let field = { (range: Range<Int>) in values[range].reduce(UInt64(0)) { $0 << 4 | UInt64($1) } }
    // 100 ns since the Gregorian calendar began: 60 bits, lowest part first.
    let ticks = field(13..<16) << 48 | field(8..<12) << 32 | field(0..<8)
    let sinceEpoch = Double(Int64(ticks) - 0x01B2_1DD2_1381_4000)
    createdAt = Timestamp(secondsSince1970: sinceEpoch / 1e7)
    node = String(decoding: digits[20...], as: UTF8.self)
  }
}
