import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// Reads how many messages are unacknowledged, and when the oldest was delivered.
enum UnackedCollector {
  static let name = "unacked"

  static func reading(layout: KeyLayout) -> Reading<UnackedFacts> {
    Reading(
      commands: [
        .hashLength(layout.unacked),
        .sortedSetRange(layout.unackedIndex, from: 0, through: 0),
      ]
    ) { (replies) throws(CollectionError) in
      let count = try replies.reply(0).integer(on: "unacked messages")
      let oldest = try replies.reply(1).elements(on: "the index of unacked messages")
      return UnackedFacts(count: count, oldestDelivery: oldest.last.flatMap(Timestamp.init(score:)))
    }
  }
}

extension Timestamp {
  /// A sorted set's score that is a moment; nil for a negative one (RedBeat's “never again”).
  init?(score reply: RedisReply) {
    guard let bytes = reply.bytes, let value = Double(String(decoding: bytes, as: UTF8.self)),
      value.isFinite, value >= 0
    else { return nil }
    self.init(secondsSince1970: value)
  }
}
