import TaskmonModel
import TaskmonUnits

/// A task is retried again and again for one reason, and hardly ever succeeds.
package struct RetryStorm: Rule {
  package static let id: RuleID = "retry-storm"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds.minutes(10)), .events]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("factor", 3, .ratio, help: "retries for each success, more than this"),
    Threshold("retries", 100, .count, help: "retries, at least"),
    Threshold("one-exception", 0.8, .ratio, help: "share of the retries with one exception"),
    Threshold(
      "window", Seconds.minutes(10), help: "heard for this long first; what is counted is of 10m"),
  ]
  package static let page = RulePage(
    summary: "A task is retried over and over for one reason and hardly ever succeeds.",
    whyItHurts: """
      Something the task needs is away, and every attempt asks for it again. Retries fill the \
      queue and the slots in front of work that could be done, and keep down the service that is \
      trying to come back. When the retries run out, all of these tasks fail together.
      """,
    detection: """
      Within the last 10 min of the event stream a task was retried 100 times or more, more than 3 \
      times for each success, and 80 % of the retries name one exception. A retry without an \
      exception is a task that polls, which is no fault.
      """,
    blindSpots: """
      Workers that send no task events are not seen. Loops of a task's own that try again without \
      Celery's retry leave no trace. A task that polls and hands its own exception to retry() \
      looks like this one: give it a threshold of its own, such as --set \
      'retry-storm[TASK].retries=100000'.
      """,
    confirm: """
      See how many attempts wait for their time, and what they say:

          celery -A APP events --dump | grep 'task retried'
          celery -A APP inspect scheduled
          redis-cli -u redis://HOST:6379/0 HLEN unacked
      """,
    remedy: """
      Give the retries growing pauses with jitter, and an end:

          @app.task(autoretry_for=(ConnectionError,), retry_backoff=5, retry_backoff_max=600,
                    retry_jitter=True, max_retries=8)

      While the service is away, stop asking it: hold the queue, or let a circuit breaker in the \
      task fail fast.

          celery -A APP control cancel_consumer QUEUE
          celery -A APP control rate_limit TASK 10/m
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    let heard = scene.heard
    let needed = limits.seconds("window")
    if let reason = heard.missing(needed) { return .unknown(reason) }
    let findings = heard.troubled.compactMap { name, tally -> Finding? in
      let counts = tally.counts
      guard counts.retried > 0, name != TaskFacts.unnamed, let reason = tally.commonRetry,
        counts.retried >= max(1, limits.count("retries", for: name)),
        Double(counts.retried) > limits.number("factor", for: name) * Double(counts.succeeded),
        Double(reason.value)
          >= limits.number("one-exception", for: name) * Double(counts.retried)
      else { return nil }
      return finding(name, tally, reason, heard, snapshot)
    }
    return heard.verdict(findings, over: needed)
  }

  private func finding(
    _ task: String, _ tally: TaskTally, _ reason: (key: String, value: Int), _ heard: HeardTasks,
    _ snapshot: Snapshot
  ) -> Finding {
    let counts = tally.counts
    let successes = counts.succeeded == 1 ? "1 success" : "\(counts.succeeded.grouped) successes"
    return Finding(
      rule: Self.id, severity: .warning, subject: task,
      message: "\(counts.retried.grouped) retries, \(reason.value.grouped) of them because of"
        + " \(reason.key), and \(successes) in \(heard.heard.text)",
      since: snapshot.takenAt,
      evidence: [
        EvidenceItem("retried", .count(counts.retried)),
        EvidenceItem("succeeded", .count(counts.succeeded)),
        EvidenceItem("failed", .count(counts.failed)),
        EvidenceItem("exception", .text(reason.key)),
        EvidenceItem("withIt", .count(reason.value)),
        EvidenceItem("heardSeconds", .seconds(heard.heard)),
      ],
      remedy: "find out why \(reason.key) is raised; pause longer and longer between attempts"
        + " (retry_backoff, retry_jitter) and limit them (max_retries)")
  }
}

extension TaskTally {
  /// What `retry()` without an exception is told as.
  private static let polling = "Retry"

  /// The exception most retries were about; nil where none named one.
  fileprivate var commonRetry: (key: String, value: Int)? {
    retries.filter { $0.key != Self.polling }.mostFrequent.first
  }
}
