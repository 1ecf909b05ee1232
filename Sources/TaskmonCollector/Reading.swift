import RedisClient

/// One question to Redis: which reads to send, and what their replies say.
///
/// Readings are joined, so that a poll is one round trip; decoding is pure, and a test feeds it
/// literal replies.
struct Reading<Part: Sendable>: Sendable {
  let commands: [ReadCommand]
  /// Gets exactly one reply per command, in order.
  let decode: @Sendable (ArraySlice<RedisReply>) throws(CollectionError) -> Part
}

/// Why a collector could not say: its own facts are unavailable, the others stay.
package struct CollectionError: Error, Sendable, Hashable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }

  /// An error reply to one of a collector's commands.
  init(_ error: RedisServerError, on subject: String) {
    switch error.code {
    case "NOPERM":
      self.init("\(subject): Redis does not permit it to this user (\(error.message))")
    case "WRONGTYPE":
      self.init("\(subject): the key holds another type than Celery puts there")
    default:
      self.init("\(subject): \(error.message)")
    }
  }
}

/// Takes replies from the front, one reading at a time.
struct ReplyCursor {
  private var rest: ArraySlice<RedisReply>

  init(_ replies: [RedisReply]) { rest = replies[...] }

  mutating func take<Part>(_ reading: Reading<Part>) -> Result<Part, CollectionError> {
    let count = reading.commands.count
    guard rest.count >= count else {
      return .failure(CollectionError("Redis sent fewer replies than it was asked for"))
    }
    let mine = rest.prefix(count)
    rest = rest.dropFirst(count)
    do {
      return .success(try reading.decode(mine))
    } catch {
      return .failure(error)
    }
  }
}

extension ArraySlice where Element == RedisReply {
  /// The reply at a position counted from the slice's own start.
  func reply(_ position: Int) -> RedisReply {
    let index = startIndex + position
    return index < endIndex ? self[index] : .null
  }
}

extension RedisReply {
  /// The integer, or why there is none.
  func integer(on subject: String) throws(CollectionError) -> Int {
    if let error { throw CollectionError(error, on: subject) }
    guard let integer else { throw CollectionError("\(subject): Redis answered no number") }
    return integer
  }

  /// The elements, or why there are none.
  func elements(on subject: String) throws(CollectionError) -> [RedisReply] {
    if let error { throw CollectionError(error, on: subject) }
    guard let array else { throw CollectionError("\(subject): Redis answered no list") }
    return array
  }
}
