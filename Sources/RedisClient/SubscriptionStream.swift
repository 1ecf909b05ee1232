import TaskmonUnits

/// What to do with messages that came together: the bytes they lie in, where, and when they came.
///
/// The bytes are the read buffer itself: what is to be kept must be copied. Gives false where no
/// more is wanted.
typealias MessageHandler = (Span<UInt8>, [MessagePlace], Timestamp) -> Bool

/// What comes over one connection that is subscribed; blocking, for one thread.
struct SubscriptionStream {
  private let session: RedisSession
  private let patterns: [RedisKey]
  private let limits: RedisLimits
  private let time: TimeSource
  private var unconfirmed: Int
  private var waitsForPong = false
  private var buffer: PushBuffer
  private var held: [MessagePlace] = []

  init(_ session: RedisSession, patterns: [RedisKey], limits: RedisLimits, time: TimeSource) {
    self.session = session
    self.patterns = patterns
    self.limits = limits
    self.time = time
    unconfirmed = patterns.count
    buffer = PushBuffer(limits)
  }

  /// Reads until `signal` gives false, the time is over or the connection is lost.
  mutating func follow(
    until end: Deadline?, messages: MessageHandler, signal: (SubscriptionSignal) -> Bool
  ) throws(RedisError) {
    guard !patterns.isEmpty else {
      throw session.target.error(.other, "no pattern to subscribe to")
    }
    do {
      try session.send([ConnectionCommand.subscribe(patterns)], until: patience)
      while end?.isOver != true {
        guard try wait(until: end) else { continue }
        guard try deliver(messages, signal) else { return }
      }
    } catch {
      throw session.target.failure(error, waited: limits.subscriptionSilence)
    }
  }

  private var patience: Deadline { Deadline(in: limits.subscriptionSilence, on: time) }

  /// False where nothing came; asks for a sign of life then, and throws where none came to that.
  private mutating func wait(until end: Deadline?) throws(SessionFailure) -> Bool {
    do {
      let deadline = end?.orIn(limits.subscriptionSilence) ?? patience
      let session = session
      try buffer.fill { (memory) throws(SessionFailure) in
        try session.receive(into: memory, until: deadline)
      }
      return true
    } catch .transport(.timedOut) {
      guard end?.isOver != true else { return false }
      guard unconfirmed == 0, !waitsForPong else { throw .transport(.timedOut) }
      waitsForPong = true
      try session.send([ConnectionCommand.ping], until: patience)
      return false
    }
  }

  /// Everything whole among the bytes that have come; false where no more is wanted.
  private mutating func deliver(
    _ messages: MessageHandler, _ signal: (SubscriptionSignal) -> Bool
  ) throws(SessionFailure) -> Bool {
    let now = time.now()
    // Anything at all proves that the connection lives, but only the answer to a question is news.
    waitsForPong = false
    held.removeAll(keepingCapacity: true)
    while let push = try next() {
      switch push {
      case .confirmed:
        unconfirmed -= 1
        if unconfirmed == 0, !signal(.subscribed(at: now)) { return false }
      case .pong:
        if !signal(.alive(at: now)) { return false }
      // Before every pattern is confirmed, nothing has been promised.
      case .message(let place): if unconfirmed <= 0 { held.append(place) }
      case .error(let error): throw .server(error)
      case .other: break
      }
    }
    guard !held.isEmpty else { return true }
    return buffer.withBytes { messages($0, held, now) }
  }

  private mutating func next() throws(SessionFailure) -> PushBuffer.Push? {
    do { return try buffer.next() } catch { throw .reply(error) }
  }
}
