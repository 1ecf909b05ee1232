package import TaskmonUnits

/// What is known of beat: RedBeat's keys, the schedules workers are configured with, and what came.
package struct BeatFacts: Sendable, Equatable, Codable {
  /// RedBeat's state; value nil where this database has no RedBeat schedule.
  package var redBeat: Observation<RedBeatFacts?>
  /// Every known entry, by name; from RedBeat where it exists, else from `conf.beat_schedule`, and
  /// what else the headers of beat's messages name.
  package var entries: Observation<[ScheduleEntry]>
  /// What was published and received for entries, in the order of `entries`.
  package var traffic: [EntryTraffic]

  package init(
    redBeat: Observation<RedBeatFacts?> = .unavailable("not read yet"),
    entries: Observation<[ScheduleEntry]> = .unavailable("no schedule read yet"),
    traffic: [EntryTraffic] = []
  ) {
    self.redBeat = redBeat
    self.entries = entries
    self.traffic = traffic
  }
}

/// RedBeat's lock and schedule.
package struct RedBeatFacts: Sendable, Equatable, Codable {
  package var lock: BeatLock?
  /// Whether a lock that is missing was also looked for under other names than the usual.
  package var isLockCertain: Bool
  package var entryCount: Int
  /// The earliest due moment in the schedule; nil where all entries are disabled (scored −1).
  package var nextDue: Timestamp?
  /// What its keys begin with, where that is not the usual (`redbeat_key_prefix`).
  package var keyPrefix: String?

  package init(
    lock: BeatLock? = nil, isLockCertain: Bool = true, entryCount: Int, nextDue: Timestamp? = nil,
    keyPrefix: String? = nil
  ) {
    self.lock = lock
    self.isLockCertain = isLockCertain
    self.entryCount = entryCount
    self.nextDue = nextDue
    self.keyPrefix = keyPrefix
  }

  /// Why a lock that is missing need not be, while it is not certain.
  package static let unsought =
    "it is not under its usual name, and other names were not looked for yet"
}

/// The lock that lets one RedBeat work.
package struct BeatLock: Sendable, Hashable, Codable {
  package var token: String
  /// After how long another beat takes over where the holder dies now; nil: the lock never expires.
  package var timeToLive: Seconds?
  /// When its holder began trying for it (from the UUIDv1 token); nil for other tokens.
  package var holderSince: Timestamp?
  /// The hardware address of its holder's host, twelve hex digits, from the same token.
  package var holderNode: String?

  package init(
    token: String, timeToLive: Seconds? = nil, holderSince: Timestamp? = nil,
    holderNode: String? = nil
  ) {
    self.token = token
    self.timeToLive = timeToLive
    self.holderSince = holderSince
    self.holderNode = holderNode
  }
}

/// When an entry is due.
package enum Schedule: Sendable, Hashable, Codable {
  case every(Seconds)
  /// Minute, hour, day of month, month, day of week, as Celery writes them.
  case crontab(String)
  /// Solar, rrule and whatever else, as text.
  case other(String)
  /// The entry is known by its messages only.
  case unknown

  package var text: String {
    switch self {
    case .every(let period): "every \(period.text)"
    case .crontab(let fields): fields
    case .other(let text): text
    case .unknown: "?"
    }
  }
}

/// One entry of a schedule.
package struct ScheduleEntry: Sendable, Equatable, Codable {
  package enum Source: String, Sendable, Codable {
    case redBeat = "RedBeat"
    case workerConfiguration = "beat_schedule"
    /// The headers of messages that beat sent.
    case messages
  }

  package var name: String
  package var task: String
  /// Python's repr of the positional and keyword arguments, as headers and events spell them,
  /// without the outer brackets: comparable between a list and a tuple.
  package var argumentsText: String
  package var keywordArgumentsText: String
  package var schedule: Schedule
  package var source: Source
  package var isEnabled: Bool
  /// Known from RedBeat only.
  package var lastRun: Timestamp?
  package var runCount: Int?
  /// The moment that RedBeat has written; when the entry is due by it, `due(by:at:)` tells.
  package var dueAt: Timestamp?

  package init(
    name: String, task: String, argumentsText: String = "", keywordArgumentsText: String = "",
    schedule: Schedule, source: Source, isEnabled: Bool = true, lastRun: Timestamp? = nil,
    runCount: Int? = nil, dueAt: Timestamp? = nil
  ) {
    self.name = name
    self.task = task
    self.argumentsText = argumentsText
    self.keywordArgumentsText = keywordArgumentsText
    self.schedule = schedule
    self.source = source
    self.isEnabled = isEnabled
    self.lastRun = lastRun
    self.runCount = runCount
    self.dueAt = dueAt
  }

  /// When it is due, by a moment that RedBeat has written; nil where that is not known.
  ///
  /// Whoever saves an entry between two runs, as each beat does at its start, writes a moment that
  /// is too early by the time since the last run; beat itself is not misled by it. (Source:
  /// `RedBeatSchedulerEntry.save`, redbeat/schedulers.py.)
  package func due(by score: Timestamp, at now: Timestamp) -> Timestamp? {
    guard score < now, let lastRun, !score.isWholeMinute else { return score }
    switch schedule {
    case .every(let period): return max(score, lastRun + period)
    case .crontab: return nil
    case .other, .unknown: return score
    }
  }
}

extension Timestamp {
  /// As crontabs and intervals that keep to the clock are due.
  fileprivate var isWholeMinute: Bool {
    abs(secondsSince1970.remainder(dividingBy: 60)) < 0.001
  }
}

/// What was seen of one entry's task and arguments.
package struct EntryTraffic: Sendable, Equatable, Codable {
  package var entry: String
  /// While the event stream was heard and every consumer known to send task events sent them.
  package var heard: [Interval]
  /// First receipts (`retries` 0, each id once), by event time, oldest first; bounded.
  package var receipts: [Timestamp]
  /// Publications with their publisher, from `task-sent` and from messages; oldest first; bounded.
  package var publications: [Publication]

  package init(
    entry: String, heard: [Interval] = [], receipts: [Timestamp] = [],
    publications: [Publication] = []
  ) {
    self.entry = entry
    self.heard = heard
    self.receipts = receipts
    self.publications = publications
  }
}

/// One message published by one process.
package struct Publication: Sendable, Hashable, Codable {
  package var at: Timestamp
  /// `gen<pid>@<host>`, with the publisher's `reply_to` behind `/` where a message told it.
  package var publisher: String

  package init(at: Timestamp, publisher: String) {
    self.at = at
    self.publisher = publisher
  }
}
