import TaskmonModel
import TaskmonUnits

/// A task was in the hands of a worker that was lost.
package struct OrphanedTask: Rule {
  package static let id: RuleID = "orphaned-task"
  package static let antipattern = Antipattern.goldenRule(2)
  package static let kind = RuleKind.incident
  package static let needs: [RuleNeed] = [.window(Seconds(30)), .events]
  package static let severities: [Severity] = [.critical, .warning]
  package static let thresholds: [Threshold] = []
  package static let page = RulePage(
    summary: "A task was in the hands of a worker that died: it is gone, or comes back late.",
    whyItHurts: """
      Celery acknowledges a message before the task runs, unless told otherwise. When the worker \
      dies then, the message is deleted and the task half done: nobody runs it again, no error is \
      stored, and who waits for its result waits for ever. What was acknowledged late or had not \
      begun does come back, but only after the visibility timeout, an hour by default.
      """,
    detection: """
      A worker is lost (see lost-worker), and events and active replies told what ran on it and \
      what it had received. A run that was acknowledged, or that is not among the unacknowledged \
      messages in Redis although these were read whole, is gone: critical. What Redis still holds \
      as unacknowledged is a warning, with the time at which it is handed out again. What another \
      worker has taken up since is no finding. It ends when the lost worker is forgotten, after \
      an hour.
      """,
    blindSpots: """
      A worker that sent no task events and was not asked leaves nothing to name. At most ten \
      tasks of each worker are remembered. A task that ended in the last moments, and whose end \
      the worker had no time to tell, looks as if it were gone.
      """,
    confirm: """
      Ask for its result in the database of result_backend, and for its message in the broker's:

          redis-cli -u redis://HOST:6379/1 GET celery-task-meta-TASK_ID
          redis-cli -u redis://HOST:6379/0 HLEN unacked
          redis-cli -u redis://HOST:6379/0 HVALS unacked | grep TASK_ID
          redis-cli -u redis://HOST:6379/0 ZRANGE unacked_index 0 9 WITHSCORES

      No result, or STARTED, and no message: it is gone. (celery result would wait for it for \
      ever.) HVALS reads every unacknowledged message: leave it where HLEN tells of many \
      thousands. A score is the time of delivery; date -d @SCORE reads it. taskmon task TASK_ID \
      tells all of this at once.
      """,
    remedy: """
      Send the tasks that are gone again, after looking at what they have done already. Then let \
      a worker's death cost nothing: make the tasks idempotent, and

          task_acks_late = True
          task_reject_on_worker_lost = True
          worker_prefetch_multiplier = 1

      The second is for a pool process that dies alone; a task that kills its process each time \
      then comes back each time. A shorter visibility timeout brings back sooner what was held; it \
      must be longer than the longest late-acknowledged run and the longest ETA:

          broker_transport_options = {"visibility_timeout": 900}
      """)

  package init() {}

  package func evaluate(_ scene: Scene, limits: ThresholdValues) -> Verdict {
    let snapshot = scene.snapshot
    if let reason = snapshot.workers.reason { return .unknown(reason) }
    guard snapshot.events.heard.contains(where: { $0.length > .zero }) else {
      return .unknown("the event stream was not heard")
    }
    let watch = scene.watch
    lazy var whereabouts = Whereabouts(scene)
    var orphans: [String: [Orphan]] = [:]
    var doubts: [String] = []
    for track in watch.tracks {
      switch watch.liveness(of: track) {
      case .alive, .stopped, .busy, .mute: continue
      case .doubtful(let reason): doubts.append(reason)
      case .lost:
        let work = LostWork(track, whereabouts)
        if let doubt = Self.doubt(about: work, snapshot) { doubts.append(doubt) }
        for piece in work.pieces ?? [] {
          guard let orphan = Orphan(piece, track) else { continue }
          orphans[piece.task.task ?? TaskFacts.unnamed, default: []].append(orphan)
        }
      }
    }
    if orphans.isEmpty, let doubt = doubts.first { return .unknown(doubt) }
    return .judged(
      orphans.sorted { $0.key < $1.key }.map { finding($0.key, $0.value, snapshot) })
  }

  /// Why more may have been lost than is told; nil where nothing was.
  private static func doubt(about work: LostWork, _ snapshot: Snapshot) -> String? {
    if let pieces = work.pieces {
      return pieces.lazy.compactMap { piece in
        if case .unclear(let reason) = piece.fate { reason } else { nil }
      }.first
    }
    if work.track.active == 0, snapshot.unacked.value?.count == 0 { return nil }
    return "what \(work.track.id.name) had in its hands: it sent no task events"
  }

  private func finding(_ task: String, _ orphans: [Orphan], _ snapshot: Snapshot) -> Finding {
    let gone = orphans.filter(\.isGone)
    let waiting = orphans.filter { !$0.isGone }
    let returns = waiting.compactMap(\.returnsAt).min()?.wholeSecond
    var parts: [String] = []
    let workers = Set(orphans.map(\.worker)).sorted()
    let place = workers.count == 1 ? workers[0] : "\(workers.count) lost workers"
    if !gone.isEmpty {
      let runs = gone.count == 1 ? "1 run was" : "\(gone.count) runs were"
      parts.append("\(runs) lost with \(place): acknowledged early, nothing runs again")
    }
    if !waiting.isEmpty {
      let isOne = waiting.count == 1
      let messages = isOne ? "1 message was" : "\(waiting.count) messages were"
      let when = returns.map { "at \($0.iso8601)" } ?? "after the visibility timeout"
      parts.append(
        "\(messages) held by \(place), Redis hands \(isOne ? "it" : "them") out again \(when)")
    }
    return Finding(
      rule: Self.id, severity: gone.isEmpty ? .warning : .critical, subject: task,
      message: parts.joined(separator: "; "),
      since: orphans.map(\.lostAt).min() ?? snapshot.takenAt,
      evidence: [
        EvidenceItem("gone", .count(gone.count)),
        EvidenceItem("goneTaskIDs", .list(gone.prefix(10).map(\.id))),
        EvidenceItem("held", .count(waiting.count)),
        EvidenceItem("heldTaskIDs", .list(waiting.prefix(10).map(\.id))),
        EvidenceItem(
          "handedOutAgainAt",
          waiting.isEmpty ? .text("never") : .text(orUnknown: returns?.iso8601)),
        EvidenceItem("workers", .list(Array(workers.prefix(10)))),
      ],
      remedy: gone.isEmpty
        ? "nothing is lost; a shorter visibility_timeout brings it back sooner"
        : "send it again once you know what it had done; task_acks_late with"
          + " task_reject_on_worker_lost keeps the next one")
  }
}

extension Timestamp {
  /// The second it lies in.
  fileprivate var wholeSecond: Timestamp {
    Timestamp(secondsSince1970: secondsSince1970.rounded(.down))
  }
}

/// One task that its worker's end has left behind.
private struct Orphan {
  let id: String
  let worker: String
  let lostAt: Timestamp
  let isGone: Bool
  let returnsAt: Timestamp?

  /// Nil for what was not lost, or not certainly.
  init?(_ piece: LostWork.Piece, _ track: WorkerTrack) {
    switch piece.fate {
    case .settled, .unclear: return nil
    case .gone:
      isGone = true
      returnsAt = nil
    case .waits(let until):
      isGone = false
      returnsAt = until
    }
    id = piece.task.id
    worker = track.id.name
    lostAt = track.lastHeard ?? piece.task.since
  }
}
