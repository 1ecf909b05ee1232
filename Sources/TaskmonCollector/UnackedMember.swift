import CeleryProtocol
import RedisClient
import TaskmonUnits

/// A member of the index of unacknowledged messages: a delivery tag and its moment.
struct UnackedMember: Sendable {
  var tag: [UInt8]
  var deliveredAt: Timestamp?

  /// As a range of the index lists them, members and scores in turn.
  static func all(in pairs: [RedisReply]) -> [UnackedMember] {
    stride(from: 0, to: pairs.count - 1, by: 2).compactMap { index in
      pairs[index].bytes.map {
        UnackedMember(tag: $0, deliveredAt: Timestamp(score: pairs[index + 1]))
      }
    }
  }
}

extension UnackedEntry {
  /// Where it was taken from; empty where neither its routing key nor its exchange names a queue.
  func queue(_ isQueue: (String) -> Bool) -> String {
    if exchange.isEmpty || isQueue(routingKey) { return routingKey }
    return isQueue(exchange) ? exchange : ""
  }
}
