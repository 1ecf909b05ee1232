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
    /// On the clock that never jumps: when this process was last known to run, and when it was last
    /// found not to have run for a while; nil before `beat`, and before the first time.
    var beatAt: Seconds?
    var stalledAt: Seconds?
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
  /// Who beats every second and has not for so long was stopped, or starved.
  private static let stall = Seconds(4)

  private let state: Mutex<State>
  private let time: TimeSource

  package init(
    budget: CollectionBudget, time: TimeSource, bounds: HistogramBounds = HistogramBounds(),
    defaultQueue: String = "celery"
  ) {
    self.time = time
    state = Mutex(
      State(
        ledger: EventLedger(budget: budget, defaultQueue: defaultQueue, bounds: bounds),
        hearing: Hearing(limit: budget.heardIntervals)))
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
      lookAtClocks(in: &state)
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
      lookAtClocks(in: &state)
      state.hearing.alive(at: moment)
      for place in places {
        let payload = bytes.extracting(place.payload)
        if !Self.absorb(payload, moment, &state.scanner, &state.ledger) { state.undecodable += 1 }
      }
    }
  }

  func take(_ signal: SubscriptionSignal) {
    state.withLock { state in
      lookAtClocks(in: &state)
      switch signal {
      case .subscribed(let moment):
        state.hearing.connected(at: moment)
        state.ledger.streamResumed()
        state.listeningSince = state.listeningSince ?? moment
      case .alive(let moment): state.hearing.proven(at: moment)
      case .stalled(let start, let moment): state.hearing.stalled(since: start, at: moment)
      case .lost(_, let moment): state.hearing.lost(at: moment)
      }
      state.ledger.behindSince = state.hearing.behindSince
    }
  }

  // MARK: Whether we ran

  /// Says that this process runs; to be said every second from the first time on.
  func beat() {
    state.withLock { state in
      state.beatAt = state.beatAt ?? time.uptime()
      lookAtClocks(in: &state)
    }
  }

  /// Whether this process stood still since `moment` on the clock that never jumps, or has not read
  /// yet what came while it did.
  func isBehind(since moment: Seconds) -> Bool {
    state.withLock { state in
      lookAtClocks(in: &state)
      return state.hearing.behindSince != nil || state.stalledAt.map { $0 >= moment } ?? false
    }
  }

  private func lookAtClocks(in state: inout State) {
    noticeClockJump(in: &state)
    noticeStall(in: &state)
  }

  private func noticeStall(in state: inout State) {
    guard let before = state.beatAt else { return }
    let now = time.uptime()
    state.beatAt = now
    guard now - before > Self.stall else { return }
    state.stalledAt = now
    let moment = time.now()
    state.hearing.stalled(since: moment - (now - before), at: moment)
    state.ledger.behindSince = state.hearing.behindSince
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
