import TaskmonModel
import TaskmonUnits

/// A task gives up at the first hiccup of the network.
package struct FailureWithoutRetry: Rule {
  package static let id: RuleID = "failure-without-retry"
  package static let antipattern = Antipattern.antipattern(4)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.window(Seconds.minutes(10)), .events]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("failures", 3, .count, help: "final failures of first attempts, at least"),
    Threshold(
      "window", Seconds.minutes(10),
      help: "heard for this long before none is health; what is counted is of 10m"),
  ]
  package static let page = RulePage(
    summary: "A task fails for good at the first network error and is never tried again.",
    whyItHurts: """
      Every service is away for a moment now and then: a deploy, a failover, a lost packet. What a \
      second attempt ten seconds later would have done is lost instead, and somebody has to find \
      out which orders, mails and payments these were and do them by hand. max_retries does not \
      help: it is 3 for every task, and counts only where something asks for a retry.
      """,
    detection: """
      Within the last 10 min of the event stream 3 or more runs of a task failed for good at their \
      first attempt with an error that usually passes: a refused, reset or timed out connection, a \
      name that could not be resolved, an answer of the 500s, an operational error of a broker or \
      database; as requests, urllib3, httpx, aiohttp, sockets, redis, kombu, amqp, psycopg, Django \
      and SQLAlchemy name them; of a name that others use too (ReadError, RetryError, Timeout) the \
      traceback must tell the library. And no attempt of the task was retried in that time, nor \
      since taskmon began to listen. The finding says whether autoretry_for is set.
      """,
    blindSpots: """
      Workers that send no task events are not seen. A task that catches the error and returns, or \
      raises an exception of its own instead, does not show it. Classes of other libraries are not \
      known. Some of these errors do not pass, as a wrong host name: retries only tell later then. \
      A call that must not be repeated is better left without a retry; give such a task a \
      threshold of its own.
      """,
    confirm: """
      See the failures, and what the workers know of the task:

          celery -A APP events --dump | grep 'task failed'
          celery -A APP inspect registered autoretry_for retry_backoff max_retries
          redis-cli -u redis://HOST:6379/0 GET celery-task-meta-TASK_ID
          journalctl -u celery | grep 'raised unexpected'
      """,
    remedy: """
      Name the errors that pass, and let the pauses grow:

          @app.task(autoretry_for=(requests.ConnectionError, requests.Timeout),
                    retry_backoff=True, retry_jitter=True, max_retries=5)

      Where only some answers are worth a retry, ask for it in the code (@app.task(bind=True)), \
      and give every call a timeout:

          try:
              requests.post(url, json=order, timeout=10).raise_for_status()
          except requests.HTTPError as error:
              if error.response.status_code >= 500:
                  raise self.retry(exc=error, countdown=30)
              raise

      The call should do no harm when it is made twice: send an idempotency key with it.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    let heard = scene.heard
    let retried = Set(
      (snapshot.tasks.value?.tasks ?? []).filter { $0.total.counts.retried > 0 }.map(\.name))
    let failing = heard.marked.filter { name, tally in
      let failed = tally.marks.transient.values.reduce(0) { $0.addingClamped($1) }
      return name != TaskFacts.unnamed && failed >= max(1, limits.count("failures", for: name))
        && tally.counts.retried == 0 && tally.marks.laterAttempts == 0 && !retried.contains(name)
    }
    let told =
      failing.isEmpty ? [:] : scene.fleet.registrations(of: Set(failing.map(\.name)))
    let findings = failing.map { name, tally in
      // Nil where none that knows it has told.
      let answers = (told[name] ?? []).compactMap(\.retriesByItself)
      let autoretry = answers.isEmpty ? nil : answers.contains(true)
      return finding(name, tally, autoretry: autoretry, heard, snapshot)
    }
    return heard.verdict(findings, over: limits.seconds("window"))
  }

  private func finding(
    _ task: String, _ tally: TaskTally, autoretry: Bool?, _ heard: HeardTasks, _ snapshot: Snapshot
  ) -> Finding {
    let classes = tally.marks.transient
    let failed = classes.values.reduce(0) { $0.addingClamped($1) }
    let known = (snapshot.tasks.value?.failures ?? []).filter { failure in
      failure.task == task && !failure.isRetry
        && failure.exceptionClass.map { classes[$0] != nil } ?? false
        && snapshot.takenAt - failure.at <= TaskTrack.length
    }
    let policy =
      switch autoretry {
      case true?: "autoretry_for is set, but not for this"
      case false?: "autoretry_for is not set"
      case nil: "whether autoretry_for is set is not known"
      }
    let worst = classes.mostFrequent.first.map { ", \($0.value.grouped) with \($0.key)" } ?? ""
    let noun = failed == 1 ? "run" : "runs"
    return Finding(
      rule: Self.id, severity: .warning, subject: task,
      message: "\(failed.grouped) \(noun) failed for good at the first network error in"
        + " \(heard.heard.text)\(worst); \(policy)",
      since: known.last?.at ?? snapshot.takenAt,
      evidence: [
        EvidenceItem("failed", .count(failed)),
        EvidenceItem(
          "exceptions", .list(classes.mostFrequent.map { "\($0.key) \($0.value.grouped)" })),
        EvidenceItem("autoretry", autoretry.map { .flag($0) } ?? .unknown),
        EvidenceItem("succeeded", .count(tally.counts.succeeded)),
        EvidenceItem("lastTaskID", .text(orUnknown: known.first?.id)),
        EvidenceItem("lastWorker", .text(orUnknown: known.first?.worker.name)),
        EvidenceItem("heardSeconds", .seconds(heard.heard)),
      ],
      remedy: "autoretry_for=(\(classes.mostFrequent.first?.key ?? "ConnectionError"), …) with"
        + " retry_backoff and max_retries, or self.retry() where it is caught")
  }
}
