package import TaskmonUnits

/// A moment on the clock that never jumps, after which waiting is over.
package struct Deadline: Sendable {
  private let moment: Seconds
  private let uptime: @Sendable () -> Seconds

  package init(in length: Seconds, on time: TimeSource) {
    uptime = time.uptime
    moment = time.uptime() + length
  }

  private init(moment: Seconds, uptime: @escaping @Sendable () -> Seconds) {
    self.moment = moment
    self.uptime = uptime
  }

  /// For what is done without waiting.
  static let past = Deadline(moment: .zero, uptime: { .zero })

  package var remaining: Seconds { max(.zero, moment - uptime()) }
  package var isOver: Bool { remaining == .zero }

  /// For poll(2): rounded up, so that waiting it out is really over.
  package var milliseconds: Int32 { Int32(min(remaining.value * 1000, 86_400_000).rounded(.up)) }

  /// This moment or `length` from now, whichever comes first.
  func orIn(_ length: Seconds) -> Deadline {
    Deadline(moment: min(moment, uptime() + length), uptime: uptime)
  }
}
