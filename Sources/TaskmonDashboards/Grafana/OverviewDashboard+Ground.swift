/// Beat, results, Redis, and taskmon itself.
extension OverviewDashboard {
  static let beat = PanelRow(
    title: "Beat",
    panels: [
      curves(
        "Overdue", unit: "s", "Entries whose time has come and that were not sent.",
        [("max by (entry) (\(chosen("celery_beat_entry_overdue_seconds")))", "{{entry}}")]),
      curves(
        "Publishers", "More than one: two beats run the same schedule.",
        [("max by (entry) (\(chosen("celery_beat_publishers")))", "{{entry}}")]),
      curves(
        "RedBeat's lock", unit: "s", "Time until it ends unless beat extends it.",
        [("max by (instance) (\(chosen("celery_beat_lock_ttl_seconds")))", "{{instance}}")]),
    ])

  static let results = PanelRow(
    title: "Results",
    panels: [
      curves(
        "Stored", stacked: true, "By state, as of the last complete pass over the keys.",
        [("sum by (state) (\(chosen("celery_results")))", "{{state}}")]),
      curves(
        "Largest", unit: "bytes", "The largest stored result of each task.",
        [("max by (name) (\(chosen("celery_result_largest_bytes")))", "{{name}}")]),
      curves(
        "Without an expiry", unit: "percentunit", "They stay in Redis for ever.",
        [
          (
            "max by (instance) (\(chosen("celery_results_without_expiry_ratio")))", "{{instance}}"
          )
        ]),
    ])

  static let broker = PanelRow(
    title: "Redis",
    panels: [
      curves(
        "Memory", unit: "bytes", "Used, and maxmemory where it is set.",
        [
          ("sum by (instance) (\(chosen("celery_broker_memory_bytes")))", "{{instance}} used"),
          ("sum by (instance) (\(chosen("celery_broker_memory_max_bytes")))", "{{instance}} max"),
        ]),
      curves(
        "Connections", "All clients of this Redis.",
        [("sum by (instance) (\(chosen("celery_broker_clients")))", "{{instance}}")]),
      curves(
        "Keys lost", unit: "ops", "Evicted for want of memory, and flushes.",
        [
          (pace("celery_broker_evicted_keys_total"), "evicted"),
          (pace("celery_broker_flushes_total"), "flushes"),
        ]),
    ])

  static let itself = PanelRow(
    title: "taskmon itself",
    panels: [
      curves(
        "Share of Redis' time", unit: "percentunit", "What watching costs.",
        [(pace("taskmon_redis_time_seconds_total", by: "instance"), "{{instance}}")]),
      curves(
        "Events", unit: "ops", "Heard, and what could not be read.",
        [
          (pace("taskmon_events_received_total"), "received"),
          (pace("taskmon_events_undecodable_total"), "undecodable"),
          (pace("taskmon_event_gaps_total"), "gaps in the stream"),
        ]),
      curves(
        "Readers that fail", "Each costs its own facts only; `taskmon doctor` says why.",
        [
          (
            "sum by (collector) (1 - \(chosen("taskmon_collector_success")))", "{{collector}}"
          )
        ]),
    ])
}
