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
  package var lastRun: Timestamp?
  /// Nil before the first run.
  package var runCount: Int?

  /// Reads the two fields of the entry's hash; `meta` nil where it has none.
  package init(definition: [UInt8], meta: [UInt8]?) throws(DecodeError) {
    throw .missing("name")
  }
}

/// The lock's token: a UUID of version 1, made when its holder began trying for the lock.
package struct RedBeatToken: Sendable, Hashable {
  package var createdAt: Timestamp
  /// The host's MAC address, twelve hex digits.
  package var node: String

  /// Nil for anything but a version 1 UUID in hex, with or without hyphens.
  package init?(_ text: [UInt8]) { return nil }
}
