import TaskmonModel
import TaskmonUnits

/// What happened to tasks, as their events told since taskmon began to listen.
///
/// Names and labels are those that existing dashboards query: `hostname` is the host part of the
/// node name, so workers of one host add up. A label set that was heard once is there for good,
/// with all its counters.
package enum TaskCountFamilies: FamilyGroup {
  package static func families(of input: ExpositionInput) -> [MetricFamily] {
    let statistics = input.facts?.tasks.value
    let series = statistics.map { byHost($0.series, input.options.naming) } ?? []
    return counters(series) + [
      .counter(
        "celery_task_failed_total", "Runs that failed for good, by the class of their exception.",
        series.flatMap(failures)),
      .histogram(
        "celery_task_runtime", "How long runs took that succeeded, in seconds.",
        series.flatMap { histogram($0.runtime, labels(of: $0)) }),
      .histogram(
        "celery_task_queue_wait_time",
        "From when a task could have begun to when it did, in seconds; a wait for its eta is none.",
        series.flatMap { histogram($0.wait, labels(of: $0)) }),
      .counter(
        "celery_task_duplicate_executions_total",
        "Second starts of one attempt that a second delivery brought.",
        sums(statistics?.series ?? [], by: "name", \.task, \.counts.duplicates)),
      .counter(
        "celery_queue_messages_redelivered_total",
        "Messages received again in the same attempt; a broadcast's copies are among them.",
        sums(statistics?.series ?? [], by: "queue_name", \.queue, \.counts.redelivered)),
    ]
  }

  private static func counters(_ series: [TaskSeries]) -> [MetricFamily] {
    let kinds: [(name: String, help: String, count: @Sendable (TaskCounts) -> Int)] = [
      ("sent", "Messages published, where publishers send events.", { $0.sent }),
      ("received", "Messages that workers received, redeliveries included.", { $0.received }),
      ("started", "Runs begun.", { $0.started }),
      ("succeeded", "Runs that succeeded.", { $0.succeeded }),
      ("rejected", "Messages that were rejected.", { $0.rejected }),
      ("revoked", "Tasks revoked, or expired before they ran.", { $0.revoked }),
      ("retried", "Runs that failed and will be tried again.", { $0.retried }),
    ]
    return kinds.map { kind in
      .counter(
        "celery_task_\(kind.name)_total", kind.help,
        series.map { Sample(labels(of: $0), kind.count($0.counts)) })
    }
  }

  private static func labels(of series: TaskSeries) -> [Label] {
    [
      Label("name", series.task), Label("hostname", series.node),
      Label("queue_name", series.queue),
    ]
  }

  private static func failures(of series: TaskSeries) -> [Sample] {
    series.failures.sorted { $0.key < $1.key }.map { failure, count in
      let exception = failure.isEmpty ? unknownException : failure
      return Sample(
        [
          Label("name", series.task), Label("hostname", series.node),
          Label("exception", exception), Label("queue_name", series.queue),
        ], count)
    }
  }

  /// What stands for an exception whose text names no class, where dashboards expect it.
  private static let unknownException = "UnknownException"

  private static func histogram(_ buckets: TimeBuckets, _ labels: [Label]) -> [Sample] {
    guard buckets.count > 0 else { return [] }
    var sum = 0
    let cumulative = buckets.counts.dropLast().map { count in
      sum += count
      return sum
    }
    return [
      Sample(
        labels,
        .histogram(
          Histogram(
            bounds: buckets.bounds, counts: cumulative, sum: buckets.sum.value,
            count: buckets.count, exemplars: buckets.exemplars.map { $0.flatMap(exemplar) })))
    ]
  }

  private static func exemplar(_ run: TimeExemplar) -> Exemplar? {
    Exemplar("task_id", run.taskID, value: run.time.value, at: run.at.secondsSince1970)
  }

  private static func sums(
    _ series: [TaskSeries], by label: String, _ key: (TaskSeries) -> String,
    _ count: (TaskSeries) -> Int
  ) -> [Sample] {
    var sums: [String: Int] = [:]
    for one in series { sums[key(one), default: 0] += count(one) }
    return sums.sorted { $0.key < $1.key }.map { Sample([Label(label, $0.key)], $0.value) }
  }

  private struct Key: Hashable {
    var task: String
    var host: String
    var queue: String
  }

  /// Workers have an `@` in their names, the hosts of publishers none.
  private static func host(of series: TaskSeries, _ naming: MetricNaming) -> String {
    let isWorker = series.node.contains("@")
    return (isWorker ? naming.hidesWorker : naming.hidesSender)
      ? MetricNaming.generic : series.host
  }

  /// The series of each host, whose workers add up, in the order they were first heard.
  private static func byHost(_ series: [TaskSeries], _ naming: MetricNaming) -> [TaskSeries] {
    var places: [Key: Int] = [:]
    var found: [TaskSeries] = []
    for one in series {
      let key = Key(task: one.task, host: host(of: one, naming), queue: one.queue)
      if let place = places[key] {
        found[place].add(one)
      } else {
        places[key] = found.count
        found.append(one)
        found[found.count - 1].node = key.host
      }
    }
    return found
  }
}

extension MetricNaming {
  /// What the names of all metrics about Celery begin with.
  package static let standardPrefix = "celery_"
}

extension TaskSeries {
  fileprivate mutating func add(_ other: TaskSeries) {
    counts += other.counts
    failures.merge(other.failures) { $0 + $1 }
    runtime.add(other.runtime)
    wait.add(other.wait)
  }
}

extension TimeBuckets {
  /// Both have the same bounds.
  fileprivate mutating func add(_ other: TimeBuckets) {
    counts = zip(counts, other.counts).map { $0 + $1 }
    sum += other.sum
    if exemplars.isEmpty {
      exemplars = other.exemplars
    } else if !other.exemplars.isEmpty {
      exemplars = zip(exemplars, other.exemplars).map { own, theirs in
        [own, theirs].compactMap(\.self).max { $0.at < $1.at }
      }
    }
  }
}
