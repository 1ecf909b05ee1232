import CeleryProtocol
package import RedisClient
import Synchronization
import TaskmonModel
package import TaskmonUnits

/// Listens to the event channels and keeps the ledger; its state is read from other threads.
///
/// One lock is taken for all messages that came together. What was not an event is counted.
package final class EventTap: Sendable {
  struct State: Sendable {
    var scanner = EventScanner()
    var ledger: EventLedger
    var hearing: Hearing
    var undecodable = 0
    var pattern: RedisKey?
    /// When the channel was first heard; nil before.
    var listeningSince: Timestamp?
    /// The wall clock against the one that never jumps; nil before the first look.
    var epoch: Timestamp?
  }

  /// What a snapshot is made from.
  struct Excerpt: Sendable {
    var events = EventExcerpt()
    /// Nil before the channel was first heard.
    var tasks: TaskStatistics?
    var hearing: Hearing
    var undecodable = 0
    var pattern: RedisKey?
  }

  /// What has come so far.
  package struct Tally: Sendable, Equatable {
    package var events: Int
    package var undecodable: Int
    package var trackedTasks: Int
  }

  /// The wall clock drifts less than this between two looks, unless somebody sets it.
  private static let jump = Seconds(5)

  private let state: Mutex<State>
  private let time: TimeSource

  package init(budget: CollectionBudget, time: TimeSource) {
    self.time = time
    state = Mutex(
      State(
        ledger: EventLedger(budget: budget), hearing: Hearing(limit: budget.heardIntervals)))
  }

  /// Looks at the state, or changes it, while no event is taken in.
  func with<Answer>(_ body: (inout sending State) -> sending Answer) -> sending Answer {
    state.withLock(body)
  }

  package var tally: Tally {
    state.withLock { state in
      Tally(
        events: state.ledger.received, undecodable: state.undecodable,
        trackedTasks: state.ledger.tasks.count)
    }
  }

  /// What a snapshot needs, with the tasks named: the ledger stays where it is, so that taking
  /// events in never has to copy it.
  func excerpt(of ids: [String]) -> Excerpt {
    let now = time.now()
    return state.withLock { state in
      noticeClockJump(in: &state)
      return Excerpt(
        events: state.ledger.excerpt(of: ids, at: now),
        tasks: state.listeningSince.map {
          state.ledger.statistics(at: now, since: $0, heard: state.hearing.intervals)
        },
        hearing: state.hearing, undecodable: state.undecodable, pattern: state.pattern)
    }
  }

  /// Listens on one pattern until cancelled.
  package func run(_ subscription: RedisSubscription, pattern: RedisKey) async {
    state.withLock { $0.pattern = pattern }
    await subscription.run(
      onMessages: { [self] in take($0, $1, at: $2) }, onSignal: { [self] in take($0) })
    let now = time.now()
    state.withLock { state in
      state.hearing.lost(at: now)
      state.pattern = nil
    }
  }

  /// Takes in messages as `RedisSubscription` hands them over.
  package func take(_ bytes: Span<UInt8>, _ places: [MessagePlace], at moment: Timestamp) {
    state.withLock { state in
      noticeClockJump(in: &state)
      state.hearing.alive(at: moment)
      for place in places {
        let payload = bytes.extracting(place.payload)
        if !Self.absorb(payload, moment, &state.scanner, &state.ledger) { state.undecodable += 1 }
      }
    }
  }

  func take(_ signal: SubscriptionSignal) {
    state.withLock { state in
      noticeClockJump(in: &state)
      switch signal {
      case .subscribed(let moment):
        state.hearing.connected(at: moment)
        state.ledger.streamResumed()
        state.listeningSince = state.listeningSince ?? moment
      case .alive(let moment): state.hearing.alive(at: moment)
      case .lost(_, let moment): state.hearing.lost(at: moment)
      }
    }
  }

  /// False where the payload was not, or not to its end, what Celery publishes.
  private static func absorb(
    _ payload: Span<UInt8>, _ now: Timestamp, _ scanner: inout EventScanner,
    _ ledger: inout EventLedger
  ) -> Bool {
    do {
      _ = try scanner.scan(payload) { ledger.absorb($0, in: $1, receivedAt: now) }
      return true
    } catch {
      return false
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
    state.listeningSince = state.listeningSince.map { $0 + jumped }
  }
}
