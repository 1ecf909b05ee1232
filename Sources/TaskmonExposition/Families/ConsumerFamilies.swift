import TaskmonModel
import TaskmonUnits

/// Who consumes the queues.
///
/// A queue's numbers are of the living workers that have told their queues; zero is said only when
/// every one of them has.
package enum ConsumerFamilies: FamilyGroup {
  package static func families(of input: ExpositionInput) -> [MetricFamily] {
    let queues = WorkerStates(input).map { consumers(of: input.facts, among: $0.alive) } ?? []
    return [
      .gauge(
        "celery_active_worker_count", "Living workers that consume the queue.",
        queues.map { name, workers in
          Sample([Label("queue_name", name)], Set(workers.map(\.id.name)).count)
        }),
      .gauge(
        "celery_active_process_count",
        "Tasks that the workers consuming the queue can run at the same time.",
        queues.flatMap { Sample.known(slots(of: $0.workers), [Label("queue_name", $0.name)]) }),
      .gauge(
        "celery_active_consumer_count", "Consumers of the queue: one per worker process.",
        queues.map { Sample([Label("queue_name", $0.name)], $0.workers.count) }),
    ]
  }

  private static func consumers(
    of facts: Snapshot?, among alive: [WorkerState]
  ) -> [(name: String, workers: [WorkerState])] {
    var byQueue: [String: [WorkerState]] = [:]
    for worker in alive {
      for queue in Set(worker.track.queues ?? []) { byQueue[queue, default: []].append(worker) }
    }
    if alive.allSatisfy({ $0.track.queues != nil }) {
      for queue in facts?.queues.value ?? [] where byQueue[queue.name] == nil {
        byQueue[queue.name] = []
      }
    }
    return byQueue.map { ($0.key, $0.value) }.sorted { $0.name < $1.name }
  }

  private static func slots(of workers: [WorkerState]) -> Int? {
    workers.reduce(0) { sum, worker in
      guard let sum, let slots = worker.facts?.stats.value?.slots else { return nil }
      return sum + min(max(0, slots), 1 << 32)
    }
  }
}
