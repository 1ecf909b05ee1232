import TaskmonUnits

/// What comes over one connection that is subscribed; blocking, for one thread.
struct SubscriptionStream {
  private enum Item {
    case confirmed, pong, other
    case message(SubscriptionMessage)
    case error(RedisServerError)
  }

  private let session: RedisSession
  private let patterns: [RedisKey]
  private let limits: RedisLimits
  private let time: TimeSource
  private var unconfirmed: Int
  private var waitsForPong = false
  private var held: [SubscriptionMessage] = []

  init(_ session: RedisSession, patterns: [RedisKey], limits: RedisLimits, time: TimeSource) {
    self.session = session
    self.patterns = patterns
    self.limits = limits
    self.time = time
    unconfirmed = patterns.count
  }

  /// Reads until `signal` gives false, the time is over or the connection is lost.
  mutating func follow(
    until end: Deadline?, signal: (SubscriptionSignal) -> Bool
  ) throws(RedisError) {
    guard !patterns.isEmpty else {
      throw session.target.error(.other, "no pattern to subscribe to")
    }
    do {
      try session.send([ConnectionCommand.subscribe(patterns)], until: patience)
      while end?.isOver != true {
        guard try wait(until: end) else { continue }
        guard try deliver(signal) else { return }
      }
    } catch {
      throw session.target.failure(error, waited: limits.subscriptionSilence)
    }
  }

  private var patience: Deadline { Deadline(in: limits.subscriptionSilence, on: time) }

  /// False where nothing came; asks for a sign of life then, and throws where none came to that.
  private mutating func wait(until end: Deadline?) throws(SessionFailure) -> Bool {
    do {
      try session.fill(until: end?.orIn(limits.subscriptionSilence) ?? patience)
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
    _ signal: (SubscriptionSignal) -> Bool
  ) throws(SessionFailure) -> Bool {
    let now = time.now()
    // Anything at all proves that the connection lives, but only the answer to a question is news.
    waitsForPong = false
    while let item = try session.next({ Self.item($0) }) {
      switch item {
      case .confirmed:
        unconfirmed -= 1
        if unconfirmed == 0, !signal(.subscribed(at: now)) { return false }
      case .pong:
        if !signal(.alive(at: now)) { return false }
      case .message(let message): held.append(message)
      case .error(let error): throw .server(error)
      case .other: break
      }
    }
    guard unconfirmed <= 0, !held.isEmpty else { return true }
    let messages = held
    held.removeAll(keepingCapacity: true)
    return signal(.messages(messages, at: now))
  }

  private static func item(_ reply: ReplyReader.Raw) -> Item {
    if let error = RedisReply.serverError(reply) { return .error(error) }
    if reply.says("PONG") { return .pong }
    guard let kind = reply.element(0) else { return .other }
    if kind.says("pmessage"), let channel = reply.element(2), let payload = reply.element(3) {
      return .message(SubscriptionMessage(channel: channel.text, payload: payload.text))
    }
    if kind.says("psubscribe") { return .confirmed }
    return kind.says("pong") ? .pong : .other
  }
}
