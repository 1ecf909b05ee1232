package import TaskmonUnits

/// Who says what holds for a task.
package enum PolicySource: String, Sendable, Hashable, Codable, CaseIterable {
  /// The call: its message carries it.
  case message
  /// The task's own option.
  case task
  /// The worker's settings.
  case setting
  /// A switch the worker was started with.
  case commandLine
  /// Nobody: it is Celery's default.
  case standard
  /// The task's own option or the worker's settings, which are not known.
  case taskOrSetting
}

/// A value and who says so.
package struct Ruling<Value: Sendable & Hashable>: Sendable, Hashable {
  package var value: Value
  package var source: PolicySource

  package init(_ value: Value, _ source: PolicySource) {
    self.value = value
    self.source = source
  }
}

/// Whether and how often a task that failed is tried again without its code asking for it.
package struct RetryPolicy: Sendable, Hashable {
  /// It has an `autoretry_for`.
  package var byItself: Bool
  /// Attempts after the first; nil: for ever.
  package var most: Int?

  package init(byItself: Bool, most: Int?) {
    self.byItself = byItself
    self.most = most
  }
}

/// What becomes of what a task returns.
package enum ResultKeeping: Sendable, Hashable {
  case ignored
  /// The worker's settings name no result backend.
  case nowhere
  case expiring(Seconds)
  case forever
}

/// What holds for a task on one worker, and who says so.
///
/// Celery takes the first that was said: by the call, by the task, by the pool. The strictest of
/// them does not count.
package struct TaskPolicy: Sendable, Hashable {
  package var acksLate: Observation<Ruling<Bool>>
  package var rejectsOnWorkerLost: Observation<Ruling<Bool>>
  package var retries: Observation<Ruling<RetryPolicy>>
  /// The value is nil where there is no limit.
  package var hardLimit: Observation<Ruling<Seconds?>>
  package var softLimit: Observation<Ruling<Seconds?>>
  package var rateLimit: Observation<Ruling<String?>>
  package var result: Observation<Ruling<ResultKeeping>>
  /// Nil where the worker has not told.
  package var pool: PoolKind?

  package init(
    _ task: RegisteredTask, _ settings: Observation<WorkerSettings>,
    _ stats: Observation<WorkerStats>
  ) {
    let told = Told(task: task, settings: settings)
    acksLate = told.ruling(task.acksLate, settings.map(\.acksLate), standard: false)
    rejectsOnWorkerLost = told.ruling(
      task.rejectsOnWorkerLost, settings.map(\.rejectsOnWorkerLost), standard: false)
    retries = told.retries
    hardLimit = Self.limit(
      task.hardLimit, settings.map(\.hardLimit), pool: stats.map(\.hardLimit))
    softLimit = Self.limit(
      task.softLimit, settings.map(\.softLimit), pool: stats.map(\.softLimit))
    rateLimit = told.rateLimit
    result = told.result
    pool = stats.value?.pool
  }

  package init(_ task: RegisteredTask, on worker: WorkerFacts) {
    self.init(task, worker.settings, worker.stats)
  }

  /// Whether anything ends its runs; nil where that is not known.
  package var isLimited: Bool? {
    let limits = [hardLimit, softLimit]
    if limits.contains(where: { $0.value?.value != nil }) { return true }
    return limits.allSatisfy { $0.value != nil } ? false : nil
  }

  /// Whether its pool can end a run at one of its limits; nil where that is not known.
  package var isEnforced: Bool? {
    guard let pool, let isLimited else { return nil }
    guard isLimited else { return false }
    return (hardLimit.value?.value != nil && pool.enforcesHardLimit)
      || (softLimit.value?.value != nil && pool.enforcesSoftLimit)
  }

  /// The task's own limit, else its pool's.
  static func limit(
    _ own: Seconds?, _ configured: Observation<Seconds?>, pool: Observation<Seconds?>
  ) -> Observation<Ruling<Seconds?>> {
    if let own {
      guard case .value(let configured) = configured else {
        return .value(Ruling(own, .taskOrSetting))
      }
      return .value(Ruling(own, configured == own ? .setting : .task))
    }
    return pool.map { limit in
      guard let limit else { return Ruling(nil, .standard) }
      // The task would have it too if it were a setting, but for one that refuses it.
      return Ruling(limit, configured.value == .some(limit) ? .setting : .commandLine)
    }
  }
}

/// What a task's options and its worker's settings make together.
private struct Told {
  let task: RegisteredTask
  let settings: Observation<WorkerSettings>

  static let silence = "the worker does not tell task options"

  /// `value` has the setting folded in.
  func ruling<Value>(
    _ value: Value?, _ configured: Observation<Value?>, standard: Value
  ) -> Observation<Ruling<Value>> {
    guard let value else { return .unavailable(Self.silence) }
    guard case .value(let configured) = configured else {
      return .value(Ruling(value, .taskOrSetting))
    }
    if let configured {
      return .value(Ruling(value, configured == value ? .setting : .task))
    }
    return .value(Ruling(value, value == standard ? .standard : .task))
  }

  var retries: Observation<Ruling<RetryPolicy>> {
    guard let byItself = task.retriesByItself else { return .unavailable(Self.silence) }
    let isStandard = !byItself && task.mostRetries == WorkerSettings.Standard.mostRetries
    return .value(
      Ruling(
        RetryPolicy(byItself: byItself, most: task.mostRetries), isStandard ? .standard : .task))
  }

  /// None is told like one that is not told.
  var rateLimit: Observation<Ruling<String?>> {
    guard task.tellsOptions else { return .unavailable(Self.silence) }
    guard let limit = task.rateLimit else { return .value(Ruling(nil, .standard)) }
    return ruling(limit, settings.map(\.rateLimit), standard: "").map {
      Ruling($0.value, $0.source)
    }
  }

  var result: Observation<Ruling<ResultKeeping>> {
    switch ruling(task.ignoresResult, settings.map(\.ignoresResult), standard: false) {
    case .unavailable(let reason): .unavailable(reason)
    case .value(let ignored) where ignored.value: .value(Ruling(.ignored, ignored.source))
    case .value: settings.map(Self.keeping)
    }
  }

  private static func keeping(_ settings: WorkerSettings) -> Ruling<ResultKeeping> {
    guard settings.resultBackend != nil else { return Ruling(.nowhere, .standard) }
    guard let expiry = settings.resultExpires else {
      return Ruling(.expiring(WorkerSettings.Standard.resultExpires), .standard)
    }
    return Ruling(expiry > .zero ? .expiring(expiry) : .forever, .setting)
  }
}
