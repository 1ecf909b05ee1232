package import TaskmonModel
package import TaskmonUnits

/// One registered task over all workers that live: what holds for it, and what is wrong with that.
package struct TaskAudit: Sendable, Equatable {
  /// The same for all these workers.
  package struct Variant: Sendable, Equatable {
    package var policy: TaskPolicy
    /// Node names, sorted.
    package var workers: [String]
    /// What it makes possible, the worst first.
    package var faults: [Fault]
  }

  /// What may become of its runs, the worst first.
  package enum Fault: Int, Sendable, CaseIterable, Comparable {
    /// Nothing protects it: what `fragile-task` names where the task is in use.
    case fragile
    /// Late acknowledgement, and nothing ends it before it is handed out again.
    case runsTwice
    /// Nothing ends it: what `no-time-limit` counts where the task is in use.
    case endless
    /// It has a limit that its pool cannot enforce.
    case unenforced
    /// Not the same on all workers.
    case differs
    case unknown
    /// It is not run again when its process is killed.
    case lossy

    package static func < (left: Fault, right: Fault) -> Bool { left.rawValue < right.rawValue }
  }

  package var name: String
  /// The one of most workers first; never empty.
  package var variants: [Variant]
  package var faults: [Fault]
  /// Executions since the workers started; nil where none of them tells.
  package var runs: Int?
  /// Limits that messages of it bring along, as far as some were seen.
  package var called: [TaskLimits]

  /// The worst; nil where nothing is wrong.
  package var verdict: Fault? { faults.first }
}

/// All registered tasks, and who has not told its own.
package struct Audit: Sendable, Equatable {
  /// The worst first, then the busiest.
  package var tasks: [TaskAudit]
  /// Why nothing is known; nil where something is.
  package var gap: String?
  /// The living workers that have told their tasks, and those that have not, with the reason.
  package var told: [String]
  package var silent: [String: String]
  /// What late acknowledgement has to do with.
  package var visibilityTimeout: Seconds

  /// Of one task where it is named.
  package init(_ history: SnapshotHistory, _ snapshot: Snapshot, of name: String? = nil) {
    let fleet = LiveFleet(history, snapshot)
    let visibility = VisibilityTimeout(history, snapshot)
    visibilityTimeout = visibility.seconds
    told = fleet.workers.filter { $0.registered.value != nil }.map(\.id.name).sorted()
    silent = Dictionary(
      fleet.workers.compactMap { worker in worker.registered.reason.map { (worker.id.name, $0) } },
      uniquingKeysWith: { $1 })
    gap =
      fleet.gap
      ?? (fleet.workers.isEmpty ? "no worker lives" : told.isEmpty ? fleet.registryGap : nil)
    tasks = Self.judge(
      fleet.workers.map(\.facts), only: name, MessageLimits(snapshot), visibility.seconds)
  }

  /// Workers that tell the same of all tasks are looked at once.
  private struct Kind: Hashable {
    var tasks: [RegisteredTask]
    var settings: Observation<WorkerSettings>
    var stats: Observation<PoolTerms>
  }

  private struct PoolTerms: Hashable {
    var pool: PoolKind
    var hard: Seconds?
    var soft: Seconds?
  }

  fileprivate static func judge(
    _ workers: [WorkerFacts], only name: String?, _ messages: MessageLimits, _ visibility: Seconds
  ) -> [TaskAudit] {
    let kinds = Dictionary(grouping: workers.filter { $0.ownTasks != nil }) { worker in
      Kind(
        tasks: (worker.ownTasks ?? []).filter { name == nil || $0.name == name },
        settings: worker.settings.auditable,
        stats: worker.stats.map {
          PoolTerms(pool: $0.pool, hard: $0.hardLimit, soft: $0.softLimit)
        })
    }
    var found: [String: [TaskPolicy: Set<String>]] = [:]
    for (kind, members) in kinds {
      guard let one = members.first else { continue }
      let names = Set(members.map(\.id.name))
      for task in kind.tasks {
        found[task.name, default: [:]][TaskPolicy(task, on: one), default: []].formUnion(names)
      }
    }
    var runs: [String: Int] = [:]
    for (name, count) in workers.lazy.compactMap(\.stats.value?.totals).joined() {
      let (sum, isTooMuch) = runs[name, default: 0].addingReportingOverflow(max(0, count))
      runs[name] = isTooMuch ? .max : sum
    }
    let isCounted = workers.contains { $0.stats.value != nil }
    return found.map { name, policies in
      TaskAudit(
        name, policies, called: messages.of(name), runs: isCounted ? runs[name] ?? 0 : nil,
        visibility: visibility)
    }.sorted { left, right in
      let (first, second) = (left.verdict?.rawValue ?? .max, right.verdict?.rawValue ?? .max)
      if first != second { return first < second }
      if left.runs != right.runs { return (left.runs ?? 0) > (right.runs ?? 0) }
      return left.name < right.name
    }
  }
}

extension TaskAudit {
  /// Of a task on these workers alone; nil where none of them has it.
  package init?(
    of task: String, on workers: [WorkerFacts], messages: [MessageFacts], visibility: Seconds
  ) {
    let limits = MessageLimits(messages)
    let found = Audit.judge(workers, only: task, limits, visibility).first { $0.name == task }
    guard let found else { return nil }
    self = found
  }

  fileprivate init(
    _ name: String, _ policies: [TaskPolicy: Set<String>], called: [TaskLimits], runs: Int?,
    visibility: Seconds
  ) {
    self.name = name
    self.called = called
    self.runs = runs
    variants = policies.map { policy, workers in
      Variant(
        policy: policy, workers: workers.sorted(),
        faults: Self.faults(policy, isLimitedByCall: !called.isEmpty, visibility: visibility)
          .sorted())
    }.sorted { left, right in
      if left.workers.count != right.workers.count {
        return left.workers.count > right.workers.count
      }
      return left.workers.lexicographicallyPrecedes(right.workers)
    }
    var faults = Set(variants.flatMap(\.faults))
    if Set(variants.map { Values($0.policy) }).count > 1 { faults.insert(.differs) }
    self.faults = faults.sorted()
  }

  /// What a policy says, whoever says it.
  private struct Values: Hashable {
    var acksLate: Bool?
    var rejectsOnWorkerLost: Bool?
    var retries: RetryPolicy?
    var hard: Seconds?
    var soft: Seconds?
    var rate: String?
    var result: ResultKeeping?

    init(_ policy: TaskPolicy) {
      acksLate = policy.acksLate.value?.value
      rejectsOnWorkerLost = policy.rejectsOnWorkerLost.value?.value
      retries = policy.retries.value?.value
      hard = policy.hardLimit.value?.value
      soft = policy.softLimit.value?.value
      rate = policy.rateLimit.value?.value
      result = policy.result.value?.value
    }
  }

  private static func faults(
    _ policy: TaskPolicy, isLimitedByCall: Bool, visibility: Seconds
  ) -> [Fault] {
    var faults: [Fault] = []
    let isLimited = isLimitedByCall ? true : policy.isLimited
    let acksLate = policy.acksLate.value?.value
    let rejects = policy.rejectsOnWorkerLost.value?.value
    if isLimited == false {
      let isFragile =
        acksLate == false && rejects == false && policy.retries.value?.value.byItself == false
      faults.append(isFragile ? .fragile : .endless)
    }
    if acksLate == true, policy.isLimited != nil, !policy.ends(within: visibility) {
      faults.append(.runsTwice)
    }
    if policy.isLimited == true, policy.isEnforced == false { faults.append(.unenforced) }
    if acksLate == nil || rejects == nil || isLimited == nil || policy.retries.value == nil {
      faults.append(.unknown)
    }
    if acksLate == false || rejects == false { faults.append(.lossy) }
    return faults
  }
}

extension TaskPolicy {
  /// Whether its hard limit, if its pool enforces one, is shorter than that.
  fileprivate func ends(within length: Seconds) -> Bool {
    guard let hard = hardLimit.value?.value, pool?.enforcesHardLimit != false else { return false }
    return hard < length
  }
}

extension Observation where Value == WorkerSettings {
  /// Only what policies are made of, so that workers that differ in the rest are of one kind.
  fileprivate var auditable: Observation<WorkerSettings> {
    map { settings in
      var settings = settings
      settings.scheduleEntryNames = []
      settings.visibilityTimeout = nil
      settings.concurrency = nil
      return settings
    }
  }
}

/// The limits that messages bring along, by task, as far as messages were read.
struct MessageLimits {
  private var limits: [String: Set<TaskLimits>] = [:]

  init(_ snapshot: Snapshot) {
    let waiting = (snapshot.queues.value ?? []).flatMap { [$0.head?.value, $0.newest?.value] }
    let held = (snapshot.unacked.value?.sample ?? []).map(\.message.value)
    self.init((waiting + held).compactMap(\.self))
  }

  init(_ messages: [MessageFacts]) {
    for message in messages { take(message) }
  }

  /// At most a few: calls may each have their own.
  private static let kept = 8

  private mutating func take(_ message: MessageFacts) {
    guard let task = message.task, message.hardLimit != nil || message.softLimit != nil,
      limits[task]?.count ?? 0 < Self.kept
    else { return }
    limits[task, default: []].insert(
      TaskLimits(
        hard: message.hardLimit, soft: message.softLimit, isKnown: true,
        hardSource: message.hardLimit.map { _ in .message },
        softSource: message.softLimit.map { _ in .message }))
  }

  /// The shortest first.
  func of(_ task: String) -> [TaskLimits] {
    func length(_ limits: TaskLimits) -> Seconds { limits.hard ?? limits.soft ?? .zero }
    return (limits[task] ?? []).sorted { length($0) < length($1) }
  }
}
