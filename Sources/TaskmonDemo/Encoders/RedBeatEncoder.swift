package import CeleryProtocol
package import TaskmonUnits

/// Writes RedBeat's schedule entries and the token of its lock.
package enum RedBeatEncoder {
  /// An entry that came from `beat_schedule`, with an interval.
  package struct Entry: Sendable, Equatable {
    package var name: String
    package var task: String
    package var arguments: [JSONValue]
    package var keywordArguments: [JSONMember]
    package var options: [JSONMember]
    package var every: Seconds

    package init(
      name: String, task: String, arguments: [JSONValue], keywordArguments: [JSONMember] = [],
      options: [JSONMember] = [], every: Seconds
    ) {
      self.name = name
      self.task = task
      self.arguments = arguments
      self.keywordArguments = keywordArguments
      self.options = options
      self.every = every
    }
  }

  package static func definition(_ entry: Entry) -> [UInt8] {
    JSONWriter.bytes(of: [
      "name": .string(entry.name), "task": .string(entry.task),
      "args": .array(entry.arguments), "kwargs": .object(entry.keywordArguments),
      "options": .object(entry.options),
      "schedule": [
        "__type__": "interval", "every": .double(entry.every.value), "relative": false,
      ],
      "enabled": true,
    ])
  }

  /// `runs` is nil before the first run, and then left out.
  package static func meta(lastRun moment: Timestamp, runs: Int?) -> [UInt8] {
    let parts = PythonTime.Parts(moment)
    let time: JSONValue = [
      "__type__": "datetime", "year": .integer(parts.year), "month": .integer(parts.month),
      "day": .integer(parts.day), "hour": .integer(parts.hour),
      "minute": .integer(parts.minute), "second": .integer(parts.second),
      "microsecond": .integer(parts.microsecond), "timezone": "UTC",
    ]
    var members = [JSONMember("last_run_at", time)]
    if let runs { members.append(JSONMember("total_run_count", .whole(runs))) }
    return JSONWriter.bytes(of: .object(members))
  }

  /// A UUID of version 1 in hex: made at `moment` on the host `node` (48 bits).
  package static func token(at moment: Timestamp, sequence: UInt16, node: UInt64) -> String {
    // Hundreds of nanoseconds since the Gregorian calendar began, 1582-10-15.
    let bounded = min(max(moment.secondsSince1970, 0), 1e11)
    let ticks = UInt64((bounded * 10_000_000).rounded()) &+ 0x01B2_1DD2_1381_4000
    return hexadecimal(ticks & 0xFFFF_FFFF, width: 8)
      + hexadecimal(ticks >> 32 & 0xFFFF, width: 4)
      + hexadecimal(ticks >> 48 & 0x0FFF | 0x1000, width: 4)
      + hexadecimal(UInt64(sequence) & 0x3FFF | 0x8000, width: 4)
      + hexadecimal(node & 0xFFFF_FFFF_FFFF, width: 12)
  }
}
