import CeleryProtocol
import TaskmonUnits

/// The task queues followed: bounded, and forgotten when nobody names them any more.
///
/// Those that workers consume come before those that are only declared.
struct KnownQueues: Sendable {
  /// By name, so that those followed are always the same.
  private(set) var ordered: [QueueName] = []
  /// A name came that there was no room for, and room has not been made since.
  private(set) var isFull = false
  private var namedAt: [QueueName: Timestamp] = [:]
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// Somebody has declared or consumes these queues.
  mutating func name(_ names: some Sequence<QueueName>, at now: Timestamp) {
    let before = namedAt.count
    for name in names {
      guard namedAt[name] != nil || namedAt.count < limit else {
        isFull = true
        continue
      }
      namedAt[name] = now
    }
    if namedAt.count != before { order() }
  }

  /// Workers consume these: where there is no room, others that are only declared make it.
  mutating func consume(_ names: Set<QueueName>, at now: Timestamp) {
    let missing = names.count { namedAt[$0] == nil }
    let excess = missing - (limit - namedAt.count)
    if excess > 0 {
      let others = ordered.reversed().lazy.filter { !names.contains($0) }.prefix(excess)
      for name in Array(others) { namedAt[name] = nil }
      isFull = true
    }
    name(names, at: now)
  }

  /// Forgets those of `candidates` that nobody has named since.
  mutating func forget(_ candidates: some Sequence<QueueName>, unnamedSince limit: Timestamp) {
    let before = namedAt.count
    for name in candidates where namedAt[name].map({ $0 < limit }) == true { namedAt[name] = nil }
    guard namedAt.count != before else { return }
    isFull = false
    order()
  }

  private mutating func order() {
    ordered = namedAt.keys.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
  }
}
