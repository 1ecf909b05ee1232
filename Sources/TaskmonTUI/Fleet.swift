package import TaskmonModel

/// What the workers amount to together.
package struct Fleet: Sendable, Equatable {
  package var up: Int
  /// All but those that said goodbye.
  package var known: Int
  /// Tasks running and slots over the workers that are up; nil where none of them tells.
  package var busy: Int?
  package var slots: Int?
  /// Some worker that is up does not tell, so the sum is a least.
  package var busyIsPartial: Bool
  package var slotsArePartial: Bool

  package init(_ workers: [WorkerFacts], _ context: ViewContext) {
    let up = workers.filter { WorkerState.of($0, context).isUp }
    self.up = up.count
    known = workers.count { WorkerState.of($0, context) != .offline }
    let active = up.compactMap { Fleet.busy($0) }
    let sizes = up.compactMap { $0.stats.value?.slots }
    busy = active.isEmpty && !up.isEmpty ? nil : active.reduce(0) { $0 &+ $1 }
    slots = sizes.isEmpty && !up.isEmpty ? nil : sizes.reduce(0) { $0 &+ $1 }
    busyIsPartial = active.count < up.count
    slotsArePartial = sizes.count < up.count
  }

  /// Tasks running on a worker, by its heartbeat or its `active` reply.
  package static func busy(_ worker: WorkerFacts) -> Int? {
    worker.active ?? worker.activeReply.value?.taskIDs.count
  }

  /// Workers that are up and not known to send task events.
  package static func quiet(_ context: ViewContext) -> [WorkerFacts] {
    context.snapshot.quietWorkers.filter { WorkerState.of($0, context).isUp }
  }

  /// `61/64`, `12+/?`: a plus marks a sum that some worker is missing from.
  package var load: String {
    "\(Self.text(busy, isPartial: busyIsPartial))/\(Self.text(slots, isPartial: slotsArePartial))"
  }

  private static func text(_ sum: Int?, isPartial: Bool) -> String {
    sum.map { "\($0)\(isPartial ? "+" : "")" } ?? "?"
  }
}

/// What may run without being known: on workers that are up, are not known to send task events, and
/// have not answered what they run.
struct UntoldRuns {
  let isEmpty: Bool
  /// What they have registered; nil where one of them has not told that either.
  private let tasks: Set<String>?

  init(_ context: ViewContext) {
    let untold = (context.snapshot.workers.value ?? []).filter { worker in
      worker.sendsTaskEvents != .value(true) && worker.activeReply.value == nil
        && WorkerState.of(worker, context).isUp
    }
    isEmpty = untold.isEmpty
    let registered = untold.map { $0.registered.value?.map(\.name) }
    tasks = registered.contains(nil) ? nil : Set(registered.compactMap(\.self).joined())
  }

  /// Whether a task of that name may be among them.
  func mayHold(_ task: String) -> Bool {
    guard !isEmpty, let tasks else { return !isEmpty }
    // No worker lists those that all of them have.
    return tasks.contains(task) || task == TaskFacts.unnamed || RegisteredTask.isBuiltIn(task)
  }
}

/// Who takes from a queue, as far as is known.
package enum QueueConsumers {
  /// The workers that are up and consume the queue; unavailable while any worker that is up has
  /// never told its queues.
  package static func of(
    _ queue: String, _ context: ViewContext
  ) -> Observation<[WorkerID]> {
    all(context).map { $0[queue] ?? [] }
  }

  /// The same for every queue that has any.
  package static func all(_ context: ViewContext) -> Observation<[String: [WorkerID]]> {
    context.snapshot.workers.flatMapped { workers in
      var consumers: [String: [WorkerID]] = [:]
      for worker in workers where WorkerState.of(worker, context).isUp {
        let told = worker.queues.value ?? context.history.workers[worker.id]?.queues
        guard let told else {
          return .unavailable("\(worker.id.name) has not told its queues")
        }
        for queue in Set(told) { consumers[queue, default: []].append(worker.id) }
      }
      return .value(consumers)
    }
  }
}

extension Observation {
  /// What the fact leads to, which may itself be unknown.
  package func flatMapped<Other: Sendable>(
    _ transform: (Value) -> Observation<Other>
  ) -> Observation<Other> {
    switch self {
    case .value(let value): transform(value)
    case .unavailable(let reason): .unavailable(reason)
    }
  }
}
