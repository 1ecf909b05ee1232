package import TaskmonUnits

/// The settings of a worker that taskmon keeps, as its process has them.
///
/// Nil means that a setting was not made and Celery's default holds, unless it says otherwise;
/// what was given on the worker's command line is not in them.
package struct WorkerSettings: Sendable, Hashable, Codable {
  /// Nil when `broker_transport_options` does not name one; kombu then uses 3600 s.
  package var visibilityTimeout: Seconds?
  /// Redacted; nil when none is configured.
  package var resultBackend: String?
  /// Names of the entries of `beat_schedule`; the entries themselves are in `BeatFacts`.
  package var scheduleEntryNames: [String]
  /// `task_always_eager`: what it publishes itself it runs at once instead; nil where not told.
  package var isAlwaysEager: Bool?
  package var acksLate: Bool?
  package var rejectsOnWorkerLost: Bool?
  package var ignoresResult: Bool?
  package var rateLimit: String?
  package var hardLimit: Seconds?
  package var softLimit: Seconds?
  /// Zero: results never expire.
  package var resultExpires: Seconds?
  package var prefetchMultiplier: Int?
  package var concurrency: Int?
  package var tasksPerChild: Int?
  /// Resident memory at which a process is replaced after its task.
  package var memoryPerChild: ByteCount?
  package var serializer: String?
  package var sendsTaskEvents: Bool?
  /// `worker_redirect_stdouts` and its level: prints become lines of the log.
  package var redirectsOutput: Bool?
  package var redirectLevel: String?

  package init(
    visibilityTimeout: Seconds? = nil, resultBackend: String? = nil,
    scheduleEntryNames: [String] = [], isAlwaysEager: Bool? = nil, acksLate: Bool? = nil,
    rejectsOnWorkerLost: Bool? = nil, ignoresResult: Bool? = nil, rateLimit: String? = nil,
    hardLimit: Seconds? = nil, softLimit: Seconds? = nil, resultExpires: Seconds? = nil,
    prefetchMultiplier: Int? = nil, concurrency: Int? = nil, tasksPerChild: Int? = nil,
    memoryPerChild: ByteCount? = nil, serializer: String? = nil, sendsTaskEvents: Bool? = nil,
    redirectsOutput: Bool? = nil, redirectLevel: String? = nil
  ) {
    self.redirectsOutput = redirectsOutput
    self.redirectLevel = redirectLevel
    self.visibilityTimeout = visibilityTimeout
    self.resultBackend = resultBackend
    self.scheduleEntryNames = scheduleEntryNames
    self.isAlwaysEager = isAlwaysEager
    self.acksLate = acksLate
    self.rejectsOnWorkerLost = rejectsOnWorkerLost
    self.ignoresResult = ignoresResult
    self.rateLimit = rateLimit
    self.hardLimit = hardLimit
    self.softLimit = softLimit
    self.resultExpires = resultExpires
    self.prefetchMultiplier = prefetchMultiplier
    self.concurrency = concurrency
    self.tasksPerChild = tasksPerChild
    self.memoryPerChild = memoryPerChild
    self.serializer = serializer
    self.sendsTaskEvents = sendsTaskEvents
  }

  /// Celery's own, where nothing else was configured.
  package enum Standard {
    package static let resultExpires = Seconds.hours(24)
    package static let prefetchMultiplier = 4
    package static let serializer = "json"
    /// kombu's.
    package static let visibilityTimeout = Seconds.hours(1)
    /// Of every task, so that it says nothing about what its author wants.
    package static let mostRetries = 3
  }
}
