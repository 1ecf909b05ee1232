/// Queues, workers and tasks.
extension OverviewDashboard {
  static let queues = PanelRow(
    title: "Queues",
    panels: [
      curves(
        "Waiting by queue", stacked: true, "Over all priorities of a queue.",
        [("sum by (queue_name) (\(chosen("celery_queue_length")))", "{{queue_name}}")]),
      curves(
        "Oldest message", unit: "s", "How long the next message of a queue has been due.",
        [
          (
            "max by (queue_name) (\(chosen("celery_queue_oldest_message_age_seconds")))",
            "{{queue_name}}"
          )
        ]),
      curves(
        "Time to drain", unit: "s",
        "At the pace of the last ten minutes; nothing where nothing was taken.",
        [("max by (queue_name) (\(chosen("celery_queue_drain_seconds")))", "{{queue_name}}")]),
      curves(
        "Held by workers", stacked: true, "Delivered and not acknowledged.",
        [("sum by (queue_name) (\(chosen("celery_queue_unacked")))", "{{queue_name}}")]),
      curves(
        "Slots that serve a queue", "Tasks its workers can run at once; zero: nobody consumes it.",
        [
          (
            "sum by (queue_name) (\(chosen("celery_active_process_count")))", "{{queue_name}}"
          )
        ]),
      curves(
        "Redelivered messages", unit: "ops",
        "Received again in the same attempt: a worker died, or the visibility timeout is short.",
        [(pace("celery_queue_messages_redelivered_total", by: "queue_name"), "{{queue_name}}")]),
    ])

  static let workers = PanelRow(
    title: "Workers",
    panels: [
      curves(
        "Alive", "One that is gone stays at 0 for an hour.",
        [("max by (worker) (\(chosen("celery_worker_alive")))", "{{worker}}")]),
      curves(
        "Busy and able", "Tasks running, and those that could run at the same time.",
        [
          ("sum(\(chosen("celery_worker_tasks_active")))", "busy"),
          ("sum(\(chosen("celery_worker_pool_size")))", "slots"),
        ]),
      curves(
        "Prefetched", stacked: true, "Delivered to a worker and not started.",
        [("sum by (worker) (\(chosen("celery_worker_prefetched")))", "{{worker}}")]),
    ])

  static let tasks = PanelRow(
    title: "Tasks",
    panels: [
      curves(
        "What became of runs", unit: "ops", "As their events tell; nothing without task events.",
        [
          (pace("celery_task_succeeded_total"), "succeeded"),
          (pace("celery_task_failed_total"), "failed"),
          (pace("celery_task_retried_total"), "retried"),
          (pace("celery_task_rejected_total"), "rejected"),
          (pace("celery_task_revoked_total"), "revoked or expired"),
        ]),
      curves(
        "Runs by task", unit: "ops", stacked: true, "Begun.",
        [(pace("celery_task_started_total", by: "name"), "{{name}}")]),
      curves(
        "Failures", unit: "ops", stacked: true, "For good, by exception.",
        [(pace("celery_task_failed_total", by: "name, exception"), "{{name}} {{exception}}")]),
      curves(
        "Runtime, 95 of 100 are quicker", unit: "s", "Of runs that succeeded.",
        [(quantile("celery_task_runtime_bucket", by: "name"), "{{name}}")]),
      curves(
        "Wait for a worker, 95 of 100 are quicker", unit: "s",
        "From when a task could have begun to when it did.",
        [(quantile("celery_task_queue_wait_time_bucket", by: "queue_name"), "{{queue_name}}")]),
      curves(
        "Longest running", unit: "s", "A line that only climbs is a task that hangs.",
        [("max by (name) (\(chosen("celery_task_longest_running_seconds")))", "{{name}}")]),
    ])

  private static func quantile(_ buckets: String, by label: String) -> String {
    "histogram_quantile(0.95, \(pace(buckets, by: "le, \(label)")))"
  }

  static func curves(
    _ title: String, unit: String = "short", stacked: Bool = false, _ description: String,
    _ queries: [(expression: String, legend: String)]
  ) -> Panel {
    Panel(
      title, .curves(isStacked: stacked), unit: unit, width: 8, description,
      queries.map { Panel.Query($0.expression, $0.legend) })
  }
}
