import TaskmonModel
import TaskmonUnits

/// The oldest message of a queue has waited too long for somebody to take it.
package struct QueueStale: Rule {
  package static let id: RuleID = "queue-stale"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.events, .queueScan]
  package static let severities: [Severity] = [.critical, .warning]
  package static let thresholds: [Threshold] = [
    Threshold("warning", Seconds.minutes(5), help: "the oldest due message has waited longer"),
    Threshold("critical", Seconds.hours(1), help: "the oldest due message has waited longer"),
  ]
  package static let page = RulePage(
    summary: "The oldest message of a queue has waited too long for a worker to take it.",
    whyItHurts: """
      How long a task waits is what a user feels; how many wait is not. A short queue behind one \
      slow task can be worse than a long one that moves. The mail with the password arrives when \
      the user has gone, and the tasks that carry an expiry are thrown away unrun.
      """,
    detection: """
      Messages carry no time of publication. taskmon takes the task-sent event of the message at \
      the head, or the eta that it has passed, or a message it remembers as the newest at an \
      earlier moment that has now reached the head. Where none of them is known, the time the \
      head has not moved is a lower bound, told as "at least". Over 5 min is a warning, over 1 h \
      critical. Messages whose eta lies ahead have no age.
      """,
    blindSpots: """
      The head is the next message of the most urgent step: older ones of less urgent steps wait \
      behind it. Just after its start, and without task-sent events, taskmon knows lower bounds \
      only, and a small one proves nothing. What a worker has prefetched and not started no \
      longer waits in the queue.
      """,
    confirm: """
      See the next message, and who should take it:

          redis-cli -u redis://HOST:6379/0 LINDEX 'QUEUE' -1
          redis-cli -u redis://HOST:6379/0 LLEN 'QUEUE'
          celery -A APP inspect active_queues
          celery -A APP inspect active

      LINDEX at -1 is the next message. Those of lower priority lie in lists of their own: \
      $'QUEUE\\x06\\x163', and the same with 6 and 9.
      """,
    remedy: """
      Add workers or slots for this queue, or give urgent work a queue and workers of its own:

          celery -A APP worker -Q QUEUE -n more@%h --concurrency 8
          task_routes = {"reports.*": {"queue": "slow"}}

      If the slots are held by long tasks, worker_prefetch_multiplier = 1 keeps short tasks from \
      waiting behind them, and time limits end those that hang. Publishers can say how long a \
      task is worth running:

          send_mail.apply_async(args, expires=600)

      task_send_sent_event = True lets taskmon know the exact age.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    let queues = try scene.queues.known
    var findings: [Finding] = []
    var doubts: [String] = []
    for queue in queues where queue.ready > 0 {
      let warning = limits.seconds("warning", for: queue.name)
      let critical = limits.seconds("critical", for: queue.name)
      let limit = min(warning, critical)
      if let age = queue.oldest?.value, age.age > limit {
        let severity: Severity = age.age > critical ? .critical : .warning
        findings.append(finding(queue, age, severity, snapshot))
      } else if !wasEmpty(history.queues[queue.name], within: limit, at: snapshot.takenAt),
        let doubt = doubt(about: queue)
      {
        doubts.append(doubt)
      }
    }
    if findings.isEmpty, let doubt = doubts.first { return .unknown(doubt) }
    return .judged(findings)
  }

  /// Nothing in a queue that was seen empty a while ago has waited longer than that while.
  private func wasEmpty(_ track: QueueTrack?, within limit: Seconds, at now: Timestamp) -> Bool {
    track?.ready.contains { $0.ready == 0 && now - $0.at <= limit } ?? false
  }

  /// Why a queue that shows no old message may hold one.
  private func doubt(about queue: SeenQueue) -> String? {
    switch queue.oldest {
    case nil: nil
    case .unavailable(let reason): "the age of \(queue.name): \(reason)"
    case .value(let age) where age.isLowerBound:
      "the next message of \(queue.name) has waited at least \(age.age.text);"
        + " how much longer was not seen"
    case .value: nil
    }
  }

  private func finding(
    _ queue: SeenQueue, _ age: QueueAge, _ severity: Severity, _ snapshot: Snapshot
  ) -> Finding {
    let head = queue.head?.value
    let waits = queue.ready == 1 ? "1 message waits" : "\(queue.ready.grouped) messages wait"
    return Finding(
      rule: Self.id, severity: severity, subject: queue.name,
      message: "\(waits), the oldest that is due for \(age.isLowerBound ? "at least " : "")"
        + age.age.text,
      since: snapshot.takenAt - age.age,
      evidence: [
        EvidenceItem("ageSeconds", .seconds(age.age)),
        EvidenceItem("ageKnownFrom", .text(Self.basis(age.basis))),
        EvidenceItem("isLowerBound", .flag(age.isLowerBound)),
        EvidenceItem("ready", .count(queue.ready)),
        EvidenceItem("headTask", .text(orUnknown: head?.task)),
        EvidenceItem("headTaskID", .text(orUnknown: head?.taskID)),
      ],
      remedy: "add workers or slots for this queue, or give urgent tasks a queue of their own")
  }

  private static func basis(_ basis: QueueAge.Basis) -> String {
    switch basis {
    case .sent: "task-sent event"
    case .eta: "eta that has passed"
    case .remembered: "remembered newest message"
    case .unmoved: "head unmoved"
    }
  }
}
