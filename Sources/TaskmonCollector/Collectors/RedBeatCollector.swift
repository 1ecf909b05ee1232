import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Reads RedBeat's lock and schedule, and more rarely the entries themselves.
enum RedBeatCollector {
  static let name = "redbeat"

  struct State: Sendable, Equatable {
    /// Nil where this database has no RedBeat schedule.
    var facts: RedBeatFacts?
    /// Entry keys with the moment they are due; nil for those that never run again.
    var due: [RedisKey: Timestamp?]
  }

  /// `lock` is where the lock was found, where that is not its usual key.
  static func reading(
    layout: KeyLayout, lock key: RedisKey? = nil, limit: Int
  ) -> Reading<State> {
    Reading(
      commands: [
        .stringRange(key ?? layout.redBeatLock, from: 0, through: 255),
        .millisecondsToLive(key ?? layout.redBeatLock),
        .sortedSetCount(layout.redBeatSchedule),
        .sortedSetRange(layout.redBeatSchedule, from: 0, through: limit - 1),
      ]
    ) { (replies) throws(CollectionError) in
      let count = try replies.reply(2).integer(on: "RedBeat's schedule")
      let members = try replies.reply(3).elements(on: "RedBeat's schedule")
      let lock = try lock(token: replies.reply(0), timeToLive: replies.reply(1))
      guard count > 0 || lock != nil else { return State(facts: nil, due: [:]) }
      let due = due(members)
      return State(
        facts: RedBeatFacts(
          lock: lock, entryCount: count, nextDue: due.values.compactMap(\.self).min(),
          keyPrefix: layout.redBeatPrefix == KeyLayout.defaultRedBeatPrefix
            ? nil : layout.redBeatPrefix),
        due: due)
    }
  }

  private static func lock(
    token: RedisReply, timeToLive: RedisReply
  ) throws(CollectionError) -> BeatLock? {
    if let error = token.error { throw CollectionError(error, on: "RedBeat's lock") }
    guard let bytes = token.bytes, !bytes.isEmpty else { return nil }
    let milliseconds = try timeToLive.integer(on: "the time to live of RedBeat's lock")
    // It expired between the two commands; -1 is a lock without an expiry.
    guard milliseconds != -2 else { return nil }
    let holder = RedBeatToken(bytes)
    return BeatLock(
      token: String(decoding: bytes, as: UTF8.self),
      timeToLive: milliseconds >= 0 ? .milliseconds(Double(milliseconds)) : nil,
      holderSince: holder?.createdAt, holderNode: holder?.node)
  }

  private static func due(_ members: [RedisReply]) -> [RedisKey: Timestamp?] {
    var due: [RedisKey: Timestamp?] = [:]
    for index in stride(from: 0, to: members.count - 1, by: 2) {
      guard let key = members[index].bytes else { continue }
      due[RedisKey(bytes: key)] = .some(Timestamp(score: members[index + 1]))
    }
    return due
  }
}
