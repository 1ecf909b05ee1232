import TaskmonModel
import TaskmonUnits

/// A worker holds messages that it cannot start, while another has nothing to do.
package struct PrefetchHoarding: Rule {
  package static let id: RuleID = "prefetch-hoarding"
  package static let antipattern = Antipattern.incident
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds(60)), .events, .controlReplies]
  package static let severities: [Severity] = [.warning]
  package static let thresholds: [Threshold] = [
    Threshold("duration", Seconds(60), help: "one is full and the other free for this long")
  ]
  package static let page = RulePage(
    summary: "A worker holds messages it cannot start while another one has free slots.",
    whyItHurts: """
      By default a worker takes four messages for each of its slots, before it has time for them. \
      Behind a task of ten minutes, three short ones wait ten minutes in a worker that is busy, \
      while its neighbour has nothing to do. Adding workers does not help: what is held is out of \
      their reach, and the queue itself looks empty.
      """,
    detection: """
      For 60 s every heartbeat of a worker said that all of its slots are taken, a message it has \
      received and that is due has waited as long, and another worker that consumes the same \
      queues, or more, has had a free slot all this time and has no message left to start.
      """,
    blindSpots: """
      What a worker holds is known from its task events: without them nothing is judged. Solo, \
      gevent and eventlet workers fall silent at work and are not judged then. A look now and then \
      (check with a short --observe) is too short for 60 s.
      """,
    confirm: """
      See what the busy worker holds, and that the other one is idle:

          celery -A APP inspect reserved --destination celery@BUSY
          celery -A APP inspect active --destination celery@IDLE
          celery -A APP inspect stats | grep -e prefetch_count -e max-concurrency
          redis-cli -u redis://HOST:6379/0 HLEN unacked
      """,
    remedy: """
      Where tasks are long, let workers take one message for each slot, and acknowledge late, \
      which is what makes it one and not two:

          worker_prefetch_multiplier = 1
          task_acks_late = True

      Celery 5.6 and later can take nothing before a slot is free: worker_disable_prefetch = True. \
      Give long and short tasks queues and workers of their own. A restart of the busy worker \
      hands back what it holds.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    if let reason = snapshot.workers.reason { return .unknown(reason) }
    if snapshot.workers.value.map({ $0.count > 1 }) == true, !snapshot.events.wasHeard {
      return .unknown("the event stream was not heard")
    }
    let watch = scene.watch
    let alive = watch.workers.filter {
      $0.liveness == .alive && $0.facts.beats(at: snapshot.takenAt)
    }
    var findings: [Finding] = []
    var doubts: [String] = []
    let crowd = Crowd(alive, watch)
    for worker in alive {
      let needed = limits.seconds("duration", for: worker.id.name)
      switch Hoard(worker, among: crowd, watch, needed).verdict {
      case .healthy: continue
      case .findings(let found): findings += found
      case .unknown(let reason): doubts.append(reason)
      }
    }
    if findings.isEmpty, let doubt = doubts.first { return .unknown(doubt) }
    return .judged(findings)
  }
}

/// All workers that live, as neighbours of each of them.
private struct Crowd {
  let count: Int
  /// What they are known to hold and to run.
  let known: Int
  /// How long any of them has had a free slot, at most.
  let longestFree: Seconds
  /// Those with a free slot and nothing left to start, who has been free for longest first.
  private let takers: [Taker]
  /// The same by each of their queues.
  private var takersOf: [String: [Taker]] = [:]

  struct Taker {
    let worker: SeenWorker
    let queues: [String]
    let free: Seconds
  }

  init(_ alive: [SeenWorker], _ watch: WorkerWatch) {
    count = alive.count
    var known = 0
    var longest = Seconds.zero
    var takers: [Taker] = []
    for worker in alive {
      known = known.addingClamped(worker.prefetched ?? 0).addingClamped(worker.active ?? 0)
      guard worker.hasFreeSlot == true else { continue }
      let since = watch.history.workers[worker.id]?.freeSince
      let free = since.map { max(.zero, watch.snapshot.takenAt - $0) } ?? .zero
      longest = max(longest, free)
      guard (worker.events?.due ?? 0) == 0, let queues = worker.queues.value else { continue }
      takers.append(Taker(worker: worker, queues: queues, free: free))
    }
    self.known = known
    longestFree = longest
    self.takers = takers.sorted { $0.free > $1.free }
    for taker in self.takers {
      for queue in Set(taker.queues) { takersOf[queue, default: []].append(taker) }
    }
  }

  /// Who consumes all of these queues and has been free for the longest time; nil where nobody has.
  func idlest(of queues: [String]) -> Taker? {
    let candidates = queues.first.map { takersOf[$0] ?? [] } ?? takers
    return candidates.first { taker in queues.allSatisfy(taker.queues.contains) }
  }
}

/// What one worker holds, before its neighbours.
private struct Hoard {
  let worker: SeenWorker
  private let crowd: Crowd
  let watch: WorkerWatch
  let needed: Seconds

  init(
    _ worker: SeenWorker, among crowd: Crowd, _ watch: WorkerWatch, _ needed: Seconds
  ) {
    self.worker = worker
    self.crowd = crowd
    self.watch = watch
    self.needed = needed
  }

  private var now: Timestamp { watch.snapshot.takenAt }
  private var name: String { worker.id.name }

  var verdict: Verdict {
    guard crowd.count > 1 else { return .healthy }
    guard let isFree = worker.hasFreeSlot else {
      return .unknown("the slots of \(name): \(worker.stats.reason ?? "not told")")
    }
    if isFree { return .healthy }
    guard worker.prefetched != nil, let events = worker.events else {
      return .unknown("what \(name) holds: \(worker.sendsTaskEvents.reason ?? "no task events")")
    }
    guard events.due > 0, let oldest = events.longestHeld.first else { return whatIsUnseen }
    guard let queues = worker.queues.value else {
      return .unknown("the queues of \(name): \(worker.queues.reason ?? "not heard")")
    }
    // Its own clock wrote when it was received.
    let held = now - oldest.since - (events.clockOffset ?? .zero)
    guard let idle = crowd.idlest(of: queues), idle.free > .zero else { return .healthy }
    let lasted = min(held, full, idle.free)
    if lasted >= needed { return .findings([finding(events, oldest, lasted, idle.worker)]) }
    return watch.snapshot.observed >= needed
      ? .healthy : .unknown("needs \(needed.text), has \(max(.zero, lasted).text)")
  }

  /// For how long all its slots have been taken.
  private var full: Seconds {
    let since = watch.history.workers[worker.id]?.fullSince
    return since.map { max(.zero, now - $0) } ?? .zero
  }

  /// Messages that were delivered before we listened are in nobody's count.
  private var whatIsUnseen: Verdict {
    guard case .value(let unacked) = watch.snapshot.unacked,
      let listening = watch.snapshot.events.connectedSince, worker.firstHeard <= listening + needed
    else { return .healthy }
    guard crowd.longestFree >= needed, full >= needed, unacked.count > crowd.known else {
      return .healthy
    }
    return .unknown("\(name) may hold messages that were delivered before taskmon listened")
  }

  private func finding(
    _ events: WorkerEventFacts, _ oldest: HeldTask, _ lasted: Seconds, _ idle: SeenWorker
  ) -> Finding {
    let noun = events.due == 1 ? "message" : "messages"
    return Finding(
      rule: PrefetchHoarding.id, severity: .warning, subject: name,
      message: "holds \(events.due.grouped) \(noun) it cannot start, while \(idle.id.name) has had"
        + " free slots for \(lasted.text)",
      since: now - lasted,
      evidence: [
        EvidenceItem("pid", worker.id.pid.map { .count($0) } ?? .unknown),
        EvidenceItem("held", .count(events.due)),
        EvidenceItem("longestHeldTask", .text(orUnknown: oldest.task)),
        EvidenceItem("longestHeldTaskID", .text(oldest.id)),
        EvidenceItem("seconds", .seconds(lasted)),
        EvidenceItem("slots", worker.stats.value?.slots.map { .count($0) } ?? .unknown),
        EvidenceItem(
          "prefetchCount", worker.stats.value?.prefetchCount.map { .count($0) } ?? .unknown),
        EvidenceItem("idleWorker", .text(idle.id.name)),
        EvidenceItem("idleActive", idle.active.map { .count($0) } ?? .unknown),
        EvidenceItem("idleSlots", idle.stats.value?.slots.map { .count($0) } ?? .unknown),
      ],
      remedy: "set worker_prefetch_multiplier = 1 with task_acks_late = True, or give long and"
        + " short tasks queues of their own")
  }
}
