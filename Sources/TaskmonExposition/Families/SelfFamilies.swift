import TaskmonModel
import TaskmonUnits

/// How taskmon itself is doing, and what it costs.
///
/// These stay while Redis is away.
package enum SelfFamilies: FamilyGroup {
  package static func families(of input: ExpositionInput) -> [MetricFamily] {
    let latest = input.history.latest
    let broker = input.options.broker
    let build = input.options.build
    return [
      .gauge(
        "taskmon_up", "Whether Redis answers.",
        [Sample([Label("broker", broker.name ?? broker.url)], latest?.link.isUp == true ? 1 : 0)]),
      .gauge(
        "taskmon_snapshot_age_seconds", "Time since Redis last answered a complete poll.",
        Sample.known(latest?.age?.value)),
      .gauge(
        "taskmon_build_info", "Which taskmon this is; always 1.",
        [
          Sample(
            [
              Label("version", build.version), Label("revision", build.revision),
              Label("swift", build.swift),
            ], 1)
        ]),
    ] + collectors(latest?.collectors ?? []) + cost(latest?.cost) + events(latest?.events)
  }

  private static func collectors(_ collectors: [CollectorStatus]) -> [MetricFamily] {
    let sorted = collectors.sorted { $0.name < $1.name }
    return [
      .gauge(
        "taskmon_collector_success", "Whether the collector's last run succeeded.",
        sorted.map { Sample([Label("collector", $0.name)], $0.failure == nil ? 1 : 0) }),
      .gauge(
        "taskmon_collector_duration_seconds", "How long the collector's last run took.",
        sorted.map { Sample([Label("collector", $0.name)], $0.duration.value) }),
    ]
  }

  private static func cost(_ cost: OwnCost?) -> [MetricFamily] {
    [
      .counter(
        "taskmon_redis_commands_total", "Commands taskmon has sent to Redis.",
        (cost?.commands ?? [:]).sorted { $0.key < $1.key }.map {
          Sample([Label("command", $0.key)], $0.value)
        }),
      .counter(
        "taskmon_redis_bytes_total", "Bytes exchanged with Redis, as seen by taskmon.",
        cost.map {
          [
            Sample([Label("direction", "received")], Double($0.bytesReceived.value)),
            Sample([Label("direction", "sent")], Double($0.bytesSent.value)),
          ]
        } ?? []),
      .counter(
        "taskmon_redis_round_trips_total", "Pipelines sent to Redis and answered.",
        Sample.known(cost?.roundTrips)),
      .counter(
        "taskmon_redis_time_seconds_total",
        "Time Redis has spent executing taskmon's commands, by its own count of each kind.",
        Sample.known(cost?.redisTime?.value)),
    ]
  }

  private static func events(_ events: EventStreamFacts?) -> [MetricFamily] {
    [
      .counter(
        "taskmon_events_received_total", "Celery events received.",
        Sample.known(events?.received)),
      .counter(
        "taskmon_events_undecodable_total", "Messages on the event channels that were no event.",
        Sample.known(events?.undecodable)),
      .counter(
        "taskmon_event_gaps_total", "Interruptions of the event stream.",
        Sample.known(events?.gaps)),
      .counter(
        "taskmon_event_records_dropped_total", "Event records let go because the ledger was full.",
        Sample.known(events?.dropped)),
      .gauge(
        "taskmon_event_lag_seconds",
        "The largest receipt minus sending time of an event in the last minute.",
        Sample.known(events?.lag?.value)),
      .gauge(
        "taskmon_tracked_tasks", "Tasks in the event ledger.", Sample.known(events?.trackedTasks)),
    ]
  }
}

/// What the page itself had to leave out; made after all others, and bounded by their number.
enum DroppedSeriesFamily {
  /// `inLedger` is how often events were counted under `other` before that.
  static func family(dropped: [String: Int], inLedger: Int) -> MetricFamily {
    let counts =
      inLedger > 0 ? dropped.merging(["celery_task": inLedger], uniquingKeysWith: +) : dropped
    return .counter(
      "taskmon_series_dropped_total",
      "Series left out of the page, and events counted under other, to bound its size.",
      counts.sorted { $0.key < $1.key }.map { Sample([Label("family", $0.key)], $0.value) })
  }
}
