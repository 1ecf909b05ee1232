import TaskmonModel
import TaskmonUnits

/// A task was run again although nobody had asked for another run.
package struct DuplicateExecution: Rule {
  package static let id: RuleID = "duplicate-execution"
  package static let antipattern = Antipattern.antipattern(3)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds.minutes(10)), .events]
  package static let severities: [Severity] = [.critical, .warning, .info]
  package static let thresholds: [Threshold] = [
    Threshold("duplicates", 1, .count, help: "runs one too many, at least"),
    Threshold("critical", 5, .count, help: "critical: at least so many"),
    Threshold("share", 0.01, .ratio, help: "critical: and more than this share of the task's runs"),
    Threshold(
      "window", Seconds.minutes(10),
      help: "heard for this long before none is health; what is counted is of 10m"),
  ]
  package static let page = RulePage(
    summary: "A task was started again while its first run went on, or after it had ended.",
    whyItHurts: """
      Celery on Redis delivers at least once. A message that is not acknowledged within the \
      visibility timeout goes to the next worker, whatever the first is doing with it: a card is \
      charged twice, a mail sent twice, and a task that waits for its eta is run once for every \
      time it was handed out. With each round the workers have more to do and take longer, so that \
      still more is handed out again.
      """,
    detection: """
      Within the last 10 min of the event stream one id was started at least twice, on two \
      deliveries, under the same name and with the same number of retries. Critical: more than \
      1 % of the task's runs, and at least 5. A retry, a replacement (self.replace), a message \
      that was received twice and started once, and the copies of a broadcast are none. What runs \
      again after its worker was lost, stopped or silent for an hour, or after it was given back \
      (reject with requeue, reject_on_worker_lost), is told as info: it is what late \
      acknowledgement is for.
      """,
    blindSpots: """
      Workers that send no task events are not seen, nor is a second run while nobody listened. \
      Two messages with ids of their own, published twice by the application, are two tasks. An id \
      the application chose itself, and uses again after its run has ended, counts as a new task; \
      a UUID that is used again does so only where publishers send task-sent. Where all workers \
      listen to a broadcast and publishers send no task-sent, a second run on another worker is \
      taken for the broadcast's copy.
      """,
    confirm: """
      See the same id start twice, and what the workers hold for how long:

          celery -A APP events --dump | grep 'task started'
          celery -A APP inspect conf | grep visibility_timeout
          redis-cli -u redis://HOST:6379/0 ZRANGE unacked_index 0 5 WITHSCORES
          celery -A APP inspect scheduled

      The scores are the moments of delivery; what is older than the timeout (3600 s where conf \
      shows none) comes again.
      """,
    remedy: """
      Give Redis more patience than the longest eta and the longest late-acknowledged run, in \
      every application that consumes from it:

          broker_transport_options = {"visibility_timeout": 43200}

      The price: what a killed worker held comes back that much later. Do not publish far ahead: \
      let beat or a table hold what is due tomorrow. And make the task harmless when it runs \
      twice, since no setting rules that out:

          with transaction.atomic():
              if not Payment.objects.filter(order=order, state="open").update(state="paid"):
                  return
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    let watch = scene.watch
    let heard = scene.heard
    let timeout = scene.visibility
    let findings = heard.marked.compactMap { name, tally -> Finding? in
      let repeats = Repeats(tally, watch)
      if repeats.unasked >= max(1, limits.count("duplicates", for: name)) {
        let runs = max(tally.counts.started, repeats.unasked)
        let share = Double(repeats.unasked) / Double(runs)
        let isMuch =
          repeats.unasked >= limits.count("critical", for: name)
          && share > limits.number("share", for: name)
        return finding(
          name, repeats, of: runs, isMuch ? .critical : .warning, heard, timeout, snapshot)
      }
      guard repeats.expected > 0 else { return nil }
      return finding(name, repeats, of: tally.counts.started, .info, heard, timeout, snapshot)
    }
    return heard.verdict(findings, over: limits.seconds("window"))
  }

  private func finding(
    _ task: String, _ repeats: Repeats, of runs: Int, _ severity: Severity, _ heard: HeardTasks,
    _ timeout: VisibilityTimeout, _ snapshot: Snapshot
  ) -> Finding {
    let known = (snapshot.tasks.value?.duplicates ?? []).filter {
      ($0.task ?? TaskFacts.unnamed) == task && snapshot.takenAt - $0.secondAt <= TaskTrack.length
    }
    return Finding(
      rule: Self.id, severity: severity, subject: task,
      message: repeats.sentence(of: runs, in: heard.heard, severity),
      since: known.last?.secondAt ?? snapshot.takenAt,
      evidence: [
        EvidenceItem("duplicates", .count(repeats.unasked)),
        EvidenceItem("afterLoss", .count(repeats.afterLoss)),
        EvidenceItem("handedBack", .count(repeats.handedBack)),
        EvidenceItem("runs", .count(runs)),
        EvidenceItem("firstWorkers", .list(Array(repeats.workers.prefix(20)))),
        EvidenceItem("lastTaskID", .text(orUnknown: known.first?.id)),
        EvidenceItem("lastFirstWorker", .text(orUnknown: known.first?.first.name)),
        EvidenceItem("lastSecondWorker", .text(orUnknown: known.first?.second.name)),
        EvidenceItem(
          "visibilityTimeoutSeconds", timeout.isAssumed ? .unknown : .seconds(timeout.seconds)),
        EvidenceItem("heardSeconds", .seconds(heard.heard)),
      ],
      remedy: severity == .info
        ? "nothing, if the task may run twice; if not, make it harmless (look before you act)"
        : "set broker_transport_options visibility_timeout above the longest eta and the longest"
          + " late-acknowledged run, and make the task harmless when it runs twice")
  }
}

/// Runs one too many of one task, by why they came about.
private struct Repeats {
  /// Whoever had begun the first run is there.
  private(set) var unasked = 0
  private(set) var afterLoss = 0
  let handedBack: Int
  /// Who had begun the first runs, of those unasked for where there are any.
  let workers: [String]

  /// Heartbeats that may be missing before a worker seems to be gone.
  private static let heartbeats = 2.5

  init(_ tally: TaskTally, _ watch: WorkerWatch) {
    handedBack = tally.marks.handedBack
    var present: Set<String> = []
    for (worker, count) in tally.marks.duplicates {
      if Self.isGone(worker, watch) {
        afterLoss = afterLoss.addingClamped(count)
      } else {
        unasked = unasked.addingClamped(count)
        present.insert(worker.name)
      }
    }
    workers =
      present.isEmpty
      ? Set(tally.marks.duplicates.keys.map(\.name)).sorted() : present.sorted()
  }

  var expected: Int { afterLoss.addingClamped(handedBack) }

  /// A worker that has just fallen silent may turn out to be lost: until then it is not blamed.
  private static func isGone(_ worker: WorkerID, _ watch: WorkerWatch) -> Bool {
    let known = watch.track(of: worker) ?? watch.history.workers[WorkerID(name: worker.name)]
    // Who gave no sign for an hour is forgotten: as long as Redis waits before it restores.
    guard let track = known else { return watch.snapshot.workers.value != nil }
    switch watch.liveness(of: track) {
    case .lost, .stopped: return true
    case .busy, .doubtful, .mute: return false
    case .alive:
      guard let interval = track.heartbeatInterval, interval > .zero else { return false }
      return track.silentHeard > interval * heartbeats
    }
  }

  func sentence(of runs: Int, in heard: Seconds, _ severity: Severity) -> String {
    let span = "in \(heard.text)"
    guard severity != .info else {
      let noun = expected == 1 ? "run was" : "runs were"
      return "\(expected.grouped) \(noun) repeated \(span), after the worker was gone or had given"
        + " the message back"
    }
    let share = runs > 0 ? Double(unasked) / Double(runs) : 0
    let noun = unasked == 1 ? "was a second run" : "were second runs"
    return "\(unasked.grouped) of \(runs.grouped) starts \(span) (\(share.percent)) \(noun) of one"
      + " and the same attempt"
  }
}
