extension Snapshot {
  /// Workers that are not known to send task events, without those that said goodbye.
  package var quietWorkers: [WorkerFacts] {
    (workers.value ?? []).filter { worker in
      worker.offlineSince == nil && worker.sendsTaskEvents != .value(true)
        && worker.eventsEnabledAt == nil
    }
  }
}
