/// Finds settings in a worker's `conf` by their names of today, however the app spells them.
///
/// A worker tells its settings as its app has them: `task_acks_late`, behind the prefix of a
/// namespace as every Django project does it (`CELERY_TASK_ACKS_LATE`), or by the names that Celery
/// had before version 4 (`CELERY_ACKS_LATE`).
struct SettingNames {
  private let values: [String: JSONValue]
  /// What stands before every name: `CELERY_`; empty where there is nothing.
  private let prefix: String

  init(_ members: [JSONMember]) {
    values = Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    let mark = "_BROKER_URL"
    let named = members.lazy.map(\.key).first { $0.hasSuffix(mark) }
    prefix = (named.map { String($0.dropLast(mark.utf8.count)) } ?? "CELERY") + "_"
  }

  /// Nil where it is not set at all; null where it is set to None.
  subscript(name: String) -> JSONValue? {
    values[name] ?? values[prefix + name.uppercased()] ?? Self.former[name].flatMap { values[$0] }
  }

  /// What settings were called before version 4, where that is not the prefixed name of today, and
  /// RedBeat's as it asks for it itself.
  private static let former = [
    "beat_schedule": "CELERYBEAT_SCHEDULE", "broker_url": "BROKER_URL",
    "broker_transport_options": "BROKER_TRANSPORT_OPTIONS",
    "task_time_limit": "CELERYD_TASK_TIME_LIMIT",
    "task_soft_time_limit": "CELERYD_TASK_SOFT_TIME_LIMIT",
    "result_expires": "CELERY_TASK_RESULT_EXPIRES", "task_acks_late": "CELERY_ACKS_LATE",
    "task_reject_on_worker_lost": "CELERY_REJECT_ON_WORKER_LOST",
    "task_ignore_result": "CELERY_IGNORE_RESULT",
    "task_default_rate_limit": "CELERY_DEFAULT_RATE_LIMIT",
    "task_always_eager": "CELERY_ALWAYS_EAGER", "worker_send_task_events": "CELERY_SEND_EVENTS",
    "worker_redirect_stdouts": "CELERY_REDIRECT_STDOUTS",
    "worker_redirect_stdouts_level": "CELERY_REDIRECT_STDOUTS_LEVEL",
    "worker_prefetch_multiplier": "CELERYD_PREFETCH_MULTIPLIER",
    "worker_concurrency": "CELERYD_CONCURRENCY",
    "worker_max_tasks_per_child": "CELERYD_MAX_TASKS_PER_CHILD",
    "worker_max_memory_per_child": "CELERYD_MAX_MEMORY_PER_CHILD",
    "task_default_queue": "CELERY_DEFAULT_QUEUE", "redbeat_key_prefix": "REDBEAT_KEY_PREFIX",
  ]
}
