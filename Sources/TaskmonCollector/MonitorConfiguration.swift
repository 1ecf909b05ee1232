package import CeleryProtocol
package import RedisClient
package import TaskmonModel
package import TaskmonUnits

/// What to observe, and how often.
package struct MonitorConfiguration: Sendable {
  package var broker: RedisURL
  /// The name of `--broker NAME=URL`.
  package var name: String?
  /// Nil: the one in a worker's `conf`, else the broker's own database.
  package var backend: RedisURL?
  package var keyPrefix: String
  package var resultKeyPrefix: String
  /// kombu's `sep` and `priority_steps`; nil: what workers are configured with.
  package var separator: String?
  package var prioritySteps: [Int]?
  /// kombu's `fanout_prefix` and `fanout_patterns`.
  package var fanoutPrefix: KeyLayout.FanoutPrefix
  package var fanoutPatterns: Bool
  /// Nothing is written, so no worker is asked.
  package var isReadOnly: Bool
  /// Workers that are not known to send task events are asked to; never where nothing is written.
  package var enablesEvents: Bool
  /// Tasks, workers and queues may be acted upon; never where nothing is written.
  package var allowsControl: Bool
  package var pollInterval: Seconds
  package var inspectInterval: Seconds
  /// What the broker's `visibility_timeout` is said to be where no worker tells; nil: not said.
  package var visibilityTimeout: Seconds?
  /// Patterns of the workers' logs; pipes may be named too.
  package var workerLogs: [String]
  /// Whether the end of a log that no earlier run has read is counted; else only what is new.
  package var countsLogTails = false
  /// In which buckets times of tasks are counted.
  package var buckets: HistogramBounds
  /// Where a task is taken to come from whose queue nobody tells.
  package var defaultQueue: String
  /// Queues that are followed whether or not anybody names them.
  package var shownQueues: [String]
  package var budget: CollectionBudget
  package var limits: RedisLimits

  package init(
    broker: RedisURL, name: String? = nil, backend: RedisURL? = nil, keyPrefix: String = "",
    resultKeyPrefix: String = "", separator: String? = nil, prioritySteps: [Int]? = nil,
    fanoutPrefix: KeyLayout.FanoutPrefix = .database, fanoutPatterns: Bool = true,
    isReadOnly: Bool = false, enablesEvents: Bool = false, allowsControl: Bool = false,
    pollInterval: Seconds = Seconds(1), inspectInterval: Seconds = Seconds(30),
    visibilityTimeout: Seconds? = nil, workerLogs: [String] = [],
    buckets: HistogramBounds = HistogramBounds(), defaultQueue: String = "celery",
    shownQueues: [String] = [],
    budget: CollectionBudget = CollectionBudget(), limits: RedisLimits = .standard
  ) {
    self.broker = broker
    self.name = name
    self.backend = backend
    self.keyPrefix = keyPrefix
    self.resultKeyPrefix = resultKeyPrefix
    self.separator = separator
    self.prioritySteps = prioritySteps
    self.fanoutPrefix = fanoutPrefix
    self.fanoutPatterns = fanoutPatterns
    self.isReadOnly = isReadOnly
    self.enablesEvents = enablesEvents
    self.allowsControl = allowsControl
    self.pollInterval = pollInterval
    self.inspectInterval = inspectInterval
    self.visibilityTimeout = visibilityTimeout
    self.workerLogs = workerLogs
    self.buckets = buckets
    self.defaultQueue = defaultQueue
    self.shownQueues = shownQueues
    self.budget = budget
    self.limits = limits
  }

  package var layout: KeyLayout {
    KeyLayout(
      database: broker.database, globalPrefix: keyPrefix, resultPrefix: resultKeyPrefix,
      separator: separator ?? KeyLayout.defaultSeparator,
      prioritySteps: prioritySteps ?? KeyLayout.defaultPrioritySteps, fanoutPrefix: fanoutPrefix,
      fanoutPatterns: fanoutPatterns)
  }

  /// A certificate on the way to the broker or to the results is not checked at all.
  package var skipsVerification: Bool {
    broker.skipsVerification || backend?.skipsVerification == true
  }

  package var identity: BrokerIdentity {
    BrokerIdentity(
      name: name, url: broker.redacted, database: broker.database, keyPrefix: keyPrefix,
      backendURL: (backend ?? broker).redacted, visibilityTimeout: visibilityTimeout)
  }
}
