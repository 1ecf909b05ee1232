import Testing

/// Waits for a condition and fails the test where it does not come true in time.
///
/// Asks every 10 ms; the deadline is only there for a test that fails.
package func eventually(
  within seconds: Double = 20, _ what: String = "condition", fileID: String = #fileID,
  filePath: String = #filePath, line: Int = #line, column: Int = #column,
  _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + .seconds(seconds)
  while try await !condition() {
    guard ContinuousClock.now < deadline else {
      Issue.record(
        "\(what) not within \(seconds) s",
        sourceLocation: SourceLocation(
          fileID: fileID, filePath: filePath, line: line, column: column))
      throw SupportError("\(what) not within \(seconds) s")
    }
    try await Task.sleep(for: .milliseconds(10))
  }
}

/// Asks until there is a value, and fails the test where none comes in time.
package func eventuallyValue<Value>(
  within seconds: Double = 20, _ what: String = "value", fileID: String = #fileID,
  filePath: String = #filePath, line: Int = #line, column: Int = #column,
  _ value: () async throws -> Value?
) async throws -> Value {
  var found: Value?
  try await eventually(
    within: seconds, what, fileID: fileID, filePath: filePath, line: line, column: column
  ) {
    found = try await value()
    return found != nil
  }
  guard let found else { throw SupportError("\(what) not within \(seconds) s") }
  return found
}
