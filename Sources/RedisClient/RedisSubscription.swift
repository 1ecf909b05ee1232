import Dispatch
import Synchronization
package import TaskmonUnits

/// Pattern subscriptions on a connection of their own, set up again for as long as it runs.
///
/// The patterns must not overlap: Redis delivers a message once per matching pattern. Others
/// are another subscription.
package final class RedisSubscription: Sendable {
  private let url: RedisURL
  private let time: TimeSource
  private let limits: RedisLimits
  private let patterns: [RedisKey]
  private let counter: RedisCostCounter
  private let queue = DispatchQueue(label: "taskmon.redis.subscription")

  package init(
    url: RedisURL, time: TimeSource, limits: RedisLimits = .standard, patterns: [RedisKey],
    cost: RedisCostCounter = RedisCostCounter()
  ) {
    self.url = url
    self.time = time
    self.limits = limits
    self.patterns = patterns
    counter = cost
  }

  package var cost: RedisCost { counter.value }

  /// Subscribes and delivers until the task is cancelled, and returns promptly then.
  ///
  /// `onMessages` is given messages where they lie: the bytes, the places in them and the time the
  /// last of them was received. The bytes are the read buffer and good only during the call. Both
  /// closures are called on the subscription's own thread, one at a time, and hold up the stream
  /// while they run. Each attempt that fails gives one `lost`.
  package func run(
    onMessages: @escaping @Sendable (Span<UInt8>, [MessagePlace], Timestamp) -> Void,
    onSignal: @escaping @Sendable (SubscriptionSignal) -> Void
  ) async {
    let stopper = Stopper()
    await withTaskCancellationHandler {
      var failures = 0
      while !stopper.isStopped {
        let began = time.uptime()
        await blocking { [self] in
          let error = follow(
            stopper,
            messages: { bytes, places, now in
              onMessages(bytes, places, now)
              return true
            },
            signal: { signal in
              onSignal(signal)
              return true
            })
          if let error, !stopper.isStopped { onSignal(.lost(error, at: time.now())) }
        }
        let lasted = time.uptime() - began
        failures = lasted > limits.backoff.upperBound ? 1 : failures + 1
        try? await time.sleep(Backoff(range: limits.backoff).delay(after: failures))
      }
    } onCancel: {
      stopper.stop()
    }
  }

  /// The channels on which something was published, matching a pattern, within a while.
  ///
  /// Ends after `duration`, or as soon as `messages` have been seen; nothing seen is an empty set.
  package static func channels(
    matching pattern: RedisKey, on url: RedisURL, time: TimeSource,
    limits: RedisLimits = .standard, for duration: Seconds, atMost messages: Int = 1000
  ) async throws(RedisError) -> Set<RedisKey> {
    let subscription = RedisSubscription(
      url: url, time: time, limits: limits, patterns: [pattern])
    let seen = Sightings(left: messages)
    let stopper = Stopper()
    let error = await withTaskCancellationHandler {
      await subscription.blocking {
        subscription.follow(
          stopper, until: Deadline(in: duration, on: time),
          messages: { bytes, places, _ in seen.add(places, bytes) }, signal: { _ in seen.wantsMore }
        )
      }
    } onCancel: {
      stopper.stop()
    }
    if let error { throw error }
    return seen.channels
  }

  private func blocking<Value: Sendable>(
    _ body: @escaping @Sendable () -> Value
  ) async -> Value {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: body()) }
    }
  }

  /// One connection's worth of signals; nil where `signal` wanted no more or the time was over.
  private func follow(
    _ stopper: Stopper, until end: Deadline? = nil, messages: MessageHandler,
    signal: (SubscriptionSignal) -> Bool
  ) -> RedisError? {
    do {
      let context = SessionContext(time: time, limits: limits, cost: counter)
      let session = try RedisSession.open(url, context, stopper)
      var stream = SubscriptionStream(session, patterns: patterns, limits: limits, time: time)
      try stream.follow(until: end, messages: messages, signal: signal)
      return nil
    } catch {
      return error
    }
  }
}

/// The channels a discovery has seen; at most as many as messages are left.
private final class Sightings: Sendable {
  private struct State {
    var left: Int
    var channels: Set<RedisKey> = []
  }

  private let state: Mutex<State>

  init(left: Int) { state = Mutex(State(left: left)) }

  var channels: Set<RedisKey> { state.withLock { $0.channels } }

  var wantsMore: Bool { state.withLock { $0.left > 0 } }

  /// Whether more is wanted.
  func add(_ places: [MessagePlace], _ bytes: Span<UInt8>) -> Bool {
    let channels = places.map { RedisKey(bytes: Array(copying: bytes.extracting($0.channel))) }
    return state.withLock { state in
      state.channels.formUnion(channels.prefix(max(0, state.left)))
      state.left -= channels.count
      return state.left > 0
    }
  }
}

extension [UInt8] {
  init(copying bytes: Span<UInt8>) {
    self = bytes.withUnsafeBufferPointer { Array($0) }
  }
}
