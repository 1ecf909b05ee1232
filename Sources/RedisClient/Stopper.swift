import Synchronization

/// Ends what another thread is blocked in, whether it has a transport by now or not.
final class Stopper: Sendable {
  private struct State {
    var isStopped = false
    var transport: (any ByteTransport)?
  }

  private let state = Mutex(State())

  var isStopped: Bool { state.withLock { $0.isStopped } }

  /// From here on `stop` reaches this transport; at once where it was called before.
  func adopt(_ transport: any ByteTransport) {
    let isLate = state.withLock { state in
      state.transport = transport
      return state.isStopped
    }
    if isLate { transport.shutdown() }
  }

  func stop() {
    let transport = state.withLock { state in
      state.isStopped = true
      return state.transport
    }
    transport?.shutdown()
  }
}
