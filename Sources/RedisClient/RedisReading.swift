/// What a collector needs of a connection: several reads, one round trip.
package protocol RedisReading: Sendable {
  /// One reply per command, in order; an error reply to one command is a value in its place.
  ///
  /// Throws where the connection itself fails, and then no reply of the batch is known.
  func read(_ commands: [ReadCommand]) async throws(RedisError) -> [RedisReply]
}
