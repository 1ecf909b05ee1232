import TaskmonModel

/// What is not known of who knows which tasks.
extension LiveFleet {
  /// Why it is not known what a worker consumes; nil where every worker has told.
  var queuesGap: String? {
    gap
      ?? workers.first { $0.queues.value == nil }.map { worker in
        "the queues of \(worker.id.name): \(worker.queues.reason ?? "not told")"
      }
  }

  /// Why it is not known who of each queue knows which tasks; nil where it is.
  var consumersGap: String? { registryGap ?? queuesGap }
}
