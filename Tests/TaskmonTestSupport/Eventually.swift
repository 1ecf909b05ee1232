package import Testing

/// Waits for a condition and fails the test where it does not come true in time.
///
/// Asks every 10 ms; the deadline is only there for a test that fails.
package func eventually(
  within seconds: Double = 20, _ what: String = "condition",
  sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + .seconds(seconds)
  while try await !condition() {
    guard ContinuousClock.now < deadline else {
      Issue.record("\(what) not within \(seconds) s", sourceLocation: sourceLocation)
      throw SupportError("\(what) not within \(seconds) s")
    }
    try await Task.sleep(for: .milliseconds(10))
  }
}

/// Asks until there is a value, and fails the test where none comes in time.
package func eventuallyValue<Value>(
  within seconds: Double = 20, _ what: String = "value",
  sourceLocation: SourceLocation = #_sourceLocation,
  _ value: () async throws -> Value?
) async throws -> Value {
  var found: Value?
  try await eventually(within: seconds, what, sourceLocation: sourceLocation) {
    found = try await value()
    return found != nil
  }
  guard let found else { throw SupportError("\(what) not within \(seconds) s") }
  return found
}
