import Foundation
import Synchronization
package import TaskmonUnits

/// The real clock, for tests against real servers.
package enum SystemTime {
  package static let source = TimeSource(
    now: { Timestamp(secondsSince1970: Date().timeIntervalSince1970) },
    uptime: {
      var now = timespec()
      clock_gettime(CLOCK_MONOTONIC, &now)
      return Seconds(Double(now.tv_sec) + Double(now.tv_nsec) / 1e9)
    },
    sleep: { try await Task.sleep(for: $0.duration) })
}

/// A clock that stands still until the test moves it.
package final class ManualTime: Sendable {
  private struct Sleeper {
    let until: Seconds
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var now: Timestamp
    var uptime = Seconds.zero
    var sleepers: [Int: Sleeper] = [:]
    var cancelled: Set<Int> = []
    var nextID = 0
  }

  private let state: Mutex<State>

  package init(now: Timestamp = Timestamp(secondsSince1970: 1_767_323_045)) {
    state = Mutex(State(now: now))
  }

  /// How many tasks are waiting for time to pass.
  package var sleeping: Int { state.withLock { $0.sleepers.count } }

  package var now: Timestamp { state.withLock { $0.now } }

  /// Moves both clocks and wakes whoever has waited long enough.
  package func advance(by length: Seconds) {
    let woken = state.withLock { state in
      state.now = state.now + length
      state.uptime += length
      let due = state.sleepers.filter { $0.value.until <= state.uptime }
      for id in due.keys { state.sleepers[id] = nil }
      return due.values.map(\.continuation)
    }
    for continuation in woken { continuation.resume() }
  }

  package var source: TimeSource {
    TimeSource(
      now: { self.state.withLock { $0.now } }, uptime: { self.state.withLock { $0.uptime } },
      sleep: { try await self.sleep($0) })
  }

  private func sleep(_ length: Seconds) async throws {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let ready: Result<Void, any Error>? = state.withLock { state in
          if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
          guard length > .zero else { return .success(()) }
          state.sleepers[id] = Sleeper(until: state.uptime + length, continuation: continuation)
          return nil
        }
        if let ready { continuation.resume(with: ready) }
      }
    } onCancel: {
      let sleeper = state.withLock { state in
        if let sleeper = state.sleepers.removeValue(forKey: id) { return sleeper as Sleeper? }
        state.cancelled.insert(id)
        return nil
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }
}
