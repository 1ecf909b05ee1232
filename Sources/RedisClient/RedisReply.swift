/// One reply of Redis, as RESP2 carries it.
package enum RedisReply: Sendable, Hashable {
  case status(String)
  case bytes([UInt8])
  case integer(Int64)
  case array([RedisReply])
  case null
  /// An error reply to one command: its code (`WRONGTYPE`, `NOPERM`, `OOM`) and its whole text.
  case error(RedisServerError)

  package var integer: Int? {
    guard case .integer(let value) = self else { return nil }
    return Int(exactly: value)
  }

  package var bytes: [UInt8]? {
    switch self {
    case .bytes(let bytes): bytes
    case .status(let text): Array(text.utf8)
    case .integer, .array, .null, .error: nil
    }
  }

  package var array: [RedisReply]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  package var error: RedisServerError? {
    guard case .error(let error) = self else { return nil }
    return error
  }
}

/// What Redis answered instead of a result.
package struct RedisServerError: Sendable, Hashable, CustomStringConvertible {
  package let message: String

  package init(message: String) { self.message = message }

  /// The first word: `WRONGTYPE`, `NOAUTH`, `NOPERM`, `OOM`, `LOADING`, `MOVED`, `ERR`.
  package var code: String { String(message.prefix { $0 != " " }) }
  package var description: String { message }

  /// A Redis that cannot save refuses PING like a write; and has answered it all the same.
  var isAnswerToPing: Bool { code == "MISCONF" }
}
