import TaskmonUnits

/// What to do with messages that came together: the bytes they lie in, where, and when they came.
///
/// The bytes are the read buffer itself: what is to be kept must be copied. Gives false where no
/// more is wanted.
typealias MessageHandler = (Span<UInt8>, [MessagePlace], Timestamp) -> Bool

/// What comes over one connection that is subscribed; blocking, for one thread.
///
/// It is looked at every second even where nothing comes, so that a process which was stopped
/// meanwhile knows it, and asks whether it has read everything before it believes the silence.
struct SubscriptionStream {
  /// How long one look waits at most.
  private static let look = Seconds(1)

  private let session: RedisSession
  private let patterns: [RedisKey]
  private let limits: RedisLimits
  private let time: TimeSource
  private var unconfirmed: Int
  private var buffer: PushBuffer
  private var held: [MessagePlace] = []
  /// On the clock that never jumps: when it was last looked at, and last asked.
  private var lookedAt: Seconds
  private var askedAt: Seconds
  /// The first question since anything came; nil where none is open.
  private var openSince: Seconds?
  /// Answers that are still to come, and how many of them were asked for before a stall.
  private var owed = 0
  private var stale = 0

  init(_ session: RedisSession, patterns: [RedisKey], limits: RedisLimits, time: TimeSource) {
    self.session = session
    self.patterns = patterns
    self.limits = limits
    self.time = time
    unconfirmed = patterns.count
    buffer = PushBuffer(limits)
    lookedAt = time.uptime()
    askedAt = lookedAt
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
      openSince = time.uptime()
      while end?.isOver != true {
        let came = try wait(until: end)
        guard noticeStall(signal) else { return }
        if came {
          openSince = unconfirmed == 0 ? nil : openSince
          guard try deliver(messages, signal) else { return }
        }
        try ask()
      }
    } catch {
      throw session.target.failure(error, waited: limits.subscriptionSilence)
    }
  }

  private var patience: Deadline { Deadline(in: limits.subscriptionSilence, on: time) }

  /// False where nothing came.
  private mutating func wait(until end: Deadline?) throws(SessionFailure) -> Bool {
    do {
      let look = min(Self.look, limits.subscriptionSilence)
      let deadline = end?.orIn(look) ?? Deadline(in: look, on: time)
      let session = session
      try buffer.fill { (memory) throws(SessionFailure) in
        try session.receive(into: memory, until: deadline)
      }
      return true
    } catch .transport(.timedOut) {
      return false
    }
  }

  /// False where no more is wanted.
  private mutating func noticeStall(_ signal: (SubscriptionSignal) -> Bool) -> Bool {
    let now = time.uptime()
    let away = now - lookedAt
    lookedAt = now
    guard away > limits.subscriptionStall else { return true }
    // Nobody could have heard an answer meanwhile; one that did come is as old as the rest.
    openSince = unconfirmed == 0 ? nil : now
    stale = owed
    askedAt = now - limits.subscriptionSilence
    guard unconfirmed == 0 else { return true }
    let moment = time.now()
    return signal(.stalled(since: moment - away, at: moment))
  }

  /// Asks for a sign of life when it is time, and throws where none came to the last question.
  private mutating func ask() throws(SessionFailure) {
    let now = time.uptime()
    if let openSince, now - openSince >= limits.subscriptionSilence {
      throw .transport(.timedOut)
    }
    guard unconfirmed == 0, now - askedAt >= limits.subscriptionSilence else { return }
    askedAt = now
    owed += 1
    openSince = openSince ?? now
    try session.send([ConnectionCommand.ping], until: patience)
  }

  /// Everything whole among the bytes that have come; false where no more is wanted.
  private mutating func deliver(
    _ messages: MessageHandler, _ signal: (SubscriptionSignal) -> Bool
  ) throws(SessionFailure) -> Bool {
    let now = time.now()
    var isAlive = false
    held.removeAll(keepingCapacity: true)
    while let push = try next() {
      switch push {
      case .confirmed:
        unconfirmed -= 1
        if unconfirmed == 0 {
          openSince = nil
          if !signal(.subscribed(at: now)) { return false }
        }
      case .pong: isAlive = answered() || isAlive
      // Before every pattern is confirmed, nothing has been promised.
      case .message(let place): if unconfirmed <= 0 { held.append(place) }
      case .error(let error) where error.isAnswerToPing: isAlive = answered() || isAlive
      case .error(let error): throw .server(error)
      case .other: break
      }
    }
    let wantsMore = held.isEmpty || buffer.withBytes { messages($0, held, now) }
    guard wantsMore, isAlive else { return wantsMore }
    // Told behind the messages, for it says that none is left.
    return signal(.alive(at: now))
  }

  /// Whether an answer proves that everything before it has been read.
  private mutating func answered() -> Bool {
    owed = max(0, owed - 1)
    guard stale > 0 else { return true }
    stale -= 1
    return false
  }

  private mutating func next() throws(SessionFailure) -> PushBuffer.Push? {
    do { return try buffer.next() } catch { throw .reply(error) }
  }
}
