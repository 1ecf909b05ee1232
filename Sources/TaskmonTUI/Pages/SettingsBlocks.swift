import TaskmonModel
import TaskmonUnits

/// A worker's configuration, as far as it decides how tasks fare.
enum SettingsBlocks {
  static func facts(_ worker: WorkerFacts) -> [PageFact] {
    switch worker.settings {
    case .unavailable(let reason): [.unknown("settings", reason)]
    case .value(let settings):
      delivery(settings) + limits(settings) + processes(settings, worker.stats.value)
        + results(settings) + rest(settings)
    }
  }

  /// What was set, else Celery's default, which is dimmed.
  private static func fact(_ name: String, _ value: String?, else standard: String) -> PageFact {
    value.map { PageFact(name, $0) } ?? PageFact(name, "\(standard), by default", .dim)
  }

  private static func flag(_ value: Bool?) -> String? { value.map { $0 ? "yes" : "no" } }

  private static func delivery(_ settings: WorkerSettings) -> [PageFact] {
    [
      fact("task_acks_late", flag(settings.acksLate), else: "no"),
      fact("task_reject_on_worker_lost", flag(settings.rejectsOnWorkerLost), else: "no"),
      fact(
        "worker_prefetch_multiplier", settings.prefetchMultiplier.map { "\($0)" },
        else: "\(WorkerSettings.Standard.prefetchMultiplier)"),
      settings.visibilityTimeout.map { PageFact("visibility_timeout", $0.text) }
        ?? PageFact("visibility_timeout", "not set: kombu takes 1h", .dim),
    ]
  }

  private static func limits(_ settings: WorkerSettings) -> [PageFact] {
    [
      fact("task_soft_time_limit", settings.softLimit?.text, else: "none"),
      fact("task_time_limit", settings.hardLimit?.text, else: "none"),
      fact("task_default_rate_limit", settings.rateLimit, else: "none"),
    ]
  }

  private static func processes(
    _ settings: WorkerSettings, _ stats: WorkerStats?
  ) -> [PageFact] {
    let told = stats?.tasksPerChild
    let perChild = told ?? settings.tasksPerChild
    let isPools = told != nil && told != settings.tasksPerChild
    return [
      concurrency(settings.concurrency, slots: stats?.slots),
      fact(
        "worker_max_tasks_per_child",
        perChild.map { $0.grouped + (isPools ? ", of its pool" : "") },
        else: "no end"),
      fact("worker_max_memory_per_child", settings.memoryPerChild?.text, else: "no end"),
    ]
  }

  /// What the pool has counts: the command line is not in the settings.
  private static func concurrency(_ set: Int?, slots: Int?) -> PageFact {
    let name = "worker_concurrency"
    guard let slots else { return fact(name, set.map { "\($0)" }, else: "one for each processor") }
    return PageFact(
      name, slots == set ? "\(slots)" : "\(set.map { "\($0)" } ?? "not set"), its pool has \(slots)"
    )
  }

  private static func results(_ settings: WorkerSettings) -> [PageFact] {
    let expiry = settings.resultExpires.map { $0 > .zero ? $0.text : "never" }
    return [
      fact("result_backend", settings.resultBackend, else: "none"),
      fact("result_expires", expiry, else: WorkerSettings.Standard.resultExpires.text),
      fact("task_ignore_result", flag(settings.ignoresResult), else: "no"),
    ]
  }

  private static func rest(_ settings: WorkerSettings) -> [PageFact] {
    let entries = settings.scheduleEntryNames
    return [
      fact("task_serializer", settings.serializer, else: WorkerSettings.Standard.serializer),
      settings.isAlwaysEager == true
        ? PageFact("task_always_eager", "yes: it queues nothing it publishes", .critical)
        : PageFact("task_always_eager", "no", .dim),
      fact("worker_send_task_events", flag(settings.sendsTaskEvents), else: "no (-E sends them)"),
      PageFact("beat_schedule", entries.isEmpty ? "empty" : entries.joined(separator: ", ")),
    ]
  }
}
