package import TaskmonUnits

/// What is remembered of one worker, so that its silence can be told from our own deafness.
package struct WorkerTrack: Sendable, Equatable, Codable {
  package var id: WorkerID
  package var lastHeard: Timestamp?
  package var lastReply: Timestamp?
  package var offlineSince: Timestamp?
  package var heartbeatInterval: Seconds?
  package var active: Int?
  /// A heartbeat came while a task ran, which a solo pool never sends; nil where none was heard.
  package var beatsAtWork: Bool?
  package var processed: Int?
  /// `processed` over the last 30 minutes, oldest first; at most 64.
  package var processedSamples: [CounterSample]
  package var pool: PoolKind?
  package var softwareVersion: String?
  package var sendsTaskEvents: Bool?
  /// Its queues, as it last answered; nil where it never did.
  package var queues: [String]?
  /// When a task still running was last seen to start on it.
  package var oldestStart: Timestamp?
  /// Heard time since its last event while our own subscription was proved alive.
  package var silentHeard: Seconds
  /// The same, without the first 60 s after each (re)connection of ours.
  package var silentSettled: Seconds
  /// It was last heard by an earlier run of taskmon, not by this process.
  package var isFromEarlierRun: Bool
  /// When it was first heard, where taskmon had listened before: it came then.
  ///
  /// Nil for a worker that may have been there before taskmon was.
  package var joinedAt: Timestamp?
  /// What it had in its hands when last seen: running ones first, the longest held first; at most
  /// ten.
  ///
  /// Nil where neither its events nor its answers tell.
  package var holdings: [HeldTask]?
  /// Since when it has had a free slot at each look; nil where it had none at the last, or where
  /// that was not known.
  package var freeSince: Timestamp?
  /// Since when all its slots have been taken at each look, under the same conditions.
  package var fullSince: Timestamp?

  package init(id: WorkerID) {
    self.id = id
    processedSamples = []
    silentHeard = .zero
    silentSettled = .zero
    isFromEarlierRun = false
  }

  /// Silence right after our own (re)connection does not count.
  static let settling = Seconds(60)
  static let retention = Seconds.hours(1)
  static let keptHoldings = 10
  /// A sign of life older than this proves no life now.
  static let proof = Seconds(90)
  /// Who is first heard this soon after taskmon began to listen may have been there before.
  static let introduction = Seconds(15)

  /// The track of a worker heard for the first time.
  init(new worker: WorkerFacts, listeningSince: Timestamp) {
    self.init(id: worker.id)
    if worker.firstHeard - listeningSince > Self.introduction { joinedAt = worker.firstHeard }
  }

  mutating func absorb(_ worker: WorkerFacts, at now: Timestamp) {
    // Who had a free slot and has begun nothing since had it between two runs of ours as well.
    if isFromEarlierRun, worker.processed != processed { freeSince = nil }
    if let heard = worker.lastHeard, heard > (lastHeard ?? heard - Seconds(1)) {
      lastHeard = heard
      isFromEarlierRun = false
    }
    lastReply = worker.lastReply ?? lastReply
    offlineSince = worker.offlineSince
    heartbeatInterval = worker.heartbeatInterval ?? heartbeatInterval
    active = worker.active ?? active
    if (worker.active ?? 0) > 0 { beatsAtWork = true }
    processed = worker.processed ?? processed
    processedSamples.absorb(
      worker.processed, at: now, window: QueueTrack.window, limit: QueueTrack.samples)
    pool = worker.stats.value?.pool ?? pool
    softwareVersion = worker.softwareVersion ?? softwareVersion
    sendsTaskEvents = worker.sendsTaskEvents.value ?? sendsTaskEvents
    queues = worker.queues.value ?? queues
    oldestStart = worker.oldestStart
    // A pool that falls silent at work seems to be what it last said.
    let hasFreeSlot = worker.beats(at: now) ? worker.hasFreeSlot : nil
    freeSince = hasFreeSlot == true ? freeSince ?? now : nil
    fullSince = hasFreeSlot == false ? fullSince ?? now : nil
  }

  /// What runs on it and what it holds; `deliveries` are those not acknowledged, by task id.
  mutating func takeHoldings(
    _ worker: WorkerFacts, running: [RunningTask]?, deliveries: [String: Timestamp],
    at now: Timestamp
  ) {
    guard running != nil || worker.events != nil else { return }
    let runs = (running ?? []).map { run in
      HeldTask(
        id: run.id, task: run.task, since: run.startedAt, isRunning: true,
        acknowledged: run.acknowledged)
    }
    let earlier = (holdings ?? []).filter { $0.deliveredAt != nil }
    holdings = (runs + (worker.events?.longestHeld ?? [])).prefix(Self.keptHoldings).map { held in
      var held = held
      let known = earlier.first { $0.id == held.id }
      held.take(delivery: deliveries[held.id], after: known, at: now)
      return held
    }
  }

  mutating func countSilence(in snapshot: Snapshot, answered: Timestamp?) {
    guard let lastHeard else { return }
    let unheard = snapshot.events.heard.compactMap { $0.after(lastHeard) }
    silentHeard = unheard.reduce(.zero) { $0 + $1.length }
    let settled = snapshot.events.heard.compactMap { interval in
      interval.after(max(lastHeard, interval.start + Self.settling))
    }
    silentSettled = settled.reduce(.zero) { $0 + $1.length }
    lastReply = answered ?? lastReply
  }

  /// Tasks it took since `start`, however often its process began anew meanwhile.
  ///
  /// Nil where that was not seen: its count was heard only later, and it may be older than that.
  package func taken(since start: Timestamp) -> Int? {
    guard let first = processedSamples.first else { return nil }
    let grown = processedSamples.growth(since: start)
    if first.at <= start { return grown }
    guard let joinedAt, joinedAt >= start else { return nil }
    return grown.addingClamped(first.count)
  }

  func afterRestart() -> WorkerTrack {
    var track = self
    track.isFromEarlierRun = true
    track.silentHeard = .zero
    track.silentSettled = .zero
    track.fullSince = nil
    return track
  }

  func isWorthKeeping(at now: Timestamp) -> Bool {
    let last = [lastHeard, lastReply, offlineSince].compactMap(\.self).max()
    return last.map { now - $0 <= Self.retention } ?? true
  }
}

/// What is remembered of one schedule entry's traffic, across runs.
package struct BeatTrack: Sendable, Equatable, Codable {
  /// When receipts were heard whole; disjoint, oldest first.
  package var heard: [Interval]
  package var receipts: [Timestamp]
  package var publications: [Publication]

  package init(
    heard: [Interval] = [], receipts: [Timestamp] = [], publications: [Publication] = []
  ) {
    self.heard = heard
    self.receipts = receipts
    self.publications = publications
  }

  static let intervals = 32
  /// Receipts and publications kept; with so many receipts, earlier ones may have been dropped.
  package static let moments = 256

  var lastSeen: Timestamp? {
    [heard.last?.end, receipts.last, publications.last?.at].compactMap(\.self).max()
  }

  /// The traffic of one process always covers its whole observation, so what overlaps is replaced.
  mutating func absorb(_ traffic: EntryTraffic) {
    let begin =
      ([
        traffic.heard.first?.start, traffic.receipts.first,
        traffic.publications.first?.at,
      ].compactMap(\.self)).min()
    guard let begin else { return }
    heard = Array((heard.filter { $0.end < begin } + traffic.heard).suffix(Self.intervals))
    receipts = Array((receipts.filter { $0 < begin } + traffic.receipts).suffix(Self.moments))
    publications = Array(
      (publications.filter { $0.at < begin } + traffic.publications).suffix(Self.moments))
  }
}
