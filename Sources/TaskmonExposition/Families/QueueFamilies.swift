import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// How much waits in the queues, and what workers hold of it.
package enum QueueFamilies: FamilyGroup {
  package static func families(of input: ExpositionInput) -> [MetricFamily] {
    let queues = input.facts?.queues.value ?? []
    let drain = input.facts == nil ? [:] : QueueDrain.times(input.history)
    return [
      .gauge(
        "celery_queue_length",
        "Messages ready to be taken, over all priorities of the queue.",
        queues.map { Sample([Label("queue_name", $0.name)], $0.ready) }),
      .gauge(
        "celery_queue_priority_length",
        "Messages ready to be taken, by priority step; 0 is the most urgent.",
        queues.flatMap(priorities)),
      .gauge(
        "celery_queue_oldest_message_age_seconds",
        "How long the queue's next message has been due, at least; absent where none is.",
        queues.flatMap {
          Sample.known($0.oldest?.value?.age.value, [Label("queue_name", $0.name)])
        }),
      .gauge(
        "celery_queue_unacked",
        "Messages of the queue that workers hold and have not acknowledged; estimated over 200.",
        queues.flatMap { Sample.known($0.unacked.value, [Label("queue_name", $0.name)]) }),
      .gauge(
        "celery_queue_drain_seconds",
        "Time to empty the queue at the pace its workers took messages over ten minutes.",
        queues.flatMap {
          Sample.known(drain[$0.name]?.value, [Label("queue_name", $0.name)])
        }),
    ] + unacked(input.facts)
  }

  private static func priorities(of queue: QueueFacts) -> [Sample] {
    queue.priorities.map { priority in
      Sample(
        [Label("queue_name", queue.name), Label("priority", "\(priority.step)")], priority.ready)
    }
  }

  private static func unacked(_ facts: Snapshot?) -> [MetricFamily] {
    let unacked = facts?.unacked.value
    let age = facts.flatMap { facts in
      unacked?.oldestDelivery.map { facts.takenAt - $0 }
    }
    let timeout = facts.flatMap(visibilityTimeout)
    let redelivery = age.flatMap { age in timeout.map { $0 - age } }
    return [
      .gauge(
        "celery_unacked_messages",
        "Messages of all queues that workers hold and have not acknowledged.",
        Sample.known(unacked?.count)),
      .gauge(
        "celery_unacked_oldest_age_seconds",
        "Time since the oldest unacknowledged message was delivered; absent when none is held.",
        Sample.known(age.map { max(0, $0.value) })),
      .gauge(
        "celery_unacked_redelivery_in_seconds",
        "Time until Redis hands the oldest unacknowledged message out again; negative when due.",
        Sample.known(redelivery?.value)),
    ]
  }

  /// The smallest of all workers', for any worker restores any queue; else what taskmon was told.
  private static func visibilityTimeout(_ facts: Snapshot) -> Seconds? {
    (facts.workers.value ?? []).compactMap { worker in
      worker.settings.value.map {
        $0.visibilityTimeout ?? WorkerSettings.Standard.visibilityTimeout
      }
    }.min() ?? facts.broker.visibilityTimeout
  }
}
