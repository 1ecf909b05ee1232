extension EventTotals {
  static let all = [
    EventTotals(
      file: "events.jsonl", payloads: 806,
      types: [
        "task-failed": 39, "task-received": 211, "task-retried": 18, "task-revoked": 3,
        "task-sent": 192, "task-started": 209, "task-succeeded": 152, "worker-heartbeat": 99,
        "worker-online": 2,
      ],
      failures: [
        "task-failed ConnectionError": 6, "task-failed EncodeError": 3, "task-failed KeyError": 2,
        "task-failed MyErr": 4, "task-failed NotRegistered": 1, "task-failed Reject": 1,
        "task-failed RuntimeError": 3, "task-failed SoftTimeLimitExceeded": 1,
        "task-failed TimeLimitExceeded": 2, "task-failed URLError": 3, "task-failed ValueError": 12,
        "task-failed WorkerLostError": 1, "task-retried ConnectionError": 6,
        "task-retried KeyError": 12,
      ],
      tasks: [
        "labapp.add": 129, "labapp.async_closed_loop": 5, "labapp.async_coro": 1,
        "labapp.async_def": 1, "labapp.async_nested": 1, "labapp.async_run_ok": 1,
        "labapp.auto_retry": 9, "labapp.custom_state": 4, "labapp.ext_noretry": 3,
        "labapp.ext_requests": 3, "labapp.fail": 12, "labapp.fail_custom": 4, "labapp.group_sum": 1,
        "labapp.hard": 1, "labapp.ignore_it": 1, "labapp.lost": 1, "labapp.printer": 2,
        "labapp.reject_it": 1, "labapp.retryme": 18, "labapp.sleepy": 1, "labapp.soft": 1,
        "labapp.tiny": 6, "labapp.tracked": 4, "labapp.unser": 1,
      ],
      retries: 27, runtime: 2.37813674400104, versions: ["5.7.0": 101]),
    EventTotals(
      file: "events_celery44_celery52.jsonl", payloads: 66,
      types: [
        "task-failed": 2, "task-received": 5, "task-started": 4, "task-succeeded": 3,
        "worker-heartbeat": 52, "worker-online": 2,
      ],
      failures: ["task-failed NotRegistered": 1, "task-failed ValueError": 1],
      tasks: ["oldapp.add": 4, "oldapp.fail": 1],
      retries: 0, runtime: 0.04953023099983511, versions: ["4.4.7": 27, "5.2.7": 27]),
    EventTotals(
      file: "events_gevent_unbatched.jsonl", payloads: 17,
      types: [
        "task-failed": 1, "task-received": 4, "task-started": 4, "task-succeeded": 3,
        "worker-heartbeat": 4, "worker-online": 1,
      ],
      failures: ["task-failed ValueError": 1],
      tasks: ["labapp.add": 3, "labapp.fail": 1],
      retries: 0, runtime: 0.08263212800011388, versions: ["5.7.0": 5]),
    EventTotals(
      file: "events_global_keyprefix_result_extended.jsonl", payloads: 81,
      types: [
        "task-failed": 1, "task-received": 14, "task-retried": 1, "task-sent": 14,
        "task-started": 13, "task-succeeded": 11, "worker-heartbeat": 26, "worker-online": 1,
      ],
      failures: ["task-failed ValueError": 1, "task-retried KeyError": 1],
      tasks: [
        "labapp.add": 4, "labapp.decorated": 1, "labapp.fail": 1, "labapp.group_sum": 1,
        "labapp.retryme": 2, "labapp.sleepy_late": 3, "labapp.tiny": 1, "labapp.tracked": 1,
      ],
      retries: 1, runtime: 11.051520880999988, versions: ["5.7.0": 27]),
    EventTotals(
      file: "events_rejected_workerlost.jsonl", payloads: 43,
      types: [
        "task-failed": 2, "task-received": 11, "task-rejected": 2, "task-started": 11,
        "task-succeeded": 9, "worker-heartbeat": 19, "worker-online": 2,
      ],
      failures: ["task-failed Reject": 1, "task-failed WorkerLostError": 1],
      tasks: [
        "labapp.add": 7, "labapp.reject_it": 1, "labapp.sleepy_late": 1,
        "labapp.sleepy_late_rwl": 2,
      ],
      retries: 0, runtime: 14.032369984000297, versions: ["5.7.0": 21]),
    EventTotals(
      file: "events_visibility_duplicates.jsonl", payloads: 96,
      types: [
        "task-received": 10, "task-started": 10, "task-succeeded": 10, "worker-heartbeat": 64,
        "worker-online": 2,
      ],
      failures: [:],
      tasks: ["labapp.add": 5, "labapp.sleepy": 2, "labapp.sleepy_late": 3],
      retries: 0, runtime: 44.03410367599963, versions: ["5.7.0": 66]),
  ]
}
