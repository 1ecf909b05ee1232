/// What each scenario of the demo shows at warning or above, and nothing beside it.
///
/// Where the rule whose name a scenario bears tells mere info, or only cannot judge, that is in the
/// list as well. The ones that take long come first, so that the others run beside them.
enum ScenarioExpectations {
  static let all: [(scenario: String, headlines: [String])] = [
    (
      "orphaned-task",
      // No task is orphaned whose worker is not lost.
      ["critical lost-worker celery@worker-5", "critical orphaned-task imports.load"]
    ),
    ("healthy", []),
    ("lost-worker", ["critical lost-worker celery@worker-5"]),
    ("beat-runs-work", ["warning beat-runs-work reconcile"]),
    ("binding-missing", ["warning binding-missing archive"]),
    (
      "show",
      ["critical oversized-result reports.export", "critical stuck-task reports.export"]
        + doubled
    ),
    ("broker-flushed", ["critical broker-flushed broker"]),
    ("prefetch-hoarding", ["warning prefetch-hoarding celery@worker-5"]),
    ("broker-unreachable", ["critical broker-unreachable broker"]),
    ("idle-fleet", ["info idle-fleet broker"]),
    ("high-failure-rate", ["warning high-failure-rate billing.import"]),
    ("retry-storm", ["warning retry-storm search.push"]),
    ("tasks-expiring", ["warning tasks-expiring quotes.refresh"]),
    ("queue-without-consumers", ["warning queue-without-consumers exports"]),
    ("stalled-worker", ["critical stalled-worker celery@worker-5"]),
    ("split-registry", ["warning split-registry imports"]),
    ("queue-stale", ["warning queue-stale archive"]),
    ("queue-backlog", ["warning queue-backlog images"]),
    ("stuck-chord", ["warning stuck-chord reports.render"]),
    ("duplicate-execution", ["critical duplicate-execution billing.settle"]),
    ("failure-without-retry", ["warning failure-without-retry webhooks.notify"]),
    ("async-in-task", ["critical async-in-task search.fetch"]),
    ("message-bus", ["warning message-bus events.order_placed"]),
    ("beat-without-lock", ["warning beat-without-lock beat"]),
    ("worker-child-killed", ["warning worker-child-killed celery@worker-5"]),
    ("multiple-beats", doubled),
    ("clock-skew", ["warning clock-skew celery@worker-5"]),
    ("events-disabled", ["info events-disabled celery@worker-5"]),
    ("visibility-timeout-too-short", ["warning visibility-timeout-too-short emails.anniversary"]),
    (
      "beat-late",
      // All that is due waits for the one process.
      [
        "warning beat-late expire-carts", "warning beat-late flush-outbox",
        "warning beat-late refresh-rates",
      ]
    ),
    ("beat-down", ["critical beat-down beat"]),
    ("print-in-task", ["warning print-in-task celery@worker-5"]),
    ("stuck-task", ["critical stuck-task reports.export"]),
    ("no-time-limit", ["warning no-time-limit celery@worker-1"]),
    ("eager-execution", ["critical eager-execution web-1"]),
    ("worker-without-tasks", ["warning worker-without-tasks celery@worker-5"]),
    ("unregistered-task", ["critical unregistered-task shop.sync_prices"]),
    ("oversized-result", ["critical oversized-result reports.export"]),
    ("oversized-message", ["critical oversized-message files"]),
    ("queue-explosion", ["warning queue-explosion broker"]),
    ("broker-evicts", ["warning broker-evicts broker"]),
    ("broker-not-persistent", ["info broker-not-persistent broker"]),
    ("broker-memory-high", ["warning broker-memory-high broker"]),
    ("results-without-expiry", ["warning results-without-expiry broker"]),
    (
      "fragile-task",
      // To have no limit is a third of being fragile, and told of by itself.
      ["info fragile-task shop.import_feed", "warning no-time-limit celery@worker-1"]
    ),
    ("leaked-reply-queues", ["warning leaked-reply-queues broker"]),
    ("connections-near-limit", ["warning connections-near-limit broker"]),
    ("no-celery-here", ["unknown no-celery-here"]),
  ]

  /// Each entry of the shop's schedule by both beats.
  private static let doubled = [
    "critical multiple-beats expire-carts", "critical multiple-beats flush-outbox",
    "critical multiple-beats refresh-rates",
  ]

  static func headlines(of scenario: String) -> [String]? {
    all.first { $0.scenario == scenario }?.headlines.sorted()
  }
}
