import RedisClient

/// What access rules must let us see.
extension KeyLayout {
  /// Glob patterns of every key that is ever read; what `SCAN` lists needs no right.
  package var readPatterns: [[UInt8]] {
    let everything = [UInt8(ascii: "*")]
    let broker = Self.globEscaped(globalPrefix) + everything
    guard broker != everything else { return [everything] }
    // A queue may have any name, so that all behind the broker's prefix is read; results and
    // RedBeat have prefixes of their own.
    let chords = Self.globEscaped(resultPrefix + "celery-taskset-meta-") + everything
    return [broker, resultMatch, chords, Self.globEscaped(redBeatPrefix) + everything]
  }

  /// Glob pattern of every list a queue can be: it may have any name.
  package var queuePattern: [UInt8] { Self.globEscaped(globalPrefix) + [UInt8(ascii: "*")] }

  /// The channel of control requests, for a rule that takes it for a glob.
  package var controlPattern: [UInt8] { Self.globEscaped(controlChannel.bytes) }
}
