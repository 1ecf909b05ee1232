import TaskmonModel
import TaskmonUnits

/// Which workers there are, and what they do.
///
/// `hostname` is the host part of the node name, as existing dashboards have it; several workers of
/// one host share its series. `worker` is the whole node name; where several processes use one name
/// at the same time, counters speak of the latest to appear, for a sum would fall when one ends.
package enum WorkerFamilies: FamilyGroup {
  package static func families(of input: ExpositionInput) -> [MetricFamily] {
    let states = WorkerStates(input)
    let hosts = states?.grouped(by: \.host) ?? []
    let names = states?.grouped(by: \.name) ?? []
    let newest = names.compactMap { name, workers in
      WorkerStates.newest(of: workers).map { (label: Label("worker", name), state: $0) }
    }
    return [
      .gauge(
        "celery_worker_up",
        "Whether any worker of the host is alive; 0 is kept for an hour after the last one ended.",
        hosts.flatMap { host, workers in
          Sample.known(flag(WorkerStates.anyAlive(workers)), [Label("hostname", host)])
        }),
      .gauge(
        "celery_worker_tasks_active", "Tasks the workers of the host are running.",
        hosts.flatMap { Sample.known(active($0.workers), [Label("hostname", $0.label)]) }),
      .gauge(
        "celery_worker_alive", "Whether the worker is alive.",
        names.flatMap { name, workers in
          Sample.known(flag(WorkerStates.anyAlive(workers)), [Label("worker", name)])
        }),
      .gauge(
        "celery_worker_info", "What the worker is; always 1.",
        states?.alive.map(information) ?? []),
    ] + counts(newest)
  }

  private static func counts(_ newest: [(label: Label, state: WorkerState)]) -> [MetricFamily] {
    [
      .gauge(
        "celery_worker_last_heartbeat_timestamp_seconds",
        "When the last event of the worker was received, since 1970.",
        newest.flatMap { label, state in
          Sample.known(state.track.lastHeard?.secondsSince1970, [label])
        }),
      .counter(
        "celery_worker_processed_total", "Tasks the worker process has done since it started.",
        newest.flatMap { Sample.known($0.state.track.processed, [$0.label]) }),
      .gauge(
        "celery_worker_pool_size", "Tasks the worker can run at the same time.",
        newest.flatMap { label, state in
          Sample.known(state.isAlive == true ? state.facts?.stats.value?.slots : nil, [label])
        }),
      .gauge(
        "celery_worker_prefetched", "Tasks delivered to the worker and not started.",
        newest.flatMap { label, state in
          Sample.known(state.isAlive == true ? state.facts?.prefetched : nil, [label])
        }),
      .counter(
        "celery_worker_task_executions_total",
        "Executions of the task in the worker process since it started, retries included.",
        newest.flatMap { executions(of: $0.state, label: $0.label) }),
    ]
  }

  private static func flag(_ value: Bool?) -> Int? { value.map { $0 ? 1 : 0 } }

  /// A worker that is gone runs nothing; one that does not tell leaves the sum unknown.
  private static func active(_ workers: [WorkerState]) -> Int? {
    workers.reduce(0) { sum, worker in
      guard let sum else { return nil }
      return worker.isAlive == false ? sum : worker.facts?.active.map { sum + max(0, $0) }
    }
  }

  private static func information(of state: WorkerState) -> Sample {
    Sample(
      [
        Label("worker", state.id.name), Label("hostname", state.id.host),
        Label("pid", state.id.pid.map { "\($0)" } ?? ""),
        Label("version", state.track.softwareVersion ?? ""),
        Label("pool", state.track.pool?.rawValue ?? ""),
      ], 1)
  }

  private static func executions(of state: WorkerState, label: Label) -> [Sample] {
    let totals = state.facts?.stats.value?.totals ?? [:]
    return totals.sorted { $0.key < $1.key }.map {
      Sample([label, Label("name", $0.key)], $0.value)
    }
  }
}
