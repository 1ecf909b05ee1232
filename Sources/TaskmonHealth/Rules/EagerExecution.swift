import TaskmonModel
import TaskmonUnits

/// Tasks run in the process that calls them, and not in a worker.
package struct EagerExecution: Rule {
  package static let id: RuleID = "eager-execution"
  package static let antipattern = Antipattern.antipattern(8)
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.controlReplies, .resultScan]
  package static let severities: [Severity] = [.critical]
  package static let thresholds: [Threshold] = [
    Threshold("recent", Seconds.hours(1), help: "how long ago a stored eager run may have ended")
  ]
  package static let page = RulePage(
    summary: "Tasks run inside the process that calls them (task_always_eager), not in workers.",
    whyItHurts: """
      With task_always_eager, delay() is a plain function call: the web request waits for the \
      work, an exception goes to the user, there is no retry, no time limit, and a restart of the \
      web process loses what was running. It is meant for tests, and comes into production with a \
      settings file or an environment variable. A worker with it runs all tasks that its tasks \
      publish by itself, in one slot.
      """,
    detection: """
      A live worker answers conf with task_always_eager = True. Or a stored result that names who \
      made it (result_extended) names a host without an @: workers always have one, so the task \
      ran in another process, and task_store_eager_result put the result there within the last \
      hour. Of the results a sample is read in each pass.
      """,
    blindSpots: """
      A web process that runs tasks by itself leaves nothing in Redis unless it stores eager \
      results: neither its setting, nor BackgroundTasks and threads of its own, are visible from \
      Redis. Look for tasks of which nothing was ever published. With --read-only only results \
      tell.
      """,
    confirm: """
      Ask the workers, and the shell of the web application:

          celery -A APP inspect conf true | grep always_eager
          python -c 'from APP import app; print(app.conf.task_always_eager)'
          redis-cli -u redis://HOST:6379/0 GET celery-task-meta-TASK_ID
      """,
    remedy: """
      Take task_always_eager out of every settings file but that of the tests, and let it not be \
      set from outside:

          task_always_eager = False

      In tests prefer the fixtures celery_app and celery_worker of celery.contrib.pytest, which \
      run a real worker. What must run in the request is better called as a function.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    let fleet = scene.fleet
    let configured = fleet.workers.filter { $0.settings.value?.isAlwaysEager == true }
    let stored = (snapshot.results.value?.eagerRuns ?? []).compactMap { runs -> Finding? in
      guard let latest = runs.latest,
        snapshot.takenAt - latest <= limits.seconds("recent", for: runs.name)
      else { return nil }
      return finding(runs, latest)
    }
    let findings = configured.map { finding($0, snapshot) } + stored
    if findings.isEmpty, let doubt = doubt(fleet, snapshot) { return .unknown(doubt) }
    return .judged(findings)
  }

  private func doubt(_ fleet: LiveFleet, _ snapshot: Snapshot) -> String? {
    if let gap = fleet.gap ?? fleet.doubt { return gap }
    if let silent = fleet.workers.first(where: { $0.settings.value?.isAlwaysEager == nil }) {
      return "the settings of \(silent.id.name): \(silent.settings.reason ?? "not told")"
    }
    guard case .value(let results) = snapshot.results else {
      return "stored results: \(snapshot.results.reason ?? "not scanned")"
    }
    return results.completedPasses > 0 ? nil : "no scan of the results is complete yet"
  }

  private func finding(_ worker: SeenWorker, _ snapshot: Snapshot) -> Finding {
    Finding(
      rule: Self.id, severity: .critical, subject: worker.id.name,
      message: "task_always_eager is set: tasks that its tasks publish run inside the caller",
      since: worker.firstHeard,
      evidence: [
        EvidenceItem("taskAlwaysEager", .flag(true)),
        EvidenceItem("pid", worker.id.pid.map { .count($0) } ?? .unknown),
        EvidenceItem("queues", worker.queues.value.map { .list($0) } ?? .unknown),
      ],
      remedy: "set task_always_eager = False outside of tests")
  }

  private func finding(_ runs: StoredMark, _ latest: Timestamp) -> Finding {
    let noun = runs.count == 1 ? "stored result was" : "stored results were"
    return Finding(
      rule: Self.id, severity: .critical, subject: runs.name,
      message: "\(runs.count.grouped) \(noun) made by a process of this host that is no worker:"
        + " tasks run where they are called",
      since: latest,
      evidence: [
        EvidenceItem("results", .count(runs.count)),
        EvidenceItem("task", .text(orUnknown: runs.task)),
        EvidenceItem("taskID", .text(runs.latestID)),
      ],
      remedy: "set task_always_eager = False in that process, and let workers run its tasks")
  }
}
