import TaskmonModel
import TaskmonUnits

/// A worker beats and takes nothing, though messages wait for it.
package struct StalledWorker: Rule {
  package static let id: RuleID = "stalled-worker"
  package static let antipattern = Antipattern.goldenRule(2)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds(60)), .events, .controlReplies]
  package static let severities: [Severity] = [.critical]
  package static let thresholds: [Threshold] = [
    Threshold("unmoved", Seconds(60), help: "the first message and the worker stand still")
  ]
  package static let page = RulePage(
    summary: "A worker is alive and idle, and takes nothing from a queue with messages.",
    whyItHurts: """
      It beats, it answers pings, its process is there, and it does nothing: no health check that \
      asks whether it lives finds anything wrong. It is the classic state after Redis was restarted \
      or failed over, when a worker waits for an answer on a connection that is dead on the other \
      side. The queue grows until somebody restarts the worker by hand.
      """,
    detection: """
      The message that would be taken next has not moved for 60 s, and a worker that consumes the \
      queue sends heartbeats, has a free slot, and has begun no task in this time. That it still \
      consumes the queue must have been heard since the queue stands still. It is quiet while the \
      worker holds messages that it could start and does not, which is what a rate limit looks \
      like, and while all that waits is not yet due.
      """,
    blindSpots: """
      Without control replies (--read-only) neither queues nor slots are known. A worker that sends \
      no task events may hold rate-limited tasks: it is judged only where no message of the queue \
      is unacknowledged. A worker whose slots are all taken is not stalled but stuck: see \
      stuck-task.
      """,
    confirm: """
      Ask it, and see whether Redis has it waiting on the queue:

          celery -A APP inspect active_queues --destination celery@HOST
          redis-cli -u redis://HOST:6379/0 CLIENT LIST | grep -i 'cmd=brpop'
          redis-cli -u redis://HOST:6379/0 LINDEX 'QUEUE' -1
          ss -tnop | grep 6379

      A worker that consumes has a line with cmd=brpop and the address of its host. If Redis lists \
      none, it does not ask for messages; a connection that ss on that host still shows is dead.
      """,
    remedy: """
      Restart the worker, and it works at once. Then keep it from happening again: a current kombu \
      (5.7 drops a dead connection by itself), and health checks of the connection:

          pip install -U 'celery>=5.7' 'kombu>=5.7'
          broker_transport_options = {"health_check_interval": 10, "socket_keepalive": True,
                                      "socket_timeout": 30}
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict {
    let snapshot = scene.snapshot
    let queues = try scene.queues.known
    if let reason = snapshot.workers.reason { return .unknown(reason) }
    let watch = scene.watch
    let waiting = queues.filter { $0.ready > 0 && $0.isDue(at: snapshot.takenAt) }
    var findings: [String: Standstill] = [:]
    var doubts: [String] = []
    guard !waiting.isEmpty, !watch.workers.isEmpty else { return .healthy }
    guard snapshot.events.wasHeard else { return .unknown("the event stream was not heard") }
    let places = Dictionary(
      zip(waiting.map(\.name), waiting.indices), uniquingKeysWith: { first, _ in first })
    for worker in watch.workers
    where worker.liveness == .alive && worker.facts.beats(at: snapshot.takenAt) {
      // One that has not told its queues may consume any of them.
      let own = worker.queues.value.map { $0.compactMap { places[$0] } } ?? [0]
      let needed = limits.seconds("unmoved", for: worker.id.name)
      for place in own {
        let standstill = Standstill(worker, waiting[place], watch, needed)
        switch standstill.state {
        case .moving: continue
        case .doubtful(let reason): doubts.append(reason)
        case .stalled:
          guard let since = standstill.since else { continue }
          if let known = findings[worker.id.name]?.since, known <= since { continue }
          findings[worker.id.name] = standstill
        }
      }
    }
    if findings.isEmpty, let doubt = doubts.first { return .unknown(doubt) }
    return .judged(findings.values.map(\.finding).sorted { $0.subject < $1.subject })
  }
}

/// One worker before one queue with messages.
private struct Standstill {
  enum State {
    case moving, stalled
    case doubtful(String)
  }

  let worker: SeenWorker
  let queue: SeenQueue
  let watch: WorkerWatch
  let needed: Seconds
  private let queueTrack: QueueTrack?

  init(_ worker: SeenWorker, _ queue: SeenQueue, _ watch: WorkerWatch, _ needed: Seconds) {
    self.worker = worker
    self.queue = queue
    self.watch = watch
    self.needed = needed
    queueTrack = watch.history.queues[queue.name]
  }

  private var now: Timestamp { watch.snapshot.takenAt }
  private var name: String { worker.id.name }
  /// Since when the head has not moved.
  var since: Timestamp? { queueTrack?.headSince }

  var state: State {
    if let reason = worker.queues.reason { return .doubtful("the queues of \(name): \(reason)") }
    guard let since else {
      return .doubtful("the head of \(queue.name): \(queue.head?.reason ?? "not read yet")")
    }
    guard let isFree = worker.hasFreeSlot else {
      return .doubtful("the slots of \(name): \(worker.stats.reason ?? "not told")")
    }
    guard isFree else { return .moving }
    let unmoved = now - since
    guard unmoved >= needed else {
      return watched >= needed ? .moving : .doubtful("needs \(needed.text), has \(watched.text)")
    }
    guard let begun = hasBegun(since: now - needed), !begun, idle >= needed else {
      return known >= needed ? .moving : .doubtful("needs \(needed.text), has \(known.text)")
    }
    guard worker.queuesToldAt.map({ $0 >= since }) ?? false else {
      return .doubtful(
        "\(name) has not said since \(queue.name) stands still whether it still consumes it")
    }
    return held
  }

  private var track: WorkerTrack? { watch.history.workers[worker.id] }

  /// How long the queue could have been seen to stand still.
  private var watched: Seconds { age(queueTrack?.ready.first?.at) }

  /// How long the worker could have been.
  private var known: Seconds { age(track?.processedSamples.first?.at) }

  /// For how long it has had a free slot at every look.
  private var idle: Seconds { age(track?.freeSince) }

  private func age(_ moment: Timestamp?) -> Seconds {
    moment.map { max(.zero, now - $0) } ?? .zero
  }

  /// Whether it has begun a task since then; nil where it was not counted all the time.
  private func hasBegun(since start: Timestamp) -> Bool? {
    guard let track, let first = track.processedSamples.first else { return nil }
    if track.processedSamples.growth(since: start) > 0 { return true }
    return first.at <= start ? false : nil
  }

  /// With a slot free, it starts what it holds, unless a rate limit keeps it from it.
  private var held: State {
    if let events = worker.events, worker.sendsTaskEvents == .value(true) {
      return events.due == 0 ? .stalled : .moving
    }
    guard case .value(let unacked) = queue.unacked else {
      return .doubtful("what \(name) holds is not known: no task event of it was heard")
    }
    return unacked == 0
      ? .stalled
      : .doubtful("\(name) may hold rate-limited tasks: no task event of it was heard")
  }

  var finding: Finding {
    let unmoved = now - (since ?? now)
    let noun = queue.ready == 1 ? "message waits" : "messages wait"
    return Finding(
      rule: StalledWorker.id, severity: .critical, subject: name,
      message: "beats and is idle, but took nothing from \(queue.name) for \(unmoved.text), where"
        + " \(queue.ready.grouped) \(noun)",
      since: since ?? now,
      evidence: [
        EvidenceItem("pid", worker.id.pid.map { .count($0) } ?? .unknown),
        EvidenceItem("queue", .text(queue.name)),
        EvidenceItem("ready", .count(queue.ready)),
        EvidenceItem("headUnmovedSeconds", .seconds(unmoved)),
        EvidenceItem("headTask", .text(orUnknown: queue.head?.value?.task)),
        EvidenceItem("headTaskID", .text(orUnknown: queue.head?.value?.taskID)),
        EvidenceItem("active", worker.active.map { .count($0) } ?? .unknown),
        EvidenceItem("slots", worker.stats.value?.slots.map { .count($0) } ?? .unknown),
        EvidenceItem("processed", worker.processed.map { .count($0) } ?? .unknown),
        EvidenceItem("softwareVersion", .text(orUnknown: worker.softwareVersion)),
      ],
      remedy: "restart it; then use kombu 5.7 or later with health_check_interval and"
        + " socket_keepalive in broker_transport_options")
  }
}

extension SeenQueue {
  /// Whether the message that is next is due; where it could not be read, it may be.
  fileprivate func isDue(at now: Timestamp) -> Bool {
    guard case .value(let message)? = facts.head, let eta = message.eta else { return true }
    return eta <= now
  }
}
