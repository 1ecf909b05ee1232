import TaskmonModel
import TaskmonUnits

/// Messages of a task expire before a worker gets to run them.
package struct TasksExpiring: Rule {
  package static let id: RuleID = "tasks-expiring"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds.minutes(10)), .events]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("share", 0.05, .ratio, help: "messages that expire over all that are dealt with"),
    Threshold("expired", 20, .count, help: "messages that expired, at least"),
    Threshold(
      "newcomer", Seconds(60),
      help: "workers that came since the window began, or so long before, are excused"),
    Threshold(
      "window", Seconds.minutes(10), help: "heard for this long first; what is counted is of 10m"),
  ]
  package static let page = RulePage(
    summary: "Messages of a task expire before a worker gets to run them.",
    whyItHurts: """
      An expired task is thrown away unrun, without an error and without anybody being told: \
      delay() succeeded, and nothing came of it. Some of that is what expires= is for. A steady \
      share means that the workers are too slow for the time the publisher gives them.
      """,
    detection: """
      Within the last 10 min of the event stream 20 or more messages of a task were revoked \
      because their time was over, and these are 5 % or more of those that were either started or \
      expired. What workers find expired that came within these 10 min, or a minute before, does \
      not count: when a fleet returns from zero, the expired messages it meets are what their \
      expiry was for. A worker that finds a message expired does not say of which task it was: \
      without task-sent events these are judged together, against all that was started.
      """,
    blindSpots: """
      Workers that send no task events are not seen. Messages that expire in a queue nobody \
      consumes are not counted before somebody takes them. A worker whose clock is ahead throws \
      away what has not expired: see clock-skew.
      """,
    confirm: """
      See the expiry of what waits next, and what workers throw away:

          redis-cli -u redis://HOST:6379/0 LINDEX 'QUEUE' -1 | grep -o '"expires": "[^"]*"'
          celery -A APP events --dump | grep 'task revoked'
          journalctl -u celery | grep 'Discarding revoked task'

      Workers log that line at the level INFO.
      """,
    remedy: """
      Add workers or slots for its queue, or give the task a queue of its own so that it does not \
      wait behind slow ones:

          task_routes = {"shop.refresh": {"queue": "urgent"}}
          celery -A APP worker -Q urgent --concurrency 4

      If the work is wanted late rather than never, give it more time: expires=3600, or none.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    let watch = scene.watch
    let heard = scene.heard
    let needed = limits.seconds("window")
    if let reason = heard.missing(needed) { return .unknown(reason) }
    guard let window = heard.window else { return heard.verdict([], over: needed) }
    let newcomers = Self.newcomers(
      watch, since: window.counted.start - limits.seconds("newcomer"))
    let excused = newcomers.reduce(0) { $0.addingClamped(window.nodes[$1]?.expired ?? 0) }
    var findings: [Finding] = []
    var doubts: [String] = []
    lazy var all = window.tasks.values.reduce(TaskCounts.zero) { $0 + $1.counts }
    for (name, tally) in heard.troubled where tally.counts.expired > 0 {
      let expiry = Expiry(name, tally.counts, limits)
      guard expiry.isTooMuch() else { continue }
      if !expiry.isTooMuch(without: excused), let newcomer = newcomers.first {
        doubts.append("what \(name) lost to expiry may be from before \(newcomer) came")
      } else if name == TaskFacts.unnamed, !Expiry(name, all, limits).isTooMuch() {
        doubts.append(
          "\(tally.counts.expired.grouped) messages expired of tasks that were not named:"
            + " task_send_sent_event in publishers names them")
      } else {
        findings.append(
          finding(name, name == TaskFacts.unnamed ? all : tally.counts, heard, snapshot))
      }
    }
    if findings.isEmpty, let doubt = doubts.first { return .unknown(doubt) }
    return heard.verdict(findings, over: needed)
  }

  /// Node names of workers that came after this moment.
  private static func newcomers(_ watch: WorkerWatch, since begin: Timestamp) -> [String] {
    let young = watch.workers.filter { worker in
      guard let uptime = worker.uptime else { return false }
      return (worker.lastProof ?? watch.snapshot.takenAt) - uptime > begin
    }
    let joined = watch.tracks.filter { $0.joinedAt.map { $0 > begin } ?? false }
    return Set(young.map(\.id.name) + joined.map(\.id.name)).sorted()
  }

  private func finding(
    _ task: String, _ counts: TaskCounts, _ heard: HeardTasks, _ snapshot: Snapshot
  ) -> Finding {
    let expired = counts.expired
    let share = Double(expired) / (Double(counts.started) + Double(expired))
    return Finding(
      rule: Self.id, severity: .warning, subject: task,
      message: "\(expired.grouped) messages expired unrun in \(heard.heard.text),"
        + " \(share.percent) of those dealt with",
      since: snapshot.takenAt,
      evidence: [
        EvidenceItem("expired", .count(expired)),
        EvidenceItem("started", .count(counts.started)),
        EvidenceItem("share", .number(share)),
        EvidenceItem("waitP95Seconds", .seconds(snapshot.tasks.value?[task: task]?.wait?.p95)),
        EvidenceItem("heardSeconds", .seconds(heard.heard)),
      ],
      remedy: "add workers or slots for its queue, give it a queue of its own, or a longer"
        + " expires=")
  }
}

/// How many messages of one task expired, before its thresholds.
private struct Expiry {
  private let counts: TaskCounts
  private let least: Int
  private let share: Double

  init(_ task: String, _ counts: TaskCounts, _ limits: ThresholdValues) {
    self.counts = counts
    least = max(1, limits.count("expired", for: task))
    share = limits.number("share", for: task)
  }

  /// `excused` are not counted among those that expired.
  func isTooMuch(without excused: Int = 0) -> Bool {
    let expired = max(0, counts.expired) - excused
    let dealtWith = Double(counts.started) + Double(counts.expired)
    return expired >= least && Double(expired) >= share * dealtWith
  }
}
