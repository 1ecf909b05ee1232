import TaskmonModel
import TaskmonUnits

/// A worker stopped without saying so: killed, out of memory, or its machine is gone.
package struct LostWorker: Rule {
  package static let id: RuleID = "lost-worker"
  package static let antipattern = Antipattern.goldenRule(2)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds(30)), .events]
  package static let severities: [Severity] = [.critical, .warning, .info]
  package static let thresholds: [Threshold] = [
    Threshold("heartbeats", 4, .count, help: "heartbeats in a row that must be missing"),
    Threshold("silence", Seconds(30), help: "silence that is always forgiven"),
    Threshold(
      "replacement", Seconds.minutes(2),
      help: "a worker for the same queues that comes within this makes the loss an info"),
  ]
  package static let page = RulePage(
    summary: "A worker's heartbeats stopped without the goodbye of an orderly stop.",
    whyItHurts: """
      A killed worker takes its work with it. Tasks that are acknowledged early, which is Celery's \
      default, were on no list any more: they are gone and nobody is told. Messages it had \
      reserved or was running with acks_late stay invisible until the visibility timeout (an hour \
      by default) hands them out again. If it was the only consumer of a queue, that queue \
      now waits.
      """,
    detection: """
      Workers publish a heartbeat every two seconds and worker-offline when they stop in order. A \
      worker is lost when neither came for more than 4 heartbeats and 30 s, counting only time in \
      which taskmon's own subscription was proved alive and, in a running process, leaving out the \
      first minute after each reconnection. It must not have answered a control request meanwhile \
      either. Solo, gevent and eventlet pools send nothing while they work: with a task known to \
      run on them they are busy until its limit, or for an hour. Celery tells what a solo pool \
      began only when it has ended: such a worker's silence is unknown until the longest hard \
      limit of its tasks and a minute have passed, or an hour where one has none. It is critical \
      when the worker was the last consumer of a queue with messages or when tasks already \
      acknowledged ran on it (orphaned-task names them), and an info when a worker for the same \
      queues came within 2 min.
      """,
    blindSpots: """
      A worker with --without-heartbeat is known by its answers only and never lost by silence. A \
      solo worker that hangs past its limit looks like a dead one: stuck-task names its task and \
      this rule stays quiet. Where no answer told what pool it is (--read-only), a worker is \
      judged only if a heartbeat of it came while a task ran, which no solo pool sends. A worker \
      that died before taskmon first looked is not known. While a worker that lives has not told \
      its queues, no other is called the last consumer of any. After an hour it is forgotten.
      """,
    confirm: """
      Ask it, and look at its machine for the reason:

          celery -A APP inspect ping --destination celery@HOST --timeout 5
          redis-cli -u redis://HOST:6379/0 HLEN unacked
          dmesg -T | grep -i 'killed process'
          journalctl -u celery --since -1h

      In Kubernetes: kubectl get pod, last state OOMKilled, exit code 137.
      """,
    remedy: """
      Start it again, and make its work survive the next time: acknowledge late, hand out again \
      what a lost process held, and keep the tasks idempotent, for they may then run twice.

          task_acks_late = True
          task_reject_on_worker_lost = True
          worker_prefetch_multiplier = 1

      If memory killed it: worker_max_memory_per_child (KiB), a smaller --concurrency, or a larger \
      limit. If a deploy killed it: give SIGTERM and enough time (TimeoutStopSec, \
      terminationGracePeriodSeconds) before SIGKILL.
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    if let reason = snapshot.workers.reason { return .unknown(reason) }
    let heard = snapshot.events.heard.reduce(Seconds.zero) { $0 + $1.length }
    guard heard > .zero else { return .unknown("the event stream was not heard") }
    let watch = scene.watch
    let needed = limits.seconds("silence")
    if watch.tracks.isEmpty, heard < needed {
      return .unknown("needs \(needed.text) of heartbeats, has \(heard.text)")
    }
    var doubts: [String] = []
    lazy var aftermath = Aftermath(scene)
    var lost: [String: [Finding]] = [:]
    for track in watch.tracks {
      switch watch.liveness(of: track) {
      case .lost: lost[track.id.name, default: []].append(Loss(track, aftermath).finding)
      case .doubtful(let reason): doubts.append(reason)
      case .alive, .stopped, .busy, .mute: continue
      }
    }
    let findings = lost.values.compactMap { sameName in
      sameName.max { ($0.severity, $0.since) < ($1.severity, $1.since) }
    }
    if findings.isEmpty, let doubt = doubts.first { return .unknown(doubt) }
    return .judged(findings.sorted { $0.subject < $1.subject })
  }
}

/// What is left without the lost ones.
private struct Aftermath {
  let watch: WorkerWatch
  let whereabouts: Whereabouts
  /// Queues with messages that nobody consumes any more; nil where some worker told none of its
  /// own.
  let abandoned: Set<String>?
  /// Workers that live and came while taskmon listened.
  let newcomers: [WorkerTrack]

  init(_ scene: Scene) {
    let watch = scene.watch
    self.watch = watch
    whereabouts = Whereabouts(scene)
    let waiting = (scene.queues.value ?? []).filter { $0.ready > 0 }.map(\.name)
    abandoned =
      waiting.isEmpty ? [] : watch.consumedQueues().map { Set(waiting).subtracting($0) }
    newcomers = watch.tracks.filter { $0.joinedAt != nil && watch.liveness(of: $0).consumes }
  }
}

/// One lost worker, and what was lost with it.
private struct Loss {
  let track: WorkerTrack
  let watch: WorkerWatch
  let since: Timestamp
  /// Those of its queues with messages that nobody consumes any more; nil where that is not known.
  let abandoned: [String]?
  /// Runs that were acknowledged before they ended: they are gone.
  let acknowledged: [HeldTask]
  let replacement: WorkerID?

  init(_ track: WorkerTrack, _ aftermath: Aftermath) {
    self.track = track
    watch = aftermath.watch
    since = track.lastHeard ?? watch.snapshot.takenAt
    abandoned = aftermath.abandoned.flatMap { left in
      left.isEmpty ? [] : track.queues?.filter(left.contains)
    }
    acknowledged = LostWork(track, aftermath.whereabouts).gone
    replacement = Self.replacement(of: track, lostAt: since, aftermath)
  }

  private static func replacement(
    of lost: WorkerTrack, lostAt: Timestamp, _ aftermath: Aftermath
  ) -> WorkerID? {
    let window = aftermath.watch.limits.seconds("replacement", for: lost.id.name)
    return aftermath.newcomers.first { other in
      guard let joined = other.joinedAt, joined > lostAt, joined - lostAt <= window,
        other.id != lost.id
      else { return false }
      if other.id.name == lost.id.name { return true }
      guard let queues = lost.queues, let theirs = other.queues else { return false }
      return Set(queues).isSubset(of: theirs)
    }?.id
  }

  private var severity: Severity {
    if abandoned?.isEmpty == false || !acknowledged.isEmpty { return .critical }
    return replacement == nil ? .warning : .info
  }

  private var message: String {
    let silence = max(.zero, watch.snapshot.takenAt - since)
    var parts = ["no heartbeat for \(silence.text) and no worker-offline"]
    if !acknowledged.isEmpty {
      let fate = acknowledged.count == 1 ? "task ran on it and is" : "tasks ran on it and are"
      parts.append("\(acknowledged.count) acknowledged \(fate) gone")
    }
    if let abandoned, !abandoned.isEmpty {
      parts.append("nobody else consumes \(abandoned.prefix(3).joined(separator: ", "))")
    }
    if let replacement { parts.append("\(replacement.name) took its place") }
    return parts.joined(separator: "; ")
  }

  var finding: Finding {
    Finding(
      rule: LostWorker.id, severity: severity, subject: track.id.name, message: message,
      since: since,
      evidence: [
        EvidenceItem("pid", track.id.pid.map { .count($0) } ?? .unknown),
        EvidenceItem("silentSeconds", .seconds(max(.zero, watch.snapshot.takenAt - since))),
        EvidenceItem("heartbeatIntervalSeconds", .seconds(track.heartbeatInterval)),
        EvidenceItem("pool", .text(orUnknown: track.pool?.rawValue)),
        EvidenceItem("runningAtLast", track.active.map { .count($0) } ?? .unknown),
        EvidenceItem("acknowledgedTaskIDs", .list(acknowledged.prefix(10).map(\.id))),
        EvidenceItem("queues", track.queues.map { .list($0) } ?? .unknown),
        EvidenceItem("queuesLeftAlone", abandoned.map { .list($0) } ?? .unknown),
        EvidenceItem(
          "replacedBy", replacement.map { .text($0.name) } ?? .text("none")),
      ],
      remedy: "start it again; task_acks_late and task_reject_on_worker_lost save the next"
        + " worker's tasks, worker_max_memory_per_child keeps memory from killing it")
  }
}
