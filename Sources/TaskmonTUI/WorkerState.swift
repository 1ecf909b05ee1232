import TaskmonHealth
package import TaskmonModel
import TaskmonUnits

/// A worker's condition in one word.
package enum WorkerState: String, Sendable, CaseIterable {
  /// Heard within two of its heartbeat intervals, or answering though it sends no heartbeats.
  case online
  /// Two intervals have passed without a heartbeat.
  case late
  /// Its heartbeats stopped, which a pool of its kind does while it works.
  case silent
  /// Its heartbeats stopped without a goodbye.
  case lost
  /// It said goodbye.
  case offline
  /// Neither events nor recent answers tell.
  case unknown = "?"

  /// Counted as there.
  package var isUp: Bool {
    switch self {
    case .online, .late, .silent: true
    case .lost, .offline, .unknown: false
    }
  }

  package var role: Role {
    switch self {
    case .online: .good
    case .late: .warning
    case .silent: .info
    case .lost: .critical
    case .offline: .dim
    case .unknown: .unknown
    }
  }

  /// An answer proves life for so long where there are no heartbeats.
  static let replyProves = Seconds(90)
  static let defaultInterval = Seconds(2)
  static let leastSilence = Seconds(30)

  package static func of(_ worker: WorkerFacts, _ context: ViewContext) -> WorkerState {
    if worker.offlineSince != nil { return .offline }
    if isNamedLost(worker.id, context.report) { return .lost }
    guard worker.lastHeard != nil else { return byReplies(worker, context) }
    let interval = worker.heartbeatInterval ?? defaultInterval
    let track = context.history.workers[worker.id]
    if (track?.silentSettled ?? .zero) > max(interval * 4, leastSilence) {
      let pool = worker.stats.value?.pool ?? track?.pool
      let isBusy = (worker.active ?? 0) > 0 || worker.oldestStart != nil
      return pool?.fallsSilentWhenBusy == true && isBusy ? .silent : .lost
    }
    return (track?.silentHeard ?? .zero) > interval * 2 ? .late : .online
  }

  private static func byReplies(_ worker: WorkerFacts, _ context: ViewContext) -> WorkerState {
    guard let reply = worker.lastReply, context.age(reply) <= replyProves else { return .unknown }
    return .online
  }

  private static func isNamedLost(_ id: WorkerID, _ report: HealthReport) -> Bool {
    report.holding.contains { finding in
      guard finding.rule == "lost-worker", finding.subject == id.name else { return false }
      let pid = finding.evidence.first { $0.key == "pid" }?.value
      guard case .number(let number)? = pid, let known = id.pid else { return true }
      return number == Double(known)
    }
  }
}
