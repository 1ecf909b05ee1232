import CeleryProtocol
package import RedisClient
import Synchronization
package import TaskmonUnits

/// The way of a flood of events: from the bytes of a subscription into the compact ledger.
///
/// One lock is taken for all messages that came together. What was not an event is counted.
package final class EventFlood: Sendable {
  struct State: Sendable {
    var scanner = EventScanner()
    var ledger: CompactLedger
    var messages = 0
    var undecodable = 0
  }

  /// What has come so far.
  package struct Tally: Sendable, Equatable {
    package var messages: Int
    package var events: Int
    package var undecodable: Int
    package var trackedTasks: Int
    package var runningTasks: Int
  }

  private let state: Mutex<State>

  init(limits: CompactLedger.Limits = CompactLedger.Limits()) {
    state = Mutex(State(ledger: CompactLedger(limits: limits)))
  }

  package convenience init(trackedTasks: Int) {
    var limits = CompactLedger.Limits()
    limits.tasks = trackedTasks
    self.init(limits: limits)
  }

  /// Looks at the state, or changes it, while no event is taken in.
  func with<Answer>(_ body: (inout sending State) -> sending Answer) -> sending Answer {
    state.withLock(body)
  }

  /// Takes in messages as `RedisSubscription` hands them over.
  package func take(_ bytes: Span<UInt8>, _ places: [MessagePlace], _ now: Timestamp) {
    state.withLock { state in
      state.messages += places.count
      for place in places {
        let payload = bytes.extracting(place.payload)
        if !Self.absorb(payload, now, &state.scanner, &state.ledger) { state.undecodable += 1 }
      }
    }
  }

  package var tally: Tally {
    state.withLock { state in
      Tally(
        messages: state.messages, events: state.ledger.received, undecodable: state.undecodable,
        trackedTasks: state.ledger.tasks.count, runningTasks: state.ledger.tasks.runs)
    }
  }

  /// False where the payload was not, or not to its end, what Celery publishes.
  private static func absorb(
    _ payload: Span<UInt8>, _ now: Timestamp, _ scanner: inout EventScanner,
    _ ledger: inout CompactLedger
  ) -> Bool {
    do {
      _ = try scanner.scan(payload) { ledger.absorb($0, in: $1, receivedAt: now) }
      return true
    } catch {
      return false
    }
  }
}
