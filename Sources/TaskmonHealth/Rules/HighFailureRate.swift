import TaskmonModel
import TaskmonUnits

/// Too many runs of a task end in failure.
package struct HighFailureRate: Rule {
  package static let id: RuleID = "high-failure-rate"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds.minutes(10)), .events]
  package static let severities: [Severity] = [.critical, .warning]
  package static let thresholds: [Threshold] = [
    Threshold("warning", 0.05, .ratio, help: "final failures over completions"),
    Threshold("critical", 0.25, .ratio, help: "final failures over completions"),
    Threshold("completions", 20, .count, help: "runs that must have ended, well or badly"),
    Threshold(
      "window", Seconds.minutes(10), help: "heard for this long first; what is counted is of 10m"),
  ]
  package static let page = RulePage(
    summary: "Too large a share of a task's runs ends in failure.",
    whyItHurts: """
      A failed task has done nothing for whoever waited for it, or half of it. Celery writes one \
      line into a worker's log and goes on; nobody is told. One failure in twenty is noise in no \
      log, and one in four means that the feature behind the task does not work.
      """,
    detection: """
      Of the runs of a task that ended within the last 10 min, 5 % failed for good (critical: \
      25 %), and at least 20 ended. An attempt that will be retried is no failure, and neither are \
      Ignore, Reject, revoked and expired tasks. Only time in which the event stream was heard \
      counts: before 10 min of it nothing is said.
      """,
    blindSpots: """
      Workers that send no task events are not seen. A task that catches its errors and returns \
      succeeds. Tasks whose name was never heard, because taskmon began to listen in their midst, \
      are not judged. Rare tasks never reach 20 runs.
      """,
    confirm: """
      Watch the failures as they come, then one of them:

          celery -A APP events --dump | grep 'task failed'
          redis-cli -u redis://HOST:6379/0 GET celery-task-meta-TASK_ID
          journalctl -u celery | grep 'raised unexpected'
      """,
    remedy: """
      Read the exception in the evidence. If it is of the network, let the task try again with \
      growing pauses instead of failing:

          @app.task(autoretry_for=(ConnectionError, TimeoutError), retry_backoff=True,
                    max_retries=5)

      If it began with a deploy, roll back. If its input is bad, refuse it where it is published. \
      What is an expected outcome should be a return value or Ignore, not an exception.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    let heard = scene.heard
    let needed = limits.seconds("window")
    if let reason = heard.missing(needed) { return .unknown(reason) }
    let findings = heard.troubled.compactMap { name, tally -> Finding? in
      guard name != TaskFacts.unnamed else { return nil }
      let failed = tally.finalFailures
      let completed = tally.counts.succeeded.addingClamped(failed)
      guard failed > 0, completed >= limits.count("completions", for: name) else { return nil }
      let rate = Double(failed) / Double(completed)
      guard rate >= limits.number("warning", for: name) else { return nil }
      let severity: Severity = rate >= limits.number("critical", for: name) ? .critical : .warning
      return finding(name, tally, failed: failed, of: completed, severity, heard, snapshot)
    }
    return heard.verdict(findings, over: needed)
  }

  private func finding(
    _ task: String, _ tally: TaskTally, failed: Int, of completed: Int, _ severity: Severity,
    _ heard: HeardTasks, _ snapshot: Snapshot
  ) -> Finding {
    let classes = tally.failures.filter { !TaskTally.deliberate.contains($0.key) }.mostFrequent
    let rate = Double(failed) / Double(completed)
    var message =
      "\(failed.grouped) of \(completed.grouped) runs failed in \(heard.heard.text)"
      + " (\(rate.percent))"
    if let worst = classes.first { message += ", \(worst.value.grouped) with \(worst.key)" }
    return Finding(
      rule: Self.id, severity: severity, subject: task, message: message, since: snapshot.takenAt,
      evidence: [
        EvidenceItem("failed", .count(failed)),
        EvidenceItem("completed", .count(completed)),
        EvidenceItem("ratio", .number(rate)),
        EvidenceItem("exceptions", .list(classes.map { "\($0.key) \($0.value.grouped)" })),
        EvidenceItem("retried", .count(tally.counts.retried)),
        EvidenceItem("heardSeconds", .seconds(heard.heard)),
      ],
      remedy: "read the exception; retry what the network breaks (autoretry_for, retry_backoff),"
        + " roll back what a deploy broke")
  }
}

extension TaskTally {
  /// What a task raises to end without a result; where a worker tells it as a failure, it is none.
  static let deliberate: Set = ["Ignore", "Reject"]

  /// Failures for good that were not meant.
  fileprivate var finalFailures: Int {
    let meant = Self.deliberate.reduce(0) { $0.addingClamped(failures[$1] ?? 0) }
    return max(0, max(0, counts.failed) - meant)
  }
}
