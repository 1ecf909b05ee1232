import TaskmonUnits

/// Keeps a scan to its share of Redis' time: after each step it rests in proportion.
struct ScanPace: Sendable {
  let time: TimeSource
  let share: Double

  func begin() -> Seconds { time.uptime() }

  /// Rests for what the step took; false where the task was cancelled meanwhile.
  func rest(since begun: Seconds) async -> Bool {
    let busy = time.uptime() - begun
    do {
      try await time.sleep(min(busy * (1 / share - 1), Seconds(1)))
      return true
    } catch {
      return false
    }
  }
}
