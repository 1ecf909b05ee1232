import RedisClient

/// One answer of SCAN, SSCAN or HSCAN: where to go on, and what was found.
struct ScanStep: Sendable {
  let cursor: [UInt8]
  let elements: [[UInt8]]

  /// Nil for anything that is no such answer.
  init?(_ reply: RedisReply) {
    guard let parts = reply.array, parts.count == 2, let cursor = parts[0].bytes,
      let elements = parts[1].array
    else { return nil }
    self.cursor = cursor
    self.elements = elements.compactMap(\.bytes)
  }

  var keys: [RedisKey] { elements.map { RedisKey(bytes: $0) } }
  var isLast: Bool { cursor == Self.start }

  static let start = Array("0".utf8)
}
