import NIOCore
import Synchronization

/// The channel that accepts connections, so that it can be closed before the server is cancelled.
///
/// A server cancelled while connections it has accepted wait to be taken drops them, and NIO traps
/// on an asynchronous channel that was never used.
final class Listener: Sendable {
  private struct State {
    var channel: (any Channel)?
    var isStopped = false
  }

  /// How long the accepted may take to be taken: they wait for nothing but a thread.
  private static let patience = TimeAmount.milliseconds(100)

  private let state = Mutex(State())

  func began(_ channel: any Channel) {
    let isStopped = state.withLock { state in
      state.channel = channel
      return state.isStopped
    }
    if isStopped { channel.close(promise: nil) }
  }

  /// Accepts nothing more, lets the accepted be taken, then calls `cancel`.
  func stop(thenCancel cancel: @escaping @Sendable () -> Void) {
    let channel = state.withLock { state in
      state.isStopped = true
      return state.channel
    }
    guard let channel else { return cancel() }
    channel.close(promise: nil)
    channel.eventLoop.scheduleTask(in: Self.patience) { cancel() }
  }
}
