import TaskmonUnits

/// Keeps a scan to its share of Redis' time: after each step it rests in proportion.
struct ScanPace: Sendable {
  let time: TimeSource
  let share: Double
  /// On the clock that never jumps: where it is past the scan is cut short; nil where it may last.
  var deadline: Seconds?

  func begin() -> Seconds { time.uptime() }

  /// Rests for what the step took; false where the task was cancelled meanwhile or the time is up.
  func rest(since begun: Seconds) async -> Bool {
    if let deadline, time.uptime() >= deadline { return false }
    let busy = time.uptime() - begun
    do {
      try await time.sleep(min(busy * (1 / share - 1), Seconds(1)))
      return true
    } catch {
      return false
    }
  }
}
