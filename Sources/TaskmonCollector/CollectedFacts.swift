import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonUnits

/// The latest of what every collector found, until it becomes a snapshot.
struct CollectedFacts: Sendable {
  var server: Observation<ServerFacts> = .unavailable("not read yet")
  var markers: Observation<[String]> = .unavailable("not read yet")
  var unacked: Observation<UnackedFacts> = .unavailable("not read yet")
  var lengths: Observation<[QueueLengthCollector.Counted]> = .unavailable("not read yet")
  /// The last count of each queue; where they take turns, some polls ago.
  private(set) var counted: [QueueName: QueueLengthCollector.Counted] = [:]
  /// Of queues that hold messages; where they take turns, the last look.
  var heads: [QueueName: QueueHeadCollector.Ends] = [:]
  var headsReason = "not read yet"
  /// A closer look at some of what is unacknowledged.
  var unackedSample: Observation<UnackedSample> = .unavailable("not read yet")
  /// Of queues that hold a message that is due.
  var ages: [String: Observation<QueueAge>] = [:]
  var writesSnapshots: Bool?
  var redBeat: Observation<RedBeatCollector.State> = .unavailable("not read yet")
  var redBeatEntries: Observation<[ScheduleEntry]> = .unavailable("not read yet")
  /// Where its lock was found last, where it was looked for.
  private(set) var redBeatLock: RedisKey?
  /// Whether a lock that is missing was looked for elsewhere.
  var hasSoughtLock = false
  var results: Observation<ResultFacts> = .unavailable("not scanned yet")
  var chords: Observation<[ChordFacts]> = .unavailable("not scanned yet")
  var replyLists: Observation<ReplyListFacts> = .unavailable("not scanned yet")
  /// What the last whole pass over the binding sets found.
  var bindings: Observation<BindingTable> = .unavailable("binding sets were not read yet")
  /// Nil where no log is read.
  var workerLogs: WorkerLogFacts?
  var sawBinding = false
  var scanComplete = false
  /// Other installations: on other event channels, and behind other key prefixes.
  var channelsElsewhere: [String] = []
  /// Binding sets by the key prefix in front of them.
  var bindingsElsewhere: [String: Int] = [:]
  private(set) var statuses: [String: CollectorStatus] = [:]

  /// `known` are the queues followed, `asked` those that were counted this time.
  mutating func take(
    _ facts: FastFacts, known: [QueueName], asked: [QueueName], at now: Timestamp,
    duration: Seconds
  ) {
    func note<Part>(_ name: String, _ result: Result<Part, CollectionError>) -> Observation<Part> {
      self.note(name, at: now, duration: duration, failure: result.failure?.description)
      return Observation(result)
    }
    server = note(ServerCollector.name, facts.server)
    markers = note(PresenceCollector.name, facts.markers)
    unacked = note(UnackedCollector.name, facts.unacked)
    redBeat = note(RedBeatCollector.name, facts.redBeat)
    let counted = note(QueueLengthCollector.name, facts.lengths)
    lengths = counted.map { self.take($0.queues, known: known, asked: asked) }
    if let problems = counted.value?.problems, !problems.isEmpty {
      self.note(
        QueueLengthCollector.name, at: now, duration: duration,
        failure: problems.joined(separator: "; "))
    }
    takeHeads(note(QueueHeadCollector.name, facts.heads))
  }

  private mutating func take(
    _ found: [QueueLengthCollector.Counted], known: [QueueName], asked: [QueueName]
  ) -> [QueueLengthCollector.Counted] {
    for queue in asked { counted[queue] = nil }
    for queue in found { counted[queue.queue] = queue }
    if counted.count > known.count {
      let names = Set(known)
      counted = counted.filter { names.contains($0.key) }
    }
    return known.compactMap { counted[$0] }
  }

  private mutating func takeHeads(_ found: Observation<[QueueHeadCollector.Ends]>) {
    let holding = Set((lengths.value ?? []).filter { $0.mostUrgent != nil }.map(\.queue))
    heads = heads.filter { holding.contains($0.key) }
    headsReason = found.reason ?? "not read yet"
    if found.reason != nil { heads = [:] }
    for ends in found.value ?? [] { heads[ends.queue] = ends }
  }

  /// What was read of a server that is no more, or of keys that are gone, holds no longer.
  ///
  /// The results stay where they are on another server.
  mutating func forgetOldServer(_ change: ServerWatch.Change, withResults: Bool) {
    heads = [:]
    ages = [:]
    counted = [:]
    sawBinding = false
    scanComplete = false
    bindings = .unavailable(Self.notSince(change))
    let reason = Self.notSince(change)
    redBeatEntries = .unavailable(reason)
    unackedSample = .unavailable(reason)
    replyLists = .unavailable(reason)
    // Its successor may be configured otherwise.
    if change == .replaced { writesSnapshots = nil }
    if withResults { forgetResults(reason) }
  }

  /// Where RedBeat's lock was found among all keys.
  ///
  /// While beat is replaced there is none anywhere: the next will be where the last one was.
  mutating func foundLocks(_ keys: [RedisKey]) {
    if let key = keys.first { redBeatLock = key }
    hasSoughtLock = keys.isEmpty
  }

  /// RedBeat's keys are read behind another prefix from now on.
  mutating func forgetLock() {
    redBeatLock = nil
    hasSoughtLock = false
  }

  /// The lists have other names than those that were read.
  mutating func forgetQueues() {
    counted = [:]
    heads = [:]
    ages = [:]
    scanComplete = false
    lengths = .unavailable("not read yet under the names that the workers' settings give them")
  }

  mutating func forgetResults(_ reason: String = "not scanned yet") {
    results = .unavailable(reason)
    chords = .unavailable(reason)
  }

  private static func notSince(_ change: ServerWatch.Change) -> String {
    switch change {
    case .replaced: "not read yet since Redis was restarted or replaced"
    case .emptied: "not read yet since Redis was emptied"
    }
  }

  mutating func note(
    _ name: String, at now: Timestamp, duration: Seconds, failure: String? = nil
  ) {
    statuses[name] = CollectorStatus(
      name: name, ranAt: now, duration: duration, failure: failure)
  }
}

extension Result where Failure == CollectionError {
  var failure: CollectionError? {
    if case .failure(let error) = self { error } else { nil }
  }
}

extension Observation {
  init(_ result: Result<Value, CollectionError>) {
    switch result {
    case .success(let value): self = .value(value)
    case .failure(let error): self = .unavailable(error.description)
    }
  }
}
