import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// A chord as its counters in the result backend show it.
struct ChordLook: Sendable, Equatable {
  var groupID: String
  var size: Int
  var done: Int
  /// The id of one of its finished parts; nil where there is none.
  ///
  /// Celery before 5.7 keeps no list of them.
  var partID: String?
  var timeToLive: Seconds?
}

/// Reads the counters of chords: how many parts there are, how many were added, how many are done.
struct ChordReader: Sendable {
  let layout: KeyLayout

  /// Chords with parts outstanding; `keys` are those that hold a chord's size.
  func outstanding(
    _ keys: [RedisKey], _ redis: some RedisReading
  ) async throws(RedisError) -> [ChordLook] {
    let groups = keys.compactMap(layout.groupID(ofChordSizeKey:))
    guard !groups.isEmpty else { return [] }
    let replies = try await redis.read(
      groups.flatMap { group -> [ReadCommand] in
        [
          .stringRange(layout.chordSize(of: group), from: 0, through: Self.digits),
          .stringRange(layout.chordAdded(of: group), from: 0, through: Self.digits),
          .sortedSetCount(layout.chordDone(of: group)),
          .millisecondsToLive(layout.chordSize(of: group)),
        ]
      })
    var looks: [ChordLook] = []
    for (index, group) in groups.enumerated() {
      let look = look(at: group, replies[(index * 4)..<min(index * 4 + 4, replies.count)])
      if let look { looks.append(look) }
    }
    return try await withParts(looks.filter { $0.done < $0.size }, redis)
  }

  private static let digits = 19

  /// Nil for what is no chord, for one that has been called meanwhile, and for one whose parts are
  /// kept unordered: how many of those are done is not counted here.
  private func look(at group: String, _ replies: ArraySlice<RedisReply>) -> ChordLook? {
    guard let size = Self.number(replies.reply(0)), size > 0,
      let done = replies.reply(2).integer, let lifetime = replies.reply(3).integer, lifetime != -2
    else { return nil }
    let (all, isTooMuch) = size.addingReportingOverflow(Self.number(replies.reply(1)) ?? 0)
    return ChordLook(
      groupID: group, size: isTooMuch ? size : all, done: done,
      timeToLive: lifetime >= 0 ? .milliseconds(Double(lifetime)) : nil)
  }

  private static func number(_ reply: RedisReply) -> Int? {
    reply.bytes.flatMap { Int(String(decoding: $0, as: UTF8.self)) }
  }

  private func withParts(
    _ looks: [ChordLook], _ redis: some RedisReading
  ) async throws(RedisError) -> [ChordLook] {
    let begun = looks.indices.filter { looks[$0].done > 0 }
    guard !begun.isEmpty else { return looks }
    // What is counted as done holds whole results; the ids alone stand in a set of their own.
    let replies = try await redis.read(
      begun.map { index in
        .setScan(layout.chordParts(of: looks[index].groupID), cursor: ScanStep.start, count: 1)
      })
    var looks = looks
    for (index, reply) in zip(begun, replies) { looks[index].partID = Self.part(reply) }
    return looks
  }

  /// A part is `<task id>:<index>`.
  private static func part(_ reply: RedisReply) -> String? {
    guard let member = ScanStep(reply)?.elements.first,
      let colon = member.lastIndex(of: UInt8(ascii: ":"))
    else { return nil }
    return String(decoding: member[..<colon], as: UTF8.self)
  }
}

/// Since when each outstanding chord stands where it stands, from pass to pass.
struct ChordWatch: Sendable {
  private var known: [String: ChordFacts] = [:]

  /// Takes a complete pass in; `taskName` is what the event stream told of a part.
  mutating func absorb(
    _ looks: [ChordLook], at now: Timestamp, taskName: (String) -> String?
  ) {
    var seen: [String: ChordFacts] = [:]
    for look in looks {
      let before = known[look.groupID]
      let stands = before.map { $0.done == look.done && $0.size == look.size } ?? false
      seen[look.groupID] = ChordFacts(
        groupID: look.groupID, size: look.size, done: look.done,
        unchangedSince: stands ? before?.unchangedSince ?? now : now,
        task: look.partID.flatMap(taskName) ?? before?.task, timeToLive: look.timeToLive)
    }
    known = seen
  }

  /// The longest unchanged first.
  var facts: [ChordFacts] {
    known.values.sorted { ($0.unchangedSince, $0.groupID) < ($1.unchangedSince, $1.groupID) }
  }
}
