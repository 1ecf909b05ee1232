import Synchronization

/// Something that happens once, whoever comes first.
final class Ending: Sendable {
  private let begun = Mutex(false)

  /// True for the first caller only.
  func begin() -> Bool {
    begun.withLock { done in
      defer { done = true }
      return !done
    }
  }
}
