import TaskmonUnits

/// How long to wait before the next attempt: longer each time, never twice the same.
struct Backoff: Sendable {
  let range: ClosedRange<Seconds>

  /// After `failures` in a row, at least one: between the shortest wait and twice the one before,
  /// so that many clients do not come back in step.
  func delay(after failures: Int) -> Seconds {
    let shortest = range.lowerBound.value
    let factor = Double(1 << min(max(failures, 1), 20))
    let longest = min(range.upperBound.value, shortest * factor)
    return Seconds(Double.random(in: shortest...max(shortest, longest)))
  }
}
