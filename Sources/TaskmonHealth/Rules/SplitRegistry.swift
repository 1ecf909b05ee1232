import TaskmonModel
import TaskmonUnits

/// Workers of one queue know different tasks.
package struct SplitRegistry: Rule {
  package static let id: RuleID = "split-registry"
  package static let antipattern = Antipattern.antipattern(1)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds.minutes(10)), .controlReplies]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("window", Seconds.minutes(10), help: "workers have differed for so long")
  ]
  package static let page = RulePage(
    summary: "Workers that consume the same queue have registered different tasks.",
    whyItHurts: """
      Who takes a message is chance. When the worker that does not know the task takes it, the \
      message is lost; when the other one does, all is well. So it works on every second try, and \
      nobody can say why. The usual causes are two applications that share the default queue, and \
      a worker that a deploy has forgotten.
      """,
    detection: """
      Two live workers that consume one queue, each of them older than 2 min, have registered \
      different tasks for at least 10 min. Only tasks count that were met in that queue within the \
      last 24 h: in messages that waited or were held, or in the counts of workers that consume \
      nothing else.
      """,
    blindSpots: """
      Tasks of a queue that is always empty when it is looked at are known only from workers that \
      consume this queue alone. A rolling deploy that takes longer than 10 min, with new tasks \
      that are published already, is told as well, and rightly: those messages may be lost.
      """,
    confirm: """
      Compare what the consumers of the queue have registered:

          celery -A APP inspect active_queues
          celery -A APP inspect registered
      """,
    remedy: """
      Give each application its own queue, and its workers only that:

          app.conf.task_default_queue = "billing"
          celery -A billing worker -Q billing

      or start all workers of the queue from one application and one version. If a deploy has left \
      an old worker running, stop it.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    let fleet = scene.fleet
    var findings: [Finding] = []
    var needed: Seconds?
    for (queue, track) in history.registries {
      let window = limits.seconds("window", for: queue)
      let split = track.tasks.filter { $0.value.splitSince != nil }
      guard let since = split.compactMap(\.value.splitSince).min(),
        let consumers = fleet.consumers(of: queue)
      else { continue }
      let old = split.filter {
        $0.value.splitSince.map { snapshot.takenAt - $0 >= window } ?? false
      }
      if let finding = finding(queue, old.keys.sorted(), since, consumers, snapshot) {
        findings.append(finding)
      } else if snapshot.observed < window {
        needed = max(needed ?? .zero, window)
      }
    }
    if findings.isEmpty, let needed {
      return .unknown(
        "needs \(needed.text) of observation, has \(max(.zero, snapshot.observed).text)")
    }
    if findings.isEmpty, let gap = fleet.consumersGap { return .unknown(gap) }
    return .judged(findings.sorted { $0.subject < $1.subject })
  }

  private func finding(
    _ queue: String, _ tasks: [String], _ since: Timestamp, _ consumers: [SeenWorker],
    _ snapshot: Snapshot
  ) -> Finding? {
    guard let task = tasks.first else { return nil }
    let knowing = consumers.filter { $0.facts.knows(task) == true }.map(\.id.name)
    let others = consumers.filter { $0.facts.knows(task) == false }.map(\.id.name)
    guard let one = knowing.first, let other = others.first else { return nil }
    let more = tasks.count == 1 ? "" : " and \((tasks.count - 1).grouped) more"
    return Finding(
      rule: Self.id, severity: .warning, subject: queue,
      message: "\(one) knows \(task)\(more), \(other) does not, and both consume this queue",
      since: since,
      evidence: [
        EvidenceItem("tasks", .list(Array(tasks.prefix(20)))),
        EvidenceItem("knownBy", .list(Array(knowing.prefix(20)))),
        EvidenceItem("notKnownBy", .list(Array(others.prefix(20)))),
      ],
      remedy: "start all consumers of this queue from one application and version, or give each"
        + " application its own queue")
  }
}
