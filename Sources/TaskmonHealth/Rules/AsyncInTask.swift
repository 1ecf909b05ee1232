import TaskmonModel
import TaskmonUnits

/// A task misuses an event loop.
package struct AsyncInTask: Rule {
  package static let id: RuleID = "async-in-task"
  package static let antipattern = Antipattern.antipattern(6)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds.minutes(10)), .events, .resultScan]
  package static let severities: [Severity] = [.critical, .warning]
  package static let thresholds: [Threshold] = [
    Threshold("critical", 3, .count, help: "critical: so many within 10m"),
    Threshold("recent", Seconds.hours(1), help: "how long ago a stored failure may have happened"),
    Threshold(
      "window", Seconds.minutes(10),
      help: "heard for this long before none is health; what is counted is of 10m"),
  ]
  package static let page = RulePage(
    summary: "A task fails because it uses asyncio in a way that a Celery worker cannot carry.",
    whyItHurts: """
      A Celery task is a plain function. An async client that is kept between tasks belongs to the \
      event loop of the first task that used it; in the next task that loop is closed, so that the \
      first run of each process succeeds and later ones fail, now and then and never in tests. An \
      async def task is not run at all: its coroutine is made, thrown away, and cannot be stored \
      as a result.
      """,
    detection: """
      An attempt failed, or is retried, because the event loop is closed, something is attached to \
      a different loop, asyncio.run() was called inside a running loop, there is no current event \
      loop, or a coroutine was not awaited and could not be stored as a result. Told by the events \
      of the last 10 min, or by a stored result of the last hour. One is a warning, three in the \
      events of 10 min are critical. That a traceback passes through an async client is no sign.
      """,
    blindSpots: """
      asyncio.run() that works leaves nothing, nor does a coroutine that was forgotten in a task \
      that ignores its result. A task that catches these errors hides them. Without task events \
      only stored failures tell, a sample of them in each pass, and their task is not known unless \
      result_extended is set.
      """,
    confirm: """
      Look at one of the failures (results are in the database of result_backend), then for the \
      warnings nobody reads:

          celery -A APP events --dump | grep -iE 'event loop|different loop|coroutine'
          redis-cli -u redis://HOST:6379/0 GET celery-task-meta-TASK_ID
          journalctl -u celery | grep -E 'never awaited|loop is closed'
      """,
    remedy: """
      Keep the task synchronous, make one loop for one run, and make async clients inside it, not \
      in the module:

          @app.task
          def fetch(url):
              return asyncio.run(_fetch(url))

          async def _fetch(url):
              async with httpx.AsyncClient(timeout=10) as client:
                  return (await client.get(url)).text

      A synchronous client is simpler still: httpx.Client, redis.Redis, psycopg.connect. In a pool \
      of gevent or eventlet all tasks share one thread: of two asyncio.run() at the same time the \
      second fails. Let workers with --pool prefork run such tasks.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    let heard = scene.heard
    var faults: [String: Faults] = [:]
    for (name, tally) in heard.marked where !tally.marks.loopFaults.isEmpty {
      faults[name, default: Faults()].heard = tally.marks.loopFaults
    }
    for mark in snapshot.results.value?.loopFaults ?? [] {
      guard let latest = mark.latest,
        snapshot.takenAt - latest <= limits.seconds("recent", for: mark.name)
      else { continue }
      faults[mark.name, default: Faults()].stored = mark
    }
    let findings = faults.sorted { $0.key < $1.key }.map { name, faults in
      let isMuch = faults.heardCount >= max(1, limits.count("critical", for: name))
      return finding(name, faults, isMuch ? .critical : .warning, heard, snapshot)
    }
    return heard.verdict(findings, over: limits.seconds("window"))
  }

  private func finding(
    _ task: String, _ faults: Faults, _ severity: Severity, _ heard: HeardTasks,
    _ snapshot: Snapshot
  ) -> Finding {
    let known = (snapshot.tasks.value?.failures ?? []).filter { failure in
      failure.task == task && failure.message.map(faults.isTold) ?? false
        && snapshot.takenAt - failure.at <= TaskTrack.length
    }
    let span = faults.heard.isEmpty ? "in stored results" : "in \(heard.heard.text)"
    let noun = faults.count == 1 ? "attempt" : "attempts"
    return Finding(
      rule: Self.id, severity: severity, subject: task,
      message: "\(faults.count.grouped) \(noun) failed \(span): \(faults.worst)",
      since: known.last?.at ?? faults.stored?.latest ?? snapshot.takenAt,
      evidence: [
        EvidenceItem("failed", .count(faults.count)),
        EvidenceItem(
          "faults", .list(faults.heard.mostFrequent.map { "\($0.key) \($0.value.grouped)" })),
        EvidenceItem("stored", .count(faults.stored?.count ?? 0)),
        EvidenceItem("lastTaskID", .text(orUnknown: known.first?.id ?? faults.stored?.latestID)),
        EvidenceItem("lastWorker", .text(orUnknown: known.first?.worker.name)),
        EvidenceItem("heardSeconds", .seconds(heard.heard)),
      ],
      remedy: "make the async client inside the coroutine and run it with asyncio.run(), once in"
        + " each task, or use a synchronous client")
  }
}

/// What was told of one task, by events and by stored results; both tell of the same failures.
private struct Faults {
  var heard: [String: Int] = [:]
  var stored: StoredMark?

  var heardCount: Int { heard.values.reduce(0) { $0.addingClamped($1) } }

  /// Stored ones may be older than ten minutes: they are enough to speak, and never critical.
  var count: Int { heardCount > 0 ? heardCount : stored?.count ?? 0 }

  var worst: String {
    heard.mostFrequent.first?.key ?? stored?.detail ?? "an event loop was misused"
  }

  func isTold(_ message: String) -> Bool {
    message.contains("loop") || message.contains("coroutine")
  }
}
