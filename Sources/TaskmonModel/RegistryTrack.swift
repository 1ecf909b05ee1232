package import TaskmonUnits

/// What is remembered of the tasks met in one queue, and which of its consumers know them.
package struct RegistryTrack: Sendable, Equatable, Codable {
  /// One task in this queue.
  package struct Sighting: Sendable, Equatable, Codable {
    /// When a message of it was last met.
    package var seenAt: Timestamp
    /// Since when a message of it has waited whenever looked at, and no consumer knew the task.
    package var unknownSince: Timestamp?
    /// Since when some consumers have known the task and others have not.
    package var splitSince: Timestamp?

    package init(
      seenAt: Timestamp, unknownSince: Timestamp? = nil, splitSince: Timestamp? = nil
    ) {
      self.seenAt = seenAt
      self.unknownSince = unknownSince
      self.splitSince = splitSince
    }
  }

  /// By task name; at most 100, built-in ones left out.
  package private(set) var tasks: [String: Sighting]
  private var judgedAt: Timestamp?

  package init() { tasks = [:] }

  package static let retention = Seconds.hours(24)
  static let limit = 100
  /// A worker that has just started may be one half of a deploy.
  package static let settling = Seconds.minutes(2)
  /// Marks do not outlive a longer time without a look.
  private static let patience = Seconds.minutes(30)

  mutating func met(_ names: some Sequence<String>, at now: Timestamp) {
    let before = tasks.count
    for name in names where !RegisteredTask.isBuiltIn(name) {
      tasks[name, default: Sighting(seenAt: now)].seenAt = now
    }
    guard tasks.count > before else { return }
    forgetOld(at: now)
    guard tasks.count > Self.limit else { return }
    let kept = tasks.sorted { $0.value.seenAt > $1.value.seenAt }.prefix(Self.limit)
    tasks = Dictionary(kept.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
  }

  private mutating func forgetOld(at now: Timestamp) {
    tasks = tasks.filter { now - $0.value.seenAt <= Self.retention }
  }

  func wasSeen(since moment: Timestamp) -> Bool {
    tasks.contains { $0.value.seenAt >= moment }
  }

  /// Compares with what the settled consumers have registered; nil where one has not told.
  mutating func judge(waiting: Set<String>, consumers: [Set<String>]?, at now: Timestamp) {
    forgetOld(at: now)
    let isGap = judgedAt.map { now - $0 > Self.patience } ?? false
    judgedAt = now
    guard let consumers else { return }
    for (name, sighting) in tasks {
      let knowing = consumers.count { $0.contains(name) }
      var sighting = sighting
      if isGap { (sighting.unknownSince, sighting.splitSince) = (nil, nil) }
      let isUnknown = knowing == 0 && !consumers.isEmpty && waiting.contains(name)
      sighting.unknownSince = isUnknown ? sighting.unknownSince ?? now : nil
      let isSplit = knowing > 0 && knowing < consumers.count
      sighting.splitSince = isSplit ? sighting.splitSince ?? now : nil
      tasks[name] = sighting
    }
  }
}

extension WorkerFacts {
  /// Whether it has been there long enough to be no half of a deploy.
  package func isSettled(at now: Timestamp) -> Bool {
    max(now - firstHeard, uptime ?? .zero) >= RegistryTrack.settling
  }
}

extension SnapshotHistory {
  /// The tasks met in each queue by one look, and those of them that wait.
  static func tasksMet(in snapshot: Snapshot) -> [String: (met: Set<String>, waiting: Set<String>)]
  {
    var found: [String: (met: Set<String>, waiting: Set<String>)] = [:]
    for queue in snapshot.queues.value ?? [] {
      let waiting = Set([queue.head, queue.newest].compactMap { $0?.value?.task })
      if !waiting.isEmpty { found[queue.name] = (waiting, waiting) }
    }
    for held in snapshot.unacked.value?.sample ?? [] {
      guard let task = held.message.value?.task else { continue }
      found[held.queue, default: ([], [])].met.insert(task)
    }
    return found
  }

  /// What those ran lately that consume one queue only.
  static func tasksRun(by worker: WorkerFacts) -> [String] {
    guard let uptime = worker.uptime, uptime <= RegistryTrack.retention else { return [] }
    return (worker.stats.value?.totals ?? [:]).filter { $0.value > 0 }.map(\.key)
  }
}
