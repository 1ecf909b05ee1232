import Synchronization

/// What a piece of work came to, and the signal that ended it; set once, read after.
final class Outcome<Answer: Sendable>: Sendable {
  private struct State {
    var result: Result<Answer, any Error>?
    var signal: Int32?
  }

  private let state = Mutex(State())

  func set(_ result: Result<Answer, any Error>) { state.withLock { $0.result = result } }

  func note(signal: Int32) { state.withLock { $0.signal = signal } }

  var signal: Int32? { state.withLock { $0.signal } }

  func get() throws -> Answer {
    guard let result = state.withLock({ $0.result }) else { throw CancellationError() }
    return try result.get()
  }
}
