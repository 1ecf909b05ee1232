import CeleryProtocol
import RedisClient
import Synchronization
import TaskmonModel
import TaskmonUnits

/// Listens to the event channels and keeps the ledger; its state is read from other threads.
final class EventTap: Sendable {
  struct State: Sendable {
    var ledger: EventLedger
    var hearing: Hearing
    var undecodable = 0
    var pattern: RedisKey?
    var decoder = EventDecoder()
    /// The wall clock against the one that never jumps; nil before the first look.
    var epoch: Timestamp?
  }

  /// The wall clock drifts less than this between two looks, unless somebody sets it.
  private static let jump = Seconds(5)

  private let state: Mutex<State>
  private let time: TimeSource

  init(budget: CollectionBudget, time: TimeSource) {
    self.time = time
    state = Mutex(
      State(
        ledger: EventLedger(budget: budget), hearing: Hearing(limit: budget.heardIntervals)))
  }

  /// Looks at the state, or changes it, while no event is taken in.
  func with<Answer>(_ body: (inout sending State) -> sending Answer) -> sending Answer {
    state.withLock(body)
  }

  /// The state with no other tasks than those running and those named: the rest stays where it is,
  /// so that taking events in never has to copy it.
  func excerpt(of ids: [String]) -> State {
    state.withLock { state in
      noticeClockJump(in: &state)
      return State(
        ledger: state.ledger.excerpt(of: ids), hearing: state.hearing,
        undecodable: state.undecodable, pattern: state.pattern)
    }
  }

  /// Listens on one pattern until cancelled.
  func run(_ subscription: RedisSubscription, pattern: RedisKey) async {
    state.withLock { $0.pattern = pattern }
    await subscription.run { [self] signal in take(signal) }
    let now = time.now()
    state.withLock { state in
      state.hearing.lost(at: now)
      state.pattern = nil
    }
  }

  func take(_ signal: SubscriptionSignal) {
    state.withLock { state in
      noticeClockJump(in: &state)
      switch signal {
      case .subscribed(let moment):
        state.hearing.connected(at: moment)
        state.ledger.streamResumed()
      case .alive(let moment): state.hearing.alive(at: moment)
      case .lost(_, let moment): state.hearing.lost(at: moment)
      case .messages(let messages, let moment):
        state.hearing.alive(at: moment)
        for message in messages { Self.absorb(message, at: moment, into: &state) }
      }
    }
  }

  private static func absorb(
    _ message: SubscriptionMessage, at moment: Timestamp, into state: inout State
  ) {
    do {
      _ = try state.decoder.decode(message.payload) { event in
        state.ledger.absorb(event, receivedAt: moment)
      }
    } catch {
      state.undecodable += 1
    }
  }

  /// A clock that was set, or a machine that slept, would make everybody look silent.
  private func noticeClockJump(in state: inout State) {
    let now = time.now()
    let epoch = now - time.uptime()
    defer { state.epoch = epoch }
    guard let before = state.epoch else { return }
    let jumped = epoch - before
    guard abs(jumped.value) > Self.jump.value else { return }
    state.hearing.clockJumped(to: now)
    state.ledger.clockJumped(by: jumped)
  }
}
