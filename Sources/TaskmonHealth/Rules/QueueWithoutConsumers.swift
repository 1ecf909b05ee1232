import TaskmonModel
import TaskmonUnits

/// Messages wait in a queue that no worker listens to.
package struct QueueWithoutConsumers: Rule {
  package static let id: RuleID = "queue-without-consumers"
  package static let antipattern = Antipattern.antipattern(1)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds(60)), .controlReplies, .queueScan]
  package static let severities: [Severity] = [.critical, .warning, .info]
  package static let thresholds: [Threshold] = [
    Threshold("warning", Seconds(60), help: "the first message has not moved for this long"),
    Threshold(
      "critical", Seconds.minutes(5), help: "the first message has not moved for this long"),
  ]
  package static let page = RulePage(
    summary: "Messages wait in a queue that no known worker consumes.",
    whyItHurts: """
      These tasks never run and nothing fails: delay() succeeded, the web page said thank you, and \
      the message waits for ever. The usual cause is a second Celery() application: code that \
      makes its own app publishes with that app's default queue and routes, and the workers belong \
      to the other one. A typing error in a queue name looks the same, for Celery makes the queue \
      without a word.
      """,
    detection: """
      The message that would be taken next has not moved for 60 s (warning) or 5 min (critical), \
      and none of the workers that are alive names the queue in its active_queues. A message that \
      was put in front of the old one (restored, or more urgent) does not count as movement. A \
      worker that was lost is no consumer, but while lost-worker names it this rule is quiet. If \
      heads are taken one by one, at least twice within 5 min, although no known worker consumes \
      the queue, there is a consumer that taskmon cannot see: an info. A queue whose messages \
      vanish all at once was purged.
      """,
    blindSpots: """
      Which queues a worker consumes is known only from its answer to a control request: with \
      --read-only, or while any live worker has not answered, the rule is unknown. Consumers that \
      are not Celery workers are seen only by what they take.
      """,
    confirm: """
      Compare the queues that hold messages with those that are consumed:

          celery -A APP inspect active_queues
          redis-cli -u redis://HOST:6379/0 LLEN 'QUEUE'
          redis-cli -u redis://HOST:6379/0 LINDEX 'QUEUE' -1

      In the message, headers.task names the task and headers.origin the process that sent it. \
      Messages of lower priority lie in lists of their own: $'QUEUE\\x06\\x163', and the same with \
      6 and 9.
      """,
    remedy: """
      Let a worker that has these tasks consume the queue, at once and until its restart, then for \
      good:

          celery -A APP control add_consumer QUEUE --destination celery@HOST
          celery -A APP worker -Q celery,QUEUE

      or send the task where workers listen. Make one Celery() instance, import it everywhere, and \
      use @shared_task in libraries; set routes in that one place:

          app.conf.task_default_queue = "celery"
          app.conf.task_routes = {"billing.*": {"queue": "billing"}}

      With task_create_missing_queues = False a wrong name is an error at delay() instead. \
      Messages nobody wants are removed by: celery -A APP purge -Q QUEUE
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    let queues = try scene.queues.known
    if let reason = snapshot.workers.reason { return .unknown(reason) }
    let fleet = Fleet(scene.watch)
    var findings: [Finding] = []
    var doubts: [String] = []
    for queue in queues where !fleet.consumed.contains(queue.name) {
      let standing = QueueCase(queue, history.queues[queue.name], fleet, snapshot, limits)
      switch standing.verdict {
      case .healthy: continue
      case .findings(let found): findings += found
      case .unknown(let reason): doubts.append(reason)
      }
    }
    if findings.isEmpty, let doubt = doubts.first { return .unknown(doubt) }
    return .judged(findings)
  }
}

/// Who consumes what, as far as it is known.
private struct Fleet {
  private(set) var alive: [WorkerTrack] = []
  private(set) var lost: [WorkerTrack] = []
  private(set) var stopped: [WorkerTrack] = []
  private(set) var doubtful: [(track: WorkerTrack, reason: String)] = []
  /// What live workers consume, and what lost ones did.
  let consumed: Set<String>
  let abandoned: Set<String>
  /// Why it is not known what all live workers consume; nil where it is.
  private(set) var gap: String?

  init(_ watch: WorkerWatch) {
    for track in watch.tracks {
      switch watch.liveness(of: track) {
      case .alive, .busy: alive.append(track)
      case .lost: lost.append(track)
      case .stopped: stopped.append(track)
      case .doubtful(let reason), .mute(let reason): doubtful.append((track, reason))
      }
    }
    consumed = Set(alive.flatMap { $0.queues ?? [] })
    abandoned = Set(lost.flatMap { $0.queues ?? [] })
    let suspended = watch.snapshot.inspection.suspended
    if let silent = alive.first(where: { $0.queues == nil }) {
      let why = suspended.map { " (\($0))" } ?? ""
      gap = "which queues \(silent.id.name) consumes was not heard\(why)"
    } else if watch.tracks.isEmpty, watch.snapshot.inspection.lastRound == nil {
      gap = "no worker was heard or asked" + (suspended.map { " (\($0))" } ?? "")
    }
  }

  /// Whether a worker that is gone now explains that a message was taken then.
  func formerConsumer(of queue: String, at moment: Timestamp) -> Bool {
    (stopped + lost + doubtful.map(\.track)).contains { track in
      let last = [track.lastHeard, track.lastReply, track.offlineSince].compactMap(\.self).max()
      return track.queues?.contains(queue) == true
        && (last ?? moment) >= moment - QueueCase.slack
    }
  }
}

/// One queue that no living worker is known to consume.
private struct QueueCase {
  let queue: SeenQueue
  let track: QueueTrack?
  let fleet: Fleet
  let snapshot: Snapshot
  let warning: Seconds
  let critical: Seconds

  /// Between a worker's last sign and what it took last.
  static let slack = Seconds(60)

  init(
    _ queue: SeenQueue, _ track: QueueTrack?, _ fleet: Fleet, _ snapshot: Snapshot,
    _ limits: ThresholdValues
  ) {
    self.queue = queue
    self.track = track
    self.fleet = fleet
    self.snapshot = snapshot
    warning = limits.seconds("warning", for: queue.name)
    critical = limits.seconds("critical", for: queue.name)
  }

  var verdict: Verdict {
    if queue.ready == 0 { return movedUnseen.map { .findings([$0]) } ?? .healthy }
    if let gap = fleet.gap { return .unknown(gap) }
    if fleet.abandoned.contains(queue.name) { return .healthy }
    if let doubt = fleet.doubtful.first(where: {
      $0.track.queues?.contains(queue.name) ?? true
    }) {
      return .unknown(doubt.reason)
    }
    guard let since = track?.headSince else {
      return .unknown("the head of \(queue.name): \(queue.head?.reason ?? "not read yet")")
    }
    let unmoved = snapshot.takenAt - since
    if unmoved >= min(warning, critical) { return .findings([finding(unmoved, since)]) }
    if let unseen = movedUnseen { return .findings([unseen]) }
    return watched >= warning ? .healthy : .unknown("needs \(warning.text), has \(watched.text)")
  }

  /// How long this queue could have been seen to stand still.
  private var watched: Seconds {
    let own = track?.ready.first.map { snapshot.takenAt - $0.at } ?? .zero
    return max(own, snapshot.observed)
  }

  private func finding(_ unmoved: Seconds, _ since: Timestamp) -> Finding {
    let noun = queue.ready == 1 ? "message waits" : "messages wait"
    return Finding(
      rule: QueueWithoutConsumers.id, severity: unmoved >= critical ? .critical : .warning,
      subject: queue.name,
      message: "\(queue.ready.grouped) \(noun) and no worker consumes this queue;"
        + " nothing was taken for \(unmoved.text)",
      since: since, evidence: evidence(unmoved), remedy: remedy)
  }

  /// Taken by somebody no known worker accounts for.
  private var movedUnseen: Finding? {
    let taken = (track?.taken ?? []).filter { moment in
      snapshot.takenAt - moment <= critical && !fleet.formerConsumer(of: queue.name, at: moment)
    }
    // Once may have been anybody.
    guard fleet.gap == nil, fleet.doubtful.isEmpty, taken.count >= 2, let moved = taken.last else {
      return nil
    }
    return Finding(
      rule: QueueWithoutConsumers.id, severity: .info, subject: queue.name,
      message: "messages are taken from this queue by a consumer that taskmon cannot see",
      since: moved, evidence: evidence(track?.headSince.map { snapshot.takenAt - $0 }),
      remedy: "let its workers answer control requests (worker_enable_remote_control), or ignore"
        + " a consumer that is no Celery worker")
  }

  private func evidence(_ unmoved: Seconds?) -> [EvidenceItem] {
    let head = queue.head?.value
    return [
      EvidenceItem("ready", .count(queue.ready)),
      EvidenceItem("headUnmovedSeconds", .seconds(unmoved)),
      EvidenceItem("headTask", .text(orUnknown: head?.task)),
      EvidenceItem("headTaskID", .text(orUnknown: head?.taskID)),
      EvidenceItem("publisher", .text(orUnknown: head?.origin)),
      EvidenceItem("workersAlive", .count(fleet.alive.count)),
      EvidenceItem("queuesConsumed", .list(Array(fleet.consumed.sorted().prefix(20)))),
    ]
  }

  private var remedy: String {
    let task = queue.head?.value?.task.map { "send \($0)" } ?? "send its tasks"
    return "start a worker with -Q \(queue.name), or \(task) to a queue that is consumed"
      + " (task_routes, task_default_queue, one Celery() app)"
  }
}
