package import TaskmonUnits

/// Everything taskmon knows about one broker at one moment; an unchanging view of a moving system.
///
/// While Redis is away the last good facts stay, `link` says so, and `polledAt` says how old they
/// are. Rules read snapshots only, never a clock: every age is counted from `takenAt`.
package struct Snapshot: Sendable, Equatable, Codable {
  /// taskmon's own wall clock when the snapshot was made.
  package var takenAt: Timestamp
  /// When the last complete fast poll was answered; nil before the first.
  package var polledAt: Timestamp?
  /// When this process began to observe.
  package var observedSince: Timestamp
  package var broker: BrokerIdentity
  package var link: LinkState
  package var server: Observation<ServerFacts>
  package var presence: Observation<CeleryPresence>
  package var queues: Observation<[QueueFacts]>
  package var unacked: Observation<UnackedFacts>
  /// Every worker heard or answered in `CollectionBudget.workerRetention`, sorted by name and pid.
  package var workers: Observation<[WorkerFacts]>
  package var inspection: InspectionFacts
  package var events: EventStreamFacts
  package var running: Observation<[RunningTask]>
  /// Counts and times of tasks; unavailable until the event channel was heard.
  ///
  /// What workers do that send no task events is not in them; `WorkerFacts.sendsTaskEvents` tells.
  package var tasks: Observation<TaskStatistics>
  package var beat: BeatFacts
  package var results: Observation<ResultFacts>
  /// Chords with parts outstanding; bounded.
  package var chords: Observation<[ChordFacts]>
  package var replyLists: Observation<ReplyListFacts>
  /// Nil where no log is read.
  package var workerLogs: WorkerLogFacts?
  package var collectors: [CollectorStatus]
  package var cost: OwnCost

  package init(
    takenAt: Timestamp, polledAt: Timestamp? = nil, observedSince: Timestamp,
    broker: BrokerIdentity, link: LinkState,
    server: Observation<ServerFacts> = .unavailable("not read yet"),
    presence: Observation<CeleryPresence> = .unavailable("not read yet"),
    queues: Observation<[QueueFacts]> = .unavailable("not read yet"),
    unacked: Observation<UnackedFacts> = .unavailable("not read yet"),
    workers: Observation<[WorkerFacts]> = .unavailable("not read yet"),
    inspection: InspectionFacts = InspectionFacts(), events: EventStreamFacts = EventStreamFacts(),
    running: Observation<[RunningTask]> = .unavailable("not read yet"),
    tasks: Observation<TaskStatistics> = .unavailable("the event channel was not heard yet"),
    beat: BeatFacts = BeatFacts(),
    results: Observation<ResultFacts> = .unavailable("not scanned yet"),
    chords: Observation<[ChordFacts]> = .unavailable("not scanned yet"),
    replyLists: Observation<ReplyListFacts> = .unavailable("not scanned yet"),
    workerLogs: WorkerLogFacts? = nil, collectors: [CollectorStatus] = [], cost: OwnCost = OwnCost()
  ) {
    self.takenAt = takenAt
    self.polledAt = polledAt
    self.observedSince = observedSince
    self.broker = broker
    self.link = link
    self.server = server
    self.presence = presence
    self.queues = queues
    self.unacked = unacked
    self.workers = workers
    self.inspection = inspection
    self.events = events
    self.running = running
    self.tasks = tasks
    self.beat = beat
    self.results = results
    self.chords = chords
    self.replyLists = replyLists
    self.workerLogs = workerLogs
    self.collectors = collectors
    self.cost = cost
  }

  /// How long this process has observed.
  package var observed: Seconds { takenAt - observedSince }

  /// How old the facts are; nil where none were ever read.
  package var age: Seconds? { polledAt.map { takenAt - $0 } }
}

/// Which broker a snapshot speaks of, safe to print: never a password.
package struct BrokerIdentity: Sendable, Hashable, Codable {
  /// The name of `--broker NAME=URL`, else nil.
  package var name: String?
  /// The URL without its password: `redis://localhost:6379/0`.
  package var url: String
  package var database: Int
  package var keyPrefix: String
  /// The result backend in use, redacted too.
  package var backendURL: String
  /// The broker's `visibility_timeout` as it was told to taskmon; nil where it was not.
  package var visibilityTimeout: Seconds?

  package init(
    name: String? = nil, url: String, database: Int = 0, keyPrefix: String = "",
    backendURL: String? = nil, visibilityTimeout: Seconds? = nil
  ) {
    self.name = name
    self.url = url
    self.database = database
    self.keyPrefix = keyPrefix
    self.backendURL = backendURL ?? url
    self.visibilityTimeout = visibilityTimeout
  }

  /// Whether results are known to be on the broker's server, in whatever database.
  var holdsResults: Bool { Self.server(of: url) == Self.server(of: backendURL) }

  /// A URL without its user, database and options; of a socket its path.
  private static func server(of url: String) -> Substring {
    let plain = url.prefix { $0 != "?" }
    guard let scheme = plain.firstRange(of: "://") else { return plain }
    let place = plain[scheme.upperBound...]
    let host = place.prefix { $0 != "/" }
    guard !host.isEmpty else { return place }
    return host.lastIndex(of: "@").map { host[host.index(after: $0)...] } ?? host
  }
}

/// Whether Redis answers.
package enum LinkState: Sendable, Equatable, Codable {
  case connecting
  case up(since: Timestamp)
  case down(LinkFailure)

  package var isUp: Bool {
    if case .up = self { true } else { false }
  }

  package var failure: LinkFailure? {
    if case .down(let failure) = self { failure } else { nil }
  }
}

/// Why Redis does not answer, since when, and how often it was tried.
package struct LinkFailure: Sendable, Equatable, Codable {
  package enum Kind: String, Sendable, Codable, CaseIterable {
    case nameResolution = "name resolution"
    case refused
    case authentication
    case tls = "TLS"
    case timeout
    case loading
    case noPermission = "no permission"
    case cluster
    case closed
    case wrongDatabase = "wrong database"
    case protocolViolation = "protocol"
    case other
  }

  package var kind: Kind
  /// One sentence: what failed, on what, what to do.
  package var sentence: String
  package var since: Timestamp
  package var attempts: Int

  package init(kind: Kind, sentence: String, since: Timestamp, attempts: Int) {
    self.kind = kind
    self.sentence = sentence
    self.since = since
    self.attempts = attempts
  }
}

/// How one collector's last run went; its failure costs its own facts only.
package struct CollectorStatus: Sendable, Equatable, Codable {
  package var name: String
  package var ranAt: Timestamp
  package var duration: Seconds
  /// Nil when it succeeded.
  package var failure: String?

  /// The collector that counts queues; where it fails in part, queues are missing from the facts.
  package static let queueLengths = "queue-lengths"
  /// The collector that looks for queues.
  package static let bindings = "bindings"

  package init(name: String, ranAt: Timestamp, duration: Seconds, failure: String? = nil) {
    self.name = name
    self.ranAt = ranAt
    self.duration = duration
    self.failure = failure
  }
}

/// What taskmon itself has cost this Redis since it started.
package struct OwnCost: Sendable, Equatable, Codable {
  /// Commands sent, by name.
  package var commands: [String: Int]
  package var roundTrips: Int
  package var bytesSent: ByteCount
  package var bytesReceived: ByteCount
  /// How long Redis has executed them in all, by its own count; nil before two looks at it.
  package var redisTime: Seconds?
  /// The share of the last minute it executed them, from 0 to 1; nil before ten seconds.
  package var redisShare: Double?
  /// The part of it that scans take.
  package var scanShare: Double?

  package init(
    commands: [String: Int] = [:], roundTrips: Int = 0, bytesSent: ByteCount = .zero,
    bytesReceived: ByteCount = .zero, redisTime: Seconds? = nil, redisShare: Double? = nil,
    scanShare: Double? = nil
  ) {
    self.commands = commands
    self.roundTrips = roundTrips
    self.bytesSent = bytesSent
    self.bytesReceived = bytesReceived
    self.redisTime = redisTime
    self.redisShare = redisShare
    self.scanShare = scanShare
  }
}
