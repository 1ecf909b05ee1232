package import TaskmonUnits

/// A worker process: node names are not unique, name and pid together are.
package struct WorkerID: Sendable, Hashable, Comparable, Codable {
  /// The node name, `celery@host`.
  package var name: String
  /// Nil while only a source without a pid (a ping reply) has named it.
  package var pid: Int?

  package init(name: String, pid: Int? = nil) {
    self.name = name
    self.pid = pid
  }

  package static func < (left: WorkerID, right: WorkerID) -> Bool {
    (left.name, left.pid ?? 0) < (right.name, right.pid ?? 0)
  }

  /// The part after `@`, what existing dashboards call `hostname`.
  package var host: String {
    name.lastIndex(of: "@").map { String(name[name.index(after: $0)...]) } ?? name
  }
}

/// What is known of one worker, from its events and its replies.
package struct WorkerFacts: Sendable, Equatable, Codable {
  package var id: WorkerID
  /// When taskmon first heard of it.
  package var firstHeard: Timestamp
  /// Receipt of its last event of any kind; nil where it sends none (`--without-heartbeat`).
  package var lastHeard: Timestamp?
  /// Receipt of its last answer to a control request.
  package var lastReply: Timestamp?
  /// Receipt of its `worker-offline`, the mark of an orderly stop.
  package var offlineSince: Timestamp?
  /// Seconds between heartbeats, as it says.
  package var heartbeatInterval: Seconds?
  /// Tasks running now, as its last heartbeat says.
  package var active: Int?
  /// Tasks done since it started, as its last heartbeat or `stats` reply says.
  package var processed: Int?
  package var loadAverage: [Double]?
  package var softwareVersion: String?
  /// Whether it sends task events; unavailable until one came or `processed` grew without one.
  package var sendsTaskEvents: Observation<Bool>
  /// When this process answered that it would send them because taskmon had asked it to; nil where
  /// it was not asked or has not answered.
  package var eventsEnabledAt: Timestamp?
  /// The queues it consumes, as it answered; its last answer stays valid for its pid.
  package var queues: Observation<[String]>
  /// The broadcasts among `queues`, by their common names: each worker gets a copy of what is sent.
  package var broadcasts: [String]
  /// When it last told `queues`; nil where it never did.
  ///
  /// What it was told to consume or to leave since is not in them.
  package var queuesToldAt: Timestamp?
  package var registered: Observation<[RegisteredTask]>
  package var settings: Observation<WorkerSettings>
  package var stats: Observation<WorkerStats>
  /// When its last `active` reply came, and the ids it listed.
  package var activeReply: Observation<ActiveReply>
  /// It has not answered the request sent at this moment, and is not asked again until it does.
  package var owesReplySince: Timestamp?
  /// Queued or delivered to it and not started, where its events tell; nil where they do not.
  package var prefetched: Int?
  /// A task known to have started on it and not ended, the longest first.
  package var oldestStart: Timestamp?
  /// Nil where no event of it was heard.
  package var events: WorkerEventFacts?

  package init(
    id: WorkerID, firstHeard: Timestamp, lastHeard: Timestamp? = nil, lastReply: Timestamp? = nil,
    offlineSince: Timestamp? = nil, heartbeatInterval: Seconds? = nil, active: Int? = nil,
    processed: Int? = nil, loadAverage: [Double]? = nil, softwareVersion: String? = nil,
    sendsTaskEvents: Observation<Bool> = .unavailable("no task event yet"),
    queues: Observation<[String]> = .unavailable("not asked yet"),
    queuesToldAt: Timestamp? = nil,
    registered: Observation<[RegisteredTask]> = .unavailable("not asked yet"),
    settings: Observation<WorkerSettings> = .unavailable("not asked yet"),
    stats: Observation<WorkerStats> = .unavailable("not asked yet"),
    activeReply: Observation<ActiveReply> = .unavailable("not asked yet"),
    owesReplySince: Timestamp? = nil, prefetched: Int? = nil, oldestStart: Timestamp? = nil,
    events: WorkerEventFacts? = nil, eventsEnabledAt: Timestamp? = nil,
    broadcasts: [String] = []
  ) {
    self.broadcasts = broadcasts
    self.id = id
    self.firstHeard = firstHeard
    self.lastHeard = lastHeard
    self.lastReply = lastReply
    self.offlineSince = offlineSince
    self.heartbeatInterval = heartbeatInterval
    self.active = active
    self.processed = processed
    self.loadAverage = loadAverage
    self.softwareVersion = softwareVersion
    self.sendsTaskEvents = sendsTaskEvents
    self.queues = queues
    self.queuesToldAt = queuesToldAt
    self.registered = registered
    self.settings = settings
    self.stats = stats
    self.activeReply = activeReply
    self.owesReplySince = owesReplySince
    self.prefetched = prefetched
    self.oldestStart = oldestStart
    self.events = events
    self.eventsEnabledAt = eventsEnabledAt
  }

  /// The latest moment it was proved alive, by event or reply.
  package var lastProof: Timestamp? {
    switch (lastHeard, lastReply) {
    case (let heard?, let reply?): max(heard, reply)
    case (let heard, let reply): heard ?? reply
    }
  }
}

/// A task a worker has registered, with the options asked for.
package struct RegisteredTask: Sendable, Hashable, Codable {
  package var name: String
  /// Global defaults are already folded in by the worker; nil means no limit at all.
  package var hardLimit: Seconds?
  package var softLimit: Seconds?
  /// Nil where the worker does not tell.
  package var acksLate: Bool?
  package var rejectsOnWorkerLost: Bool?
  /// Whether it has an `autoretry_for`; retries that its code asks for by itself are not told.
  package var retriesByItself: Bool?
  /// Attempts after the first; nil where it may try for ever, or does not tell.
  package var mostRetries: Int?
  /// Whether what it returns is thrown away; nil where it does not tell.
  package var ignoresResult: Bool?
  /// Each worker's own limit, as `100/m`; nil where there is none, or it does not tell.
  package var rateLimit: String?

  package init(
    name: String, hardLimit: Seconds? = nil, softLimit: Seconds? = nil, acksLate: Bool? = nil,
    rejectsOnWorkerLost: Bool? = nil, retriesByItself: Bool? = nil, mostRetries: Int? = nil,
    ignoresResult: Bool? = nil, rateLimit: String? = nil
  ) {
    self.name = name
    self.hardLimit = hardLimit
    self.softLimit = softLimit
    self.acksLate = acksLate
    self.rejectsOnWorkerLost = rejectsOnWorkerLost
    self.retriesByItself = retriesByItself
    self.mostRetries = mostRetries
    self.ignoresResult = ignoresResult
    self.rateLimit = rateLimit
  }

  package var hasLimit: Bool { hardLimit != nil || softLimit != nil }
  /// Whether its options were told: every task has the one that this is read from.
  package var tellsOptions: Bool { acksLate != nil }
  /// Known to be acknowledged early, not to be tried again, and to have no limit of its own.
  package var isUnprotected: Bool {
    acksLate == false && rejectsOnWorkerLost == false && retriesByItself == false && !hasLimit
  }
  /// Celery's own, which every worker has.
  package var isBuiltIn: Bool { Self.isBuiltIn(name) }
  package static func isBuiltIn(_ name: String) -> Bool { name.hasPrefix("celery.") }
}

/// How a worker executes tasks.
package enum PoolKind: String, Sendable, Codable, CaseIterable {
  case prefork, threads, solo, gevent, eventlet, other

  /// Hard limits need a process that can be killed, or a greenlet timeout.
  package var enforcesHardLimit: Bool { self == .prefork || self == .gevent || self == .other }
  /// Soft limits need a signal.
  package var enforcesSoftLimit: Bool { self == .prefork || self == .other }
  /// A busy worker of these kinds may send no heartbeat and give no answer.
  package var fallsSilentWhenBusy: Bool {
    self == .solo || self == .gevent || self == .eventlet
  }
}

/// What a worker's `stats` reply says.
package struct WorkerStats: Sendable, Equatable, Codable {
  package var repliedAt: Timestamp
  package var pool: PoolKind
  /// Slots: tasks it can run at the same time.
  package var slots: Int?
  /// Child processes there were when it replied; nil where its pool has none.
  ///
  /// A pool that was told to grow or shrink goes on saying its first `slots`.
  package var processes: Int?
  /// When it replied, counted from its start.
  package var uptime: Seconds?
  package var prefetchCount: Int?
  /// Executions since its start, by task name; known without events.
  package var totals: [String: Int]
  /// Of the whole pool, for tasks without their own; nil means none.
  package var softLimit: Seconds?
  package var hardLimit: Seconds?
  /// After so many tasks a process is replaced; nil where none is, or its pool does not tell.
  package var tasksPerChild: Int?

  package init(
    repliedAt: Timestamp, pool: PoolKind, slots: Int? = nil, uptime: Seconds? = nil,
    prefetchCount: Int? = nil, totals: [String: Int] = [:], softLimit: Seconds? = nil,
    hardLimit: Seconds? = nil, processes: Int? = nil, tasksPerChild: Int? = nil
  ) {
    self.tasksPerChild = tasksPerChild
    self.repliedAt = repliedAt
    self.pool = pool
    self.slots = slots
    self.processes = processes
    self.uptime = uptime
    self.prefetchCount = prefetchCount
    self.totals = totals
    self.softLimit = softLimit
    self.hardLimit = hardLimit
  }

  package var hasLimit: Bool { hardLimit != nil || softLimit != nil }
}

extension WorkerFacts {
  /// Whether it had a slot free by its last heartbeat; nil where its slots or its runs are not
  /// known.
  package var hasFreeSlot: Bool? {
    guard let active, let slots = stats.value?.slots else { return nil }
    return active < slots
  }

  /// Whether its heartbeats are as frequent as it promised, so that what they say is of now.
  package func beats(at now: Timestamp) -> Bool {
    guard let lastHeard, let heartbeatInterval, offlineSince == nil else { return false }
    return now - lastHeard <= max(heartbeatInterval * 4, Seconds(10))
  }

  /// How long the worker has lived, as far as it was proved alive; nil where no reply told.
  package var uptime: Seconds? {
    guard case .value(let stats) = stats, let told = stats.uptime else { return nil }
    return told + max(Seconds(0), (lastProof ?? stats.repliedAt) - stats.repliedAt)
  }
}

/// Which tasks a worker said it is running.
package struct ActiveReply: Sendable, Equatable, Codable {
  package var repliedAt: Timestamp
  package var taskIDs: [String]

  package init(repliedAt: Timestamp, taskIDs: [String]) {
    self.repliedAt = repliedAt
    self.taskIDs = taskIDs
  }
}

/// How asking the workers goes.
package struct InspectionFacts: Sendable, Equatable, Codable {
  /// When the last round of requests ended; nil before the first.
  package var lastRound: Timestamp?
  /// Workers that answered in it, and connections that received the request.
  package var replies: Int
  package var receivers: Int
  /// Why no request is sent: "--read-only", "Redis is at 97 % of maxmemory", …; nil when they are.
  package var suspended: String?

  package init(
    lastRound: Timestamp? = nil, replies: Int = 0, receivers: Int = 0, suspended: String? = nil
  ) {
    self.lastRound = lastRound
    self.replies = replies
    self.receivers = receivers
    self.suspended = suspended
  }
}
