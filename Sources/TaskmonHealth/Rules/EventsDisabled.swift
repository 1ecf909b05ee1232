import TaskmonModel
import TaskmonUnits

/// A worker runs tasks and sends no event of them.
package struct EventsDisabled: Rule {
  package static let id: RuleID = "events-disabled"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.practice
  package static let needs: [RuleNeed] = [.events]
  package static let severities: [Severity] = [.info]
  package static let thresholds: [Threshold] = [
    Threshold("runs", 3, .count, help: "tasks done without an event of any"),
    Threshold("silence", Seconds(10), help: "and the last task event is older than this"),
  ]
  package static let page = RulePage(
    summary: "A worker runs tasks and sends no task events, so nobody can see what it does.",
    whyItHurts: """
      Events are the only place where it stands which task ran where, how long, and how it ended. \
      Of this worker no monitor sees failures, retries or run times, here as in Flower or an \
      exporter: its part of every graph is missing, and a task that fails on it fails in silence.
      """,
    detection: """
      The heartbeat of a worker counts the tasks it has begun. The count has grown by 3 or more \
      while taskmon's own subscription was whole, and no task event of this worker came for 10 s. \
      Of workers without heartbeats the counts in their stats replies are taken instead.
      """,
    blindSpots: """
      A worker that runs nothing while taskmon listens shows neither. Tasks may switch their own \
      events off (send_events=False): a worker that runs only such tasks looks the same. \
      task-sent events come from publishers and say nothing of workers.
      """,
    confirm: """
      Watch the stream while the worker works, and look at its settings:

          celery -A APP events --dump
          celery -A APP inspect conf true --destination celery@HOST | grep worker_send_task_events

      A worker started with -E shows false there and sends events all the same: the stream decides.
      """,
    remedy: """
      Start the worker with -E, or set it for all of them:

          celery -A APP worker -E
          worker_send_task_events = True

      Until its next restart this does it, and taskmon does it with --enable-events:

          celery -A APP control enable_events

      task_send_sent_event = True in publishers adds who sent what and how long it waited.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    if let reason = snapshot.workers.reason { return .unknown(reason) }
    guard let listening = snapshot.events.heard.last, snapshot.events.connectedSince != nil else {
      return .unknown("the event stream was not heard")
    }
    var findings: [Finding] = []
    var doubts: [String] = []
    for worker in scene.watch.workers where worker.consumes {
      let name = worker.id.name
      let runs = unseenRuns(of: worker, history.workers[worker.id], since: listening.start)
      let silence = worker.events?.lastTaskEvent.map { snapshot.takenAt - $0 }
      if let runs, runs >= limits.count("runs", for: name),
        silence.map({ $0 > limits.seconds("silence", for: name) }) ?? true
      {
        findings.append(finding(worker, runs: runs, silence, snapshot))
      } else if worker.sendsTaskEvents.value == nil, let reason = worker.sendsTaskEvents.reason {
        doubts.append("\(name): \(reason)")
      }
    }
    if findings.isEmpty, let doubt = doubts.first { return .unknown(doubt) }
    return .judged(findings)
  }

  /// Tasks it has begun without a word since we listen; nil where it does not count them.
  private func unseenRuns(
    of worker: SeenWorker, _ track: WorkerTrack?, since start: Timestamp
  ) -> Int? {
    if let events = worker.events, let runs = events.unseenRuns { return runs }
    guard worker.events?.taskEvents ?? 0 == 0 else { return nil }
    let samples = (track?.processedSamples ?? []).filter { $0.at >= start }
    return samples.first.map { samples.growth(since: $0.at) }
  }

  private func finding(
    _ worker: SeenWorker, runs: Int, _ silence: Seconds?, _ snapshot: Snapshot
  ) -> Finding {
    let last = silence.map { "none for \($0.text)" } ?? "none was ever heard"
    return Finding(
      rule: Self.id, severity: .info, subject: worker.id.name,
      message: "began \(runs.grouped) tasks and sent no task event of them; \(last)",
      since: worker.events?.lastTaskEvent ?? max(worker.firstHeard, snapshot.observedSince),
      evidence: [
        EvidenceItem("pid", worker.id.pid.map { .count($0) } ?? .unknown),
        EvidenceItem("runsUnseen", .count(runs)),
        EvidenceItem("processed", worker.processed.map { .count($0) } ?? .unknown),
        EvidenceItem("taskEventsHeard", .count(worker.events?.taskEvents ?? 0)),
        EvidenceItem("silentSeconds", silence.map { .number($0.value) } ?? .text("ever")),
      ],
      remedy: "start it with -E or set worker_send_task_events = True; until its restart"
        + " `celery control enable_events` does it")
  }
}
