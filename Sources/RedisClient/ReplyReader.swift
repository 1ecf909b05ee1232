import CHiredis

/// Bytes in, replies out: hiredis' parser behind our own limits.
///
/// It owns the parser and every reply it takes out of it until that is converted.
final class ReplyReader {
  enum Failure: Error, Sendable, Hashable {
    case refused(ReplyGuard.Refusal)
    case malformed(String)
  }

  /// A reply as hiredis has it; valid only while it is being converted.
  typealias Raw = redisReply

  private let reader: UnsafeMutablePointer<redisReader>
  private var limits: ReplyGuard

  /// Nil where there is no memory for it.
  init?(_ limits: RedisLimits) {
    guard let reader = redisReaderCreate() else { return nil }
    self.reader = reader
    self.limits = ReplyGuard(limits)
  }

  deinit { redisReaderFree(reader) }

  func feed(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
    do { try limits.check(bytes) } catch { throw .refused(error) }
    let text = bytes.bindMemory(to: CChar.self)
    guard redisReaderFeed(reader, text.baseAddress, text.count) == REDIS_OK else {
      throw .malformed(message)
    }
  }

  /// The next whole reply, made into something while it still is hiredis'.
  func next<Value>(_ convert: (Raw) -> Value) throws(Failure) -> Value? {
    var found: UnsafeMutableRawPointer?
    guard redisReaderGetReply(reader, &found) == REDIS_OK else { throw .malformed(message) }
    guard let found else { return nil }
    defer { freeReplyObject(found) }
    return convert(found.assumingMemoryBound(to: redisReply.self).pointee)
  }

  private var message: String {
    withUnsafeBytes(of: reader.pointee.errstr) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}

extension redisReply {
  /// The bytes of a string, a status or an error; empty otherwise.
  var text: [UInt8] {
    guard let str else { return [] }
    return Array(UnsafeRawBufferPointer(start: str, count: Int(len)))
  }

  /// Whether it is a string, status or error of exactly these bytes.
  func says(_ word: StaticString) -> Bool {
    guard let str, Int(len) == word.utf8CodeUnitCount else { return false }
    return UnsafeRawBufferPointer(start: str, count: Int(len)).elementsEqual(
      UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
  }

  func element(_ index: Int) -> redisReply? {
    guard type == REDIS_REPLY_ARRAY, index < Int(elements) else { return nil }
    return element?[index]?.pointee
  }
}

extension RedisReply {
  /// Nil for any reply but an error.
  static func serverError(_ reply: redisReply) -> RedisServerError? {
    guard reply.type == REDIS_REPLY_ERROR else { return nil }
    return RedisServerError(message: String(decoding: reply.text, as: UTF8.self))
  }

  init(_ reply: redisReply) {
    switch reply.type {
    case REDIS_REPLY_STRING: self = .bytes(reply.text)
    case REDIS_REPLY_STATUS: self = .status(String(decoding: reply.text, as: UTF8.self))
    case REDIS_REPLY_INTEGER: self = .integer(reply.integer)
    case REDIS_REPLY_ERROR:
      self = .error(RedisServerError(message: String(decoding: reply.text, as: UTF8.self)))
    case REDIS_REPLY_ARRAY:
      self = .array(
        (0..<Int(reply.elements)).map { reply.element($0).map(RedisReply.init) ?? .null })
    default: self = .null
    }
  }
}
