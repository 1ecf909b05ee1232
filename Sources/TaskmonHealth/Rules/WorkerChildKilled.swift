import TaskmonModel
import TaskmonUnits

/// Pool processes of a worker are killed in the middle of their tasks.
package struct WorkerChildKilled: Rule {
  package static let id: RuleID = "worker-child-killed"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds.minutes(10)), .events]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("killed", 2, .count, help: "tasks that ended in WorkerLostError, at least"),
    Threshold(
      "window", Seconds.minutes(10),
      help: "heard for this long before none is health; what is counted is of 10m"),
  ]
  package static let page = RulePage(
    summary: "Processes of a worker's pool are killed while they run tasks.",
    whyItHurts: """
      The task that ran in the killed process fails with WorkerLostError and is not run again, \
      unless it is acknowledged late and handed back. The worker starts another process and goes \
      on, so that nobody notices; if it was the memory of the machine that ran out, the next large \
      task kills the next process, and sooner or later the worker itself.
      """,
    detection: """
      Within the last 10 min of the event stream two or more tasks of a worker failed with \
      WorkerLostError, which is what its parent process says of a child that vanished. Signal 9 is \
      usually the kernel's or the container's memory limit; 11 is a crash in native code; 15 was \
      sent by somebody, as a process manager does that stops the whole group.
      """,
    blindSpots: """
      Workers that send no task events are not seen; neither are threads, gevent and solo pools, \
      which have no child processes. Late-acknowledged tasks with reject_on_worker_lost are handed \
      back without a failure. A task that ends at its hard time limit is killed on purpose and \
      does not count.
      """,
    confirm: """
      Look for the kernel's reason, and for the worker's words:

          dmesg -T | grep -i 'killed process'
          journalctl -u celery | grep WorkerLostError
          ps -eo pid,ppid,rss,args --sort -rss | grep '[c]elery' | head
          celery -A APP inspect active --destination celery@HOST

      rss is in KiB; active names the task that each process runs (worker_pid). The maxrss of \
      inspect stats is the parent's and says nothing of its children. In a container: cat \
      /sys/fs/cgroup/memory.events, the counter oom_kill.
      """,
    remedy: """
      Renew processes before they grow too large (in KiB, looked at after each task), and run \
      fewer of them at a time:

          worker_max_memory_per_child = 300000
          worker_max_tasks_per_child = 200
          celery -A APP worker --concurrency 2

      Let large tasks work in parts instead of loading everything. Keep the tasks that such a kill \
      hits (make them idempotent first):

          @app.task(acks_late=True, reject_on_worker_lost=True)

      Not those that need too much memory themselves: a task that kills its process each time \
      would come back each time. If it was signal 15, let the process manager signal the parent \
      only: KillMode=mixed.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    let heard = scene.heard
    let failures = (snapshot.tasks.value?.failures ?? []).filter {
      $0.exceptionClass == Self.exception && !$0.isRetry
        && snapshot.takenAt - $0.at <= TaskTrack.length
    }
    let findings = (heard.window?.nodes ?? [:]).filter { $0.value.workerLost > 0 }
      .sorted { $0.key < $1.key }.compactMap { node, counts -> Finding? in
        guard counts.workerLost >= max(1, limits.count("killed", for: node)) else { return nil }
        let own = failures.filter { $0.worker.name == node }
        return finding(node, counts.workerLost, own, heard, snapshot)
      }
    return heard.verdict(findings, over: limits.seconds("window"))
  }

  private static let exception = "WorkerLostError"

  /// In which tasks it happened: those of this worker where all are remembered, else of all.
  private static func tasks(
    of killed: Int, _ failures: [RecentFailure], _ heard: HeardTasks
  ) -> [String: Int] {
    let own = Dictionary(
      failures.map { ($0.task ?? TaskFacts.unnamed, 1) }, uniquingKeysWith: +)
    if failures.count >= killed { return own }
    let all = (heard.window?.tasks ?? [:]).compactMapValues { $0.failures[exception] }
    return all.isEmpty ? own : all
  }

  private func finding(
    _ node: String, _ killed: Int, _ failures: [RecentFailure], _ heard: HeardTasks,
    _ snapshot: Snapshot
  ) -> Finding {
    let tasks = Self.tasks(of: killed, failures, heard)
    let signals = Set(failures.compactMap(\.signal)).sorted()
    let noun = killed == 1 ? "process was" : "processes were"
    var message = "\(killed.grouped) \(noun) killed in \(heard.heard.text)"
    if let task = tasks.mostFrequent.first { message += ", mostly in \(task.key)" }
    if signals == [9] { message += "; signal 9: usually out of memory" }
    return Finding(
      rule: Self.id, severity: .warning, subject: node, message: message,
      since: failures.map(\.at).min() ?? snapshot.takenAt,
      evidence: [
        EvidenceItem("killed", .count(killed)),
        EvidenceItem("tasks", .list(tasks.mostFrequent.map { "\($0.key) \($0.value.grouped)" })),
        EvidenceItem("signals", signals.isEmpty ? .unknown : .list(signals.map { "\($0)" })),
        EvidenceItem("lastTaskID", .text(orUnknown: failures.max { $0.at < $1.at }?.id)),
        EvidenceItem("heardSeconds", .seconds(heard.heard)),
      ],
      remedy: "look into dmesg for the kernel's killing; worker_max_memory_per_child, fewer slots"
        + " or more memory; acks_late with reject_on_worker_lost keeps the tasks")
  }
}

extension RecentFailure {
  /// The number in `signal 9 (SIGKILL)`, which a pool says of a child that vanished.
  fileprivate var signal: Int? {
    for text in [message, traceback].compactMap(\.self) {
      guard let range = text.firstRange(of: "exited prematurely: signal ") else { continue }
      let digits = text[range.upperBound...].prefix { $0.isASCII && $0.isNumber }
      if let number = Int(digits.prefix(3)) { return number }
    }
    return nil
  }
}
