package import TaskmonHealth
package import TaskmonModel
package import TaskmonUnits

/// Everything the families are made from, at one moment.
package struct ExpositionInput: Sendable {
  package var history: SnapshotHistory
  /// Nil before the first evaluation.
  package var report: HealthReport?
  /// Nil where the system does not tell.
  package var process: ProcessFacts?
  /// Series dropped by earlier expositions, by family: this format's counters never go back.
  package var droppedBefore: [String: Int]
  package var options: ExpositionOptions

  package init(
    history: SnapshotHistory, report: HealthReport?, process: ProcessFacts? = nil,
    droppedBefore: [String: Int] = [:], options: ExpositionOptions
  ) {
    self.history = history
    self.report = report
    self.process = process
    self.droppedBefore = droppedBefore
    self.options = options
  }

  /// What is known of the broker and of Celery; nil while Redis does not answer.
  ///
  /// A number in a scrape is taken for fresh, so facts from before the break are absent, not stale.
  var facts: Snapshot? {
    guard let snapshot = history.latest, snapshot.link.isUp else { return nil }
    return snapshot
  }
}

/// What does not change while the program runs.
package struct ExpositionOptions: Sendable {
  /// The `broker` label: the name given to it, else its URL without a password.
  package var broker: BrokerIdentity
  package var build: BuildInfo
  /// How long a lost worker's `up` stays 0 before the series ends.
  package var workerRetention: Seconds
  /// Silence after which a worker is taken for gone; nil: four of its heartbeats, 30 s at least.
  package var workerTimeout: Seconds?
  package var naming: MetricNaming
  package var limits: ExpositionLimits
  /// The `antipattern` label of a rule.
  package var antipattern: @Sendable (RuleID) -> String

  package init(
    broker: BrokerIdentity, build: BuildInfo, workerRetention: Seconds = .hours(1),
    workerTimeout: Seconds? = nil, naming: MetricNaming = MetricNaming(),
    limits: ExpositionLimits = ExpositionLimits(),
    antipattern: @escaping @Sendable (RuleID) -> String = {
      RuleRegistry.rule($0)?.antipattern.label ?? ""
    }
  ) {
    self.broker = broker
    self.build = build
    self.workerRetention = workerRetention
    self.workerTimeout = workerTimeout
    self.naming = naming
    self.limits = limits
    self.antipattern = antipattern
  }

  /// Those of no taskmon in particular, for what is derived from the families themselves.
  static var anonymous: ExpositionOptions {
    ExpositionOptions(
      broker: BrokerIdentity(url: ""), build: BuildInfo(version: "", revision: "", swift: ""))
  }
}

/// How much one exposition may say, whatever the broker holds.
package struct ExpositionLimits: Sendable, Equatable {
  /// Label sets per family; those beyond are dropped and counted.
  package var seriesPerFamily: Int
  /// Findings per rule and severity with a subject of their own; the rest share `other`.
  package var findingsPerRule: Int

  package init(seriesPerFamily: Int = 2_000, findingsPerRule: Int = 100) {
    self.seriesPerFamily = seriesPerFamily
    self.findingsPerRule = findingsPerRule
  }
}

/// Which program this is.
package struct BuildInfo: Sendable, Equatable {
  package var version: String
  package var revision: String
  package var swift: String

  package init(version: String, revision: String, swift: String) {
    self.version = version
    self.revision = revision
    self.swift = swift
  }
}

/// What the operating system says of this process; a field it does not tell is nil.
package struct ProcessFacts: Sendable, Equatable {
  /// User and system time together.
  package var cpu: Seconds?
  package var residentMemory: ByteCount?
  package var virtualMemory: ByteCount?
  package var startedAt: Timestamp?
  package var openFiles: Int?
  package var maxFiles: Int?

  package init(
    cpu: Seconds? = nil, residentMemory: ByteCount? = nil, virtualMemory: ByteCount? = nil,
    startedAt: Timestamp? = nil, openFiles: Int? = nil, maxFiles: Int? = nil
  ) {
    self.cpu = cpu
    self.residentMemory = residentMemory
    self.virtualMemory = virtualMemory
    self.startedAt = startedAt
    self.openFiles = openFiles
    self.maxFiles = maxFiles
  }
}
