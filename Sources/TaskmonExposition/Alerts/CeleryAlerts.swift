import TaskmonHealth
import TaskmonUnits

/// A handful of alerts on bare numbers.
///
/// The findings say more and wait less; these are for those who want to see the number in the rule.
package enum CeleryAlerts {
  package static let all = [
    queueGrowing, queueSlowToDrain, queueWithoutConsumers, workerDown, taskFailing, beatLate,
    brokerMemoryHigh,
  ]

  private static let queue = #"{queue_name="mail"}"#
  private static let queueLabel = [Label("queue_name", "mail")]

  private static let queueGrowing = Alert(
    "CeleryQueueGrowing", .warning,
    "celery_queue_length - celery_queue_length offset 15m > 100"
      + " and deriv(celery_queue_length[15m]) > 0",
    wait: .minutes(15),
    summary: "\(label: "queue_name"): \(.wholeValue) more messages than a quarter of an hour ago.",
    description: "More is published to the queue than its workers take from it.",
    advice: """
      See which task fills it, and whether its workers work:

          taskmon show queues --broker redis://HOST:6379/0
          taskmon show workers --broker redis://HOST:6379/0
      """,
    proofs: [
      AlertProof(
        fires: "twenty more each minute",
        [ProofSeries("celery_queue_length" + queue, .rising(0, 20))], labels: queueLabel,
        value: 300),
      AlertProof(
        quiet: "long and steady", [ProofSeries("celery_queue_length" + queue, 50_000)]),
      AlertProof(
        quiet: "long and shrinking",
        [ProofSeries("celery_queue_length" + queue, .rising(50_000, -20))]),
    ])

  private static let queueSlowToDrain = Alert(
    "CeleryQueueSlowToDrain", .warning, "celery_queue_drain_seconds > 3600", wait: .minutes(15),
    summary: "\(label: "queue_name"): at the present pace it is empty in \(.wholeValue) s.",
    description: "Whatever is published to the queue now waits for over an hour.",
    advice: """
      Start more workers for the queue, or let fewer messages into it. An autoscaler can follow \
      the same metric.
      """,
    proofs: [
      AlertProof(
        fires: "two hours", [ProofSeries("celery_queue_drain_seconds" + queue, 7200)],
        labels: queueLabel, value: 7200),
      AlertProof(
        quiet: "a minute", [ProofSeries("celery_queue_drain_seconds" + queue, 60)]),
    ])

  private static let queueWithoutConsumers = Alert(
    "CeleryQueueWithoutConsumers", .critical,
    "celery_queue_length > 0"
      + " and on (job, instance, queue_name) celery_active_consumer_count == 0",
    wait: .minutes(10), summary: "\(label: "queue_name"): \(.wholeValue) messages and no consumer.",
    description: "Every living worker has told which queues it consumes, and none named this one.",
    advice: """
      Start a worker with -Q QUEUE, or find out who publishes there by mistake:

          taskmon explain queue-without-consumers
      """,
    proofs: [
      AlertProof(
        fires: "messages, and nobody for them",
        [
          ProofSeries("celery_queue_length" + queue, 7),
          ProofSeries("celery_active_consumer_count" + queue, 0),
        ], labels: queueLabel, value: 7),
      AlertProof(
        quiet: "an empty queue",
        [
          ProofSeries("celery_queue_length" + queue, 0),
          ProofSeries("celery_active_consumer_count" + queue, 0),
        ]),
      AlertProof(
        quiet: "consumers that are not known", [ProofSeries("celery_queue_length" + queue, 7)]),
    ])

  private static let workerDown = Alert(
    "CeleryWorkerDown", .warning, "celery_worker_up == 0", wait: .minutes(15),
    summary: "\(label: "hostname"): no Celery worker there any more.",
    description: """
      Workers of this host were heard within the last hour and none is alive. One that was stopped \
      in order counts as well: where hosts come and go, rely on TaskmonLostWorker instead.
      """,
    advice: """
      See whether it was meant to stop:

          taskmon explain lost-worker
      """,
    proofs: [
      AlertProof(
        fires: "the last worker of a host has gone",
        [ProofSeries(#"celery_worker_up{hostname="w1"}"#, 0)], labels: [Label("hostname", "w1")]),
      AlertProof(
        quiet: "one of them lives", [ProofSeries(#"celery_worker_up{hostname="w1"}"#, 1)]),
    ])

  private static let task = #"{name="shop.pay",hostname="w1",queue_name="mail"}"#
  private static let failedTask =
    #"{name="shop.pay",hostname="w1",exception="KeyError",queue_name="mail"}"#

  private static func perTask(_ metric: String) -> String {
    "sum by (job, instance, name) (increase(\(metric)[15m]))"
  }

  private static let taskFailing = Alert(
    "CeleryTaskFailing", .warning,
    """
    100 * \(perTask("celery_task_failed_total"))
      / (
        \(perTask("celery_task_failed_total"))
        + \(perTask("celery_task_succeeded_total"))
      ) > 20
    and \(perTask("celery_task_failed_total")) > 10
    """,
    wait: .minutes(5), summary: "\(label: "name"): \(.wholeValue) % of its runs fail.",
    description: "More than ten runs of the task failed for good within a quarter of an hour.",
    advice: """
      See with which exception, and on which host:

          taskmon show tasks --broker redis://HOST:6379/0
          taskmon explain high-failure-rate
      """,
    proofs: [
      AlertProof(
        fires: "two of four fail",
        [
          ProofSeries("celery_task_failed_total" + failedTask, .rising(0, 2)),
          ProofSeries("celery_task_succeeded_total" + task, .rising(0, 2)),
        ], labels: [Label("name", "shop.pay")], value: 50),
      AlertProof(
        quiet: "one of a hundred fails",
        [
          ProofSeries("celery_task_failed_total" + failedTask, .rising(0, 2)),
          ProofSeries("celery_task_succeeded_total" + task, .rising(0, 200)),
        ]),
      AlertProof(
        quiet: "a task that hardly runs",
        [
          ProofSeries("celery_task_failed_total" + failedTask, .rising(0, 0.1)),
          ProofSeries("celery_task_succeeded_total" + task, .rising(0, 0.1)),
        ]),
    ])

  private static let beatLate = Alert(
    "CeleryBeatEntryOverdue", .warning, "celery_beat_entry_overdue_seconds > 600",
    wait: .minutes(5), summary: "\(label: "entry"): due \(.wholeValue) s ago and not sent.",
    description: "Beat has not published the entry, though its time has come.",
    advice: """
      See whether beat lives, and what holds it up:

          taskmon show beat --broker redis://HOST:6379/0
          taskmon explain beat-late
      """,
    proofs: [
      AlertProof(
        fires: "a quarter of an hour",
        [ProofSeries(#"celery_beat_entry_overdue_seconds{entry="nightly"}"#, 900)],
        labels: [Label("entry", "nightly")], value: 900),
      AlertProof(
        quiet: "a moment",
        [ProofSeries(#"celery_beat_entry_overdue_seconds{entry="nightly"}"#, 2)]),
    ])

  private static let brokerMemoryHigh = Alert(
    "CeleryBrokerMemoryHigh", .critical,
    "100 * celery_broker_memory_bytes / celery_broker_memory_max_bytes > 90", wait: .minutes(5),
    summary: "Redis behind taskmon at \(label: "instance") has used \(.wholeValue) % of maxmemory.",
    description: "Full, it refuses every write or throws keys away, by its maxmemory-policy.",
    advice: """
      See what fills it: queues, or results nobody fetches:

          redis-cli -u redis://HOST:6379/0 INFO memory
          taskmon explain broker-memory-high
      """,
    proofs: [
      AlertProof(
        fires: "95 of 100 MB",
        [
          ProofSeries("celery_broker_memory_bytes", 95e6),
          ProofSeries("celery_broker_memory_max_bytes", 100e6),
        ], value: 95),
      AlertProof(
        quiet: "half of it",
        [
          ProofSeries("celery_broker_memory_bytes", 50e6),
          ProofSeries("celery_broker_memory_max_bytes", 100e6),
        ]),
      AlertProof(
        quiet: "no limit is set", [ProofSeries("celery_broker_memory_bytes", 95e9)]),
    ])
}
