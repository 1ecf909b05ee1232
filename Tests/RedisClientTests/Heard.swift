import RedisClient
import TaskmonUnits

/// Everything a subscription says, in the order it said it.
enum Heard: Sendable, Hashable {
  case subscribed(at: Timestamp)
  case messages([SubscriptionMessage], at: Timestamp)
  case alive(at: Timestamp)
  case stalled(since: Timestamp, at: Timestamp)
  case lost(RedisError, at: Timestamp)

  var isAlive: Bool { if case .alive = self { true } else { false } }
  var isStall: Bool { if case .stalled = self { true } else { false } }
  var isMessage: Bool { if case .messages = self { true } else { false } }

  init(_ signal: SubscriptionSignal) {
    switch signal {
    case .subscribed(let moment): self = .subscribed(at: moment)
    case .alive(let moment): self = .alive(at: moment)
    case .stalled(let start, let moment): self = .stalled(since: start, at: moment)
    case .lost(let error, let moment): self = .lost(error, at: moment)
    }
  }
}

/// A copy of a published message.
struct SubscriptionMessage: Sendable, Hashable {
  let channel: [UInt8]
  let payload: [UInt8]

  init(channel: [UInt8], payload: [UInt8]) {
    self.channel = channel
    self.payload = payload
  }

  init(_ place: MessagePlace, _ bytes: Span<UInt8>) {
    channel = bytes.extracting(place.channel).withUnsafeBufferPointer { Array($0) }
    payload = bytes.extracting(place.payload).withUnsafeBufferPointer { Array($0) }
  }
}

extension RedisSubscription {
  /// Signals and messages to one listener.
  func hear(_ take: @escaping @Sendable (Heard) -> Void) async {
    await run(
      onMessages: { bytes, places, now in
        take(.messages(places.map { SubscriptionMessage($0, bytes) }, at: now))
      }, onSignal: { take(Heard($0)) })
  }
}
