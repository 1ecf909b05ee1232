import Synchronization
import TaskmonUnits

/// Keeps a scan to its share of Redis' time: after each step it rests in proportion.
struct ScanPace: Sendable {
  let time: TimeSource
  let share: Double
  let brake: ScanBrake
  /// On the clock that never jumps: where it is past the scan is cut short; nil where it may last.
  let deadline: Seconds?

  init(
    time: TimeSource, share: Double, brake: ScanBrake = ScanBrake(), deadline: Seconds? = nil
  ) {
    self.time = time
    self.share = share
    self.brake = brake
    self.deadline = deadline
  }

  func begin() -> Seconds { time.uptime() }

  /// Rests for what the step took; false where the task was cancelled meanwhile or the time is up.
  ///
  /// A step's time is that of its round trips, so that a slow way to Redis would make scans
  /// endless: no rest is longer than a second while what Redis itself counts is within bounds.
  func rest(since begun: Seconds) async -> Bool {
    if let deadline, time.uptime() >= deadline { return false }
    let busy = time.uptime() - begun
    let factor = brake.factor
    do {
      try await time.sleep(min(busy * (factor / share - 1), Seconds(1) * factor))
      return true
    } catch {
      return false
    }
  }
}

/// Slows all scans down while Redis counts more time for them than they may take.
final class ScanBrake: Sendable {
  private struct State {
    var factor = 1.0
    /// When it was last looked at.
    var lookedAt: Seconds?
  }

  private let state = Mutex(State())

  /// How much longer than usual each rest is: 1 to 64.
  var factor: Double { state.withLock { $0.factor } }

  private static let strongest = 64.0
  /// What a change does shows only after a while.
  private static let patience = Seconds(15)

  /// `measured` is the share of Redis' time that the scans took of late, `limit` what they may.
  func hold(_ measured: Double, below limit: Double, at now: Seconds) {
    state.withLock { state in
      if let lookedAt = state.lookedAt, now - lookedAt < Self.patience { return }
      state.lookedAt = now
      if measured > limit {
        state.factor = min(Self.strongest, state.factor * 2)
      } else if measured < limit / 4 {
        state.factor = max(1, state.factor / 2)
      }
    }
  }
}
