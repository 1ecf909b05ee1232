import TaskmonModel
import TaskmonUnits

/// One running task before its limits.
struct StuckRun {
  enum State: Equatable {
    case fine, stuck
    case doubtful(String)
  }

  /// Which limit was passed, and when that counts as passed.
  private struct Breach {
    enum Limit {
      case hard(Seconds)
      case soft(Seconds)
      /// There is none; how long its runs usually take, nil where too few have ended to tell.
      case none(usual: Seconds?)
    }

    let severity: Severity
    let allowed: Seconds
    let limit: Limit

    var words: String {
      switch limit {
      case .hard(let hard): "hard limit \(hard.limit)"
      case .soft(let soft): "soft limit \(soft.limit)"
      case .none(let usual?): "no time limit, usually \(usual.text)"
      case .none(nil): "no time limit"
      }
    }
  }

  /// An answer older than this does not prove that the task still runs.
  static let answerAge = Seconds.minutes(5)
  /// Below this a run is not asked for limits nobody has heard.
  static let unlimitedYouth = Seconds(60)

  let run: RunningTask
  let watch: WorkerWatch
  let state: State
  private let breach: Breach?

  init(_ run: RunningTask, _ watch: WorkerWatch, _ limits: ThresholdValues) {
    self.run = run
    self.watch = watch
    let proof = Self.proof(run, watch)
    breach = Self.breach(run, for: proof.duration ?? watch.snapshot.takenAt - run.startedAt, limits)
    state = Self.state(run, proof, breach)
  }

  var subject: String { run.task ?? "unknown task" }
  var severity: Severity { breach?.severity ?? .info }
  var since: Timestamp { run.startedAt + (breach?.allowed ?? .zero) }

  /// How long it has certainly run; with a nil duration, why that is not certain.
  private static func proof(
    _ run: RunningTask, _ watch: WorkerWatch
  ) -> (duration: Seconds?, reason: String) {
    let snapshot = watch.snapshot
    let liveness = watch.liveness(of: run.worker)
    if liveness == .lost || liveness == .stopped {
      return (.zero, "its worker \(run.worker.name) is gone")
    }
    let gap = snapshot.events.lastGap.map { $0 >= run.startedAt } ?? false
    let listened = snapshot.events.connectedSince.map { $0 <= run.startedAt } ?? false
    if liveness?.consumes == true, listened, !gap { return (snapshot.takenAt - run.startedAt, "") }
    guard let confirmed = run.confirmedAt, confirmed >= run.startedAt else {
      return (nil, "no reply has confirmed that \(run.task ?? run.id) still runs")
    }
    guard snapshot.takenAt - confirmed <= answerAge else {
      let age = snapshot.takenAt - confirmed
      return (nil, "\(run.worker.name) last confirmed what it runs \(age.text) ago")
    }
    return (confirmed - run.startedAt, "")
  }

  private static func breach(
    _ run: RunningTask, for duration: Seconds, _ limits: ThresholdValues
  ) -> Breach? {
    let name = run.task
    var breaches: [Breach] = []
    if let hard = run.limits.hard {
      let allowed = hard + limits.seconds("hard-margin", for: name)
      breaches.append(Breach(severity: .critical, allowed: allowed, limit: .hard(hard)))
    }
    if let soft = run.limits.soft {
      let margin = max(
        limits.seconds("soft-margin", for: name), soft * limits.number("soft-ratio", for: name))
      breaches.append(Breach(severity: .critical, allowed: soft + margin, limit: .soft(soft)))
    }
    if breaches.isEmpty, run.limits.isKnown {
      breaches.append(unlimited(run, limits))
    }
    return breaches.filter { duration > $0.allowed }.min { $0.allowed < $1.allowed }
  }

  private static func unlimited(_ run: RunningTask, _ limits: ThresholdValues) -> Breach {
    let name = run.task
    guard let usual = run.usual, usual.runs >= limits.count("p99-runs", for: name) else {
      return Breach(
        severity: .warning, allowed: limits.seconds("no-statistics", for: name),
        limit: .none(usual: nil))
    }
    let allowed = max(
      limits.seconds("no-limit", for: name), usual.p99 * limits.number("p99-factor", for: name))
    return Breach(severity: .warning, allowed: allowed, limit: .none(usual: usual.p99))
  }

  private static func state(
    _ run: RunningTask, _ proof: (duration: Seconds?, reason: String), _ breach: Breach?
  ) -> State {
    guard let duration = proof.duration else {
      return breach == nil ? .fine : .doubtful(proof.reason)
    }
    if breach != nil { return .stuck }
    let unlimited = !run.limits.isKnown && run.limits.hard == nil && run.limits.soft == nil
    if unlimited, duration > unlimitedYouth {
      return .doubtful("the time limits of \(run.task ?? run.id) were not heard")
    }
    return .fine
  }

  private var pool: PoolKind? { watch.track(of: run.worker)?.pool }

  /// Whether the pool ends a run at the limit that was passed, or at any; nil where the pool is not
  /// known.
  private var isEnforced: Bool? {
    guard let pool else { return nil }
    return switch breach?.limit {
    case .soft: pool.enforcesSoftLimit
    case .hard, .none?, nil: pool.enforcesHardLimit
    }
  }

  func finding(among runs: [StuckRun]) -> Finding {
    let duration = watch.snapshot.takenAt - run.startedAt
    var message = "running \(duration.text) on \(run.worker.name), \(breach?.words ?? "")"
    let isLimited = run.limits.hard != nil || run.limits.soft != nil
    if let pool, isLimited, isEnforced == false {
      message += ", which the \(pool.rawValue) pool cannot enforce"
    }
    if runs.count > 1 { message += "; \(runs.count.grouped) runs in all" }
    if watch.liveness(of: run.worker) == .busy {
      message += "; the worker has been silent since, a dead one would look the same"
    }
    return Finding(
      rule: StuckTask.id, severity: severity, subject: subject, message: message, since: since,
      evidence: evidence(duration, runs), remedy: remedy)
  }

  private func evidence(_ duration: Seconds, _ runs: [StuckRun]) -> [EvidenceItem] {
    let confirmed = run.confirmedAt.map { watch.snapshot.takenAt - $0 }
    return [
      EvidenceItem("taskID", .text(run.id)),
      EvidenceItem("worker", .text(run.worker.name)),
      EvidenceItem("pid", run.worker.pid.map { .count($0) } ?? .unknown),
      EvidenceItem("runningSeconds", .seconds(duration)),
      EvidenceItem("hardLimitSeconds", limit(run.limits.hard)),
      EvidenceItem("softLimitSeconds", limit(run.limits.soft)),
      EvidenceItem("pool", .text(orUnknown: pool?.rawValue)),
      EvidenceItem("limitEnforced", isEnforced.map { .flag($0) } ?? .unknown),
      EvidenceItem("confirmedSecondsAgo", .seconds(confirmed)),
      EvidenceItem("acknowledged", run.acknowledged.map { .flag($0) } ?? .unknown),
      EvidenceItem("stuckRuns", .count(runs.count)),
    ]
  }

  private func limit(_ value: Seconds?) -> EvidenceValue {
    value.map { .number($0.value) } ?? (run.limits.isKnown ? .text("none") : .unknown)
  }

  private var remedy: String {
    "\(release); then \(precaution), and give the calls inside the task timeouts"
  }

  /// What frees its slot.
  private var release: String {
    canTerminate
      ? "celery -A APP control terminate SIGKILL \(run.id)" : "restart \(run.worker.name)"
  }

  private var canTerminate: Bool {
    switch (pool, breach?.limit) {
    case (.threads, _), (.solo, _): false
    // A greenlet that its pool could not end does not yield, and keeps its whole worker.
    case (.gevent, .hard): false
    default: true
    }
  }

  private var precaution: String {
    switch pool {
    case .threads, .solo, .eventlet: "use the prefork pool, which enforces time limits"
    case .gevent: "set task_time_limit, for gevent ignores the soft limit"
    case .prefork, .other, nil: "set task_soft_time_limit and task_time_limit"
    }
  }
}

extension Seconds {
  /// As settings spell limits: seconds up to two minutes.
  fileprivate var limit: String {
    (0..<120).contains(value) && value == value.rounded() ? "\(Int(value))s" : text
  }
}
