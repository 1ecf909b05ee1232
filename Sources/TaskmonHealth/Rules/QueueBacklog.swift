import TaskmonModel
import TaskmonUnits

/// A queue grows faster than its workers take from it.
package struct QueueBacklog: Rule {
  package static let id: RuleID = "queue-backlog"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [
    .window(Seconds.minutes(10)), .controlReplies, .queueScan,
  ]
  package static let severities: [Severity] = [.critical, .warning]
  package static let thresholds: [Threshold] = [
    Threshold("ready", 1000, .count, help: "more ready messages than this"),
    Threshold(
      "window", QueueDrain.window, help: "growing for this long, of which 30m are remembered"),
    Threshold("warning", Seconds.minutes(15), help: "it would take longer than this to drain"),
    Threshold("critical", Seconds.hours(2), help: "it would take longer than this to drain"),
  ]
  package static let page = RulePage(
    summary: "A queue keeps growing and its workers would need long to empty it.",
    whyItHurts: """
      More is published than is done. Every new task waits longer than the one before it, and \
      the wait does not end by itself: what the users see gets slower by the minute, tasks with \
      an expiry are dropped, and Redis' memory fills with messages. Each retry that a timeout \
      somewhere else causes adds to it.
      """,
    detection: """
      More than 1,000 messages are ready, their number rose throughout the last 10 min (a bulk \
      of messages that came at once does not count), and at the rate at which the queue's \
      workers take tasks it would need over 15 min to drain. Over 2 h, or when nothing at all \
      was taken for the 10 min, it is critical. What was taken is the sum of what the workers of \
      this queue say they have processed; where they serve other queues too, that is an upper \
      bound.
      """,
    blindSpots: """
      Lengths alone cannot tell what comes in from what goes out. Which worker serves which \
      queue is known from its answers only, so with --read-only nothing is judged. A queue that \
      is long and steady, or that drains slowly after a bulk, is not growing: queue-stale tells \
      how long its messages wait.
      """,
    confirm: """
      Look at the length twice, and at what the workers do:

          redis-cli -u redis://HOST:6379/0 LLEN 'QUEUE'
          celery -A APP inspect active_queues
          celery -A APP inspect stats | grep -A 20 '"total": {'
          celery -A APP inspect active

      total counts runs by task since the worker's start: ask twice. Messages of lower priority \
      lie in lists of their own: LLEN $'QUEUE\\x06\\x163', and the same with 6 and 9.
      """,
    remedy: """
      Add workers for this queue until it falls, then find out what changed: a publisher that \
      sends more, a task that got slower, a worker that is gone.

          celery -A APP worker -Q QUEUE -n more@%h --concurrency 16

      Tasks that wait for the network fit --pool gevent or threads with far more slots. Keep \
      slow tasks in a queue of their own, let tasks expire that nobody wants late, and limit \
      what a publisher may pile up:

          sync.apply_async(args, expires=900)
          task_routes = {"reports.*": {"queue": "slow"}}
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let (history, snapshot) = (scene.history, scene.snapshot)
    let queues = try scene.queues.known
    lazy var consumption = Consumption(scene.watch)
    var findings: [Finding] = []
    var doubts: [String] = []
    for queue in queues where queue.ready > limits.count("ready", for: queue.name) {
      switch Backlog(queue, history, snapshot, consumption, limits).verdict {
      case .healthy: continue
      case .findings(let found): findings += found
      case .unknown(let reason): doubts.append(reason)
      }
    }
    if findings.isEmpty, let doubt = doubts.first { return .unknown(doubt) }
    return .judged(findings)
  }
}

/// A queue that is long, before its workers.
private struct Backlog {
  let queue: SeenQueue
  let track: QueueTrack?
  let snapshot: Snapshot
  let consumption: Consumption
  let window: Seconds
  let warning: Seconds
  let critical: Seconds

  init(
    _ queue: SeenQueue, _ history: SnapshotHistory, _ snapshot: Snapshot,
    _ consumption: Consumption, _ limits: ThresholdValues
  ) {
    self.queue = queue
    self.snapshot = snapshot
    self.consumption = consumption
    track = history.queues[queue.name]
    window = limits.seconds("window", for: queue.name)
    warning = limits.seconds("warning", for: queue.name)
    critical = limits.seconds("critical", for: queue.name)
  }

  var verdict: Verdict {
    let samples = track?.ready ?? []
    guard let growth = BacklogGrowth(samples, window: window, now: snapshot.takenAt) else {
      let seen = samples.first.map { snapshot.takenAt - $0.at } ?? .zero
      if seen >= window { return .unknown("needs more than \(samples.count) looks in that time") }
      // A queue that was not there before cannot have grown for so long.
      return snapshot.observed >= window
        ? .healthy
        : .unknown("needs \(window.text) of \(queue.name), has \(max(.zero, seen).text)")
    }
    guard growth.isSteady else { return .healthy }
    if let reason = snapshot.workers.reason { return .unknown(reason) }
    switch consumption.taken(from: queue.name, since: growth.start.at, over: window) {
    case .unavailable(let reason): return .unknown(reason)
    case .value(let count): return judged(growth, taken: count)
    }
  }

  private func judged(_ growth: BacklogGrowth, taken: Int) -> Verdict {
    let drain = QueueDrain.time(ready: queue.ready, taken: taken, over: growth.span)
    let severity: Severity
    switch drain {
    case nil: severity = .critical
    case let drain? where drain > critical: severity = .critical
    case let drain? where drain > warning: severity = .warning
    case .some: return .healthy
    }
    return .findings([finding(growth, taken: taken, drain: drain, severity)])
  }

  private func finding(
    _ growth: BacklogGrowth, taken: Int, drain: Seconds?, _ severity: Severity
  ) -> Finding {
    let more = growth.end.ready - growth.start.ready
    let consumers = consumption.consumers(of: queue.name)
    let isShared = consumers.contains { ($0.queues?.count ?? 0) > 1 }
    let pace =
      drain.map { "it would take \(isShared ? "at least " : "")\($0.text) to drain" }
      ?? "nothing was taken meanwhile"
    return Finding(
      rule: QueueBacklog.id, severity: severity, subject: queue.name,
      message: "\(queue.ready.grouped) messages wait, \(more.grouped) more than"
        + " \(growth.span.text) ago; \(pace)",
      since: growth.start.at,
      evidence: [
        EvidenceItem("ready", .count(queue.ready)),
        EvidenceItem("readyBefore", .count(growth.start.ready)),
        EvidenceItem("windowSeconds", .seconds(growth.span)),
        EvidenceItem("taken", .count(taken)),
        EvidenceItem("takenIsUpperBound", .flag(isShared)),
        EvidenceItem("drainSeconds", drain.map { .number($0.value) } ?? .text("never")),
        EvidenceItem("workers", .list(Array(consumers.prefix(20)).map(\.id.name))),
      ],
      remedy: "start more workers or slots with -Q \(queue.name), and find out whether publishers"
        + " send more or its tasks got slower")
  }
}
