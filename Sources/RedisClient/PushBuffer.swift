/// What a subscribed connection sends, found in the memory it was read into and left there.
///
/// A subscription hears flat replies only: lines, strings, and lists of these. Knowing that, each
/// is found by its lengths, without a copy and without an allocation per message; a length is
/// checked against the limits before what it announces is waited for.
struct PushBuffer {
  /// One whole reply, with places in `bytes`; good until the next `fill`.
  enum Push: Equatable {
    case message(MessagePlace)
    case confirmed, pong, other
    case error(RedisServerError)
  }

  /// Much larger than a message, so that a flood needs few system calls.
  private static let standardSize = 1 << 18
  /// Memory beyond this is given back once it is empty.
  private static let keptSize = 1 << 20

  private let limits: RedisLimits
  private var memory: [UInt8]
  private var start = 0
  private var end = 0

  init(_ limits: RedisLimits, size: Int = standardSize) {
    self.limits = limits
    memory = [UInt8](repeating: 0, count: max(64, size))
  }

  /// All memory; only the places that `next` gave mean anything.
  func withBytes<Answer>(_ use: (Span<UInt8>) -> Answer) -> Answer { use(memory.span) }

  /// Makes room and lets `read` put bytes there; it says how many, at least one.
  mutating func fill(
    _ read: (UnsafeMutableRawBufferPointer) throws(SessionFailure) -> Int
  ) throws(SessionFailure) {
    try makeRoom()
    let place = end
    let count = try memory.withUnsafeMutableBufferPointer {
      (all) throws(SessionFailure) -> Int in
      try read(
        UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(all)[place...]))
    }
    end += min(max(0, count), memory.count - end)
  }

  /// The next whole reply; nil where more bytes must come first.
  mutating func next() throws(ReplyReader.Failure) -> Push? {
    guard start < end else { return nil }
    let reader = PushReader(limits, at: start, until: end)
    guard let (push, behind) = try reader.push(memory.span) else { return nil }
    start = behind
    return push
  }

  /// What is left moves to the front; where that leaves no room, the memory doubles.
  private mutating func makeRoom() throws(SessionFailure) {
    let left = end - start
    if left == 0, memory.count > Self.keptSize {
      memory = [UInt8](repeating: 0, count: Self.standardSize)
    } else if start > 0, left > 0 {
      let (from, to) = (start, end)
      memory.withUnsafeMutableBytes { all in
        all.copyMemory(from: UnsafeRawBufferPointer(rebasing: all[from..<to]))
      }
    }
    start = 0
    end = left
    guard end == memory.count else { return }
    // Pattern, channel and payload may each be as long as a string may be.
    guard memory.count / 3 <= limits.bulkBytes + 1024 else {
      throw .reply(.refused(.bulk(Int64(memory.count))))
    }
    memory += [UInt8](repeating: 0, count: memory.count)
  }
}

/// Where one published message lies in the bytes handed over with it.
package struct MessagePlace: Sendable, Hashable {
  package let channel: Range<Int>
  package let payload: Range<Int>

  package init(channel: Range<Int>, payload: Range<Int>) {
    self.channel = channel
    self.payload = payload
  }
}
