import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// What one pass over the stored results adds up to, in bounded memory.
struct ResultTally: Sendable {
  private var count = 0
  private var totalSize = ByteCount.zero
  private var withoutExpiry = 0
  private var states: [String: Int] = [:]
  private var failures: [String: Int] = [:]
  private var groups = 0
  /// Bounded, as everything here.
  private(set) var chords: [ChordLook] = []
  private var largest: [StoredResult] = []
  private var tasks: [String: TaskResultSizes] = [:]
  private var unregistered: [String: StoredMark] = [:]
  private var eagerRuns: [String: StoredMark] = [:]
  private var loopFaults: [String: StoredMark] = [:]
  private let budget: CollectionBudget

  static let unknownTask = TaskResultSizes.unknownTask
  static let otherFailures = "other"
  private static let stateLimit = 100

  init(budget: CollectionBudget) { self.budget = budget }

  /// `failure` is the class of its exception, `?` where it could not be read.
  mutating func add(_ result: StoredResult, failure: String? = nil) {
    count += 1
    totalSize += result.size
    if result.timeToLive == nil { withoutExpiry += 1 }
    let state = result.state ?? "?"
    states[states[state] != nil || states.count < Self.stateLimit ? state : "?", default: 0] += 1
    if let failure { addFailure(failure) }
    addToTask(result)
    addToLargest(result)
  }

  /// What the ends of a result tell of how it came about; `task` is its name where events told it.
  mutating func add(_ ends: ResultEnds, of id: String, task: String? = nil) {
    let limit = budget.resultMarks
    addLoopFault(ends, id, task ?? ends.task)
    if ends.state == "FAILURE", ends.exceptionType == Self.notRegistered,
      let name = ends.exceptionArgument
    {
      unregistered.mark(name, ends, id, limit: limit)
    }
    // A worker's name has an @ in it; a process that runs tasks by itself gives its host.
    let isRun = ends.state == "SUCCESS" || ends.state == "FAILURE"
    if isRun, let maker = ends.worker, !maker.isEmpty, !maker.contains("@") {
      eagerRuns.mark(maker, ends, id, limit: limit)
    }
  }

  static let notRegistered = "NotRegistered"

  /// Whether what an exception of this class says tells of a mistake.
  static func isWorthReading(_ failure: String) -> Bool {
    failure == notRegistered || ExceptionNature(className: failure) == .loopFaultBySaying
  }

  private mutating func addLoopFault(_ ends: ResultEnds, _ id: String, _ task: String?) {
    guard ends.state == "FAILURE", let name = ends.exceptionType, let text = ends.exceptionArgument
    else { return }
    let bytes = Array(text.utf8)
    guard let fault = LoopFault(className: name, bytes.span) else { return }
    loopFaults.mark(
      task ?? Self.unknownTask, ends, id, limit: budget.resultMarks, detail: fault.rawValue)
  }

  mutating func add(_ chord: ChordLook) {
    if chords.count < budget.chords { chords.append(chord) }
  }

  mutating func addGroups(_ count: Int) { groups += count }

  private mutating func addFailure(_ name: String) {
    let isKnown = failures[name] != nil || failures.count < budget.failureClasses
    failures[isKnown ? name : Self.otherFailures, default: 0] += 1
  }

  private mutating func addToTask(_ result: StoredResult) {
    var name = result.task ?? Self.unknownTask
    if tasks[name] == nil, tasks.count >= budget.resultTasks { name = Self.unknownTask }
    var sizes =
      tasks[name]
      ?? TaskResultSizes(
        task: name, count: 0, totalSize: .zero, largest: .zero, largestID: result.taskID)
    sizes.count += 1
    sizes.totalSize += result.size
    if result.size > sizes.largest {
      sizes.largest = result.size
      sizes.largestID = result.taskID
    }
    sizes.add(toClassOf: result.size)
    tasks[name] = sizes
  }

  private mutating func addToLargest(_ result: StoredResult) {
    guard largest.count < budget.largestResults || result.size > largest.last?.size ?? .zero
    else { return }
    // A scan may give a key twice.
    guard !largest.contains(where: { $0.taskID == result.taskID }) else { return }
    let position = largest.firstIndex { $0.size < result.size } ?? largest.count
    largest.insert(result, at: position)
    if largest.count > budget.largestResults { largest.removeLast() }
  }

  func facts(completedPasses: Int, at now: Timestamp) -> ResultFacts {
    ResultFacts(
      completedPasses: completedPasses, updatedAt: now, count: count, totalSize: totalSize,
      withoutExpiry: withoutExpiry, states: states, failures: failures, groups: groups,
      largest: largest,
      tasks: tasks.values.sorted { ($1.largest, $0.task) < ($0.largest, $1.task) },
      unregistered: unregistered.values.sorted { $0.name < $1.name },
      eagerRuns: eagerRuns.values.sorted { $0.name < $1.name },
      loopFaults: loopFaults.values.sorted { $0.name < $1.name })
  }
}

extension [String: StoredMark] {
  fileprivate mutating func mark(
    _ name: String, _ ends: ResultEnds, _ id: String, limit: Int, detail: String? = nil
  ) {
    guard var known = self[name] else {
      guard count < limit else { return }
      self[name] = StoredMark(
        name: name, count: 1, latest: ends.dateDone, latestID: id, task: ends.task, detail: detail)
      return
    }
    known.count += 1
    if let done = ends.dateDone, known.latest.map({ done > $0 }) ?? true {
      known.latest = done
      known.latestID = id
      known.task = ends.task
      known.detail = detail
    }
    self[name] = known
  }
}

extension TaskResultSizes {
  mutating func add(toClassOf size: ByteCount) {
    let bits = Int64.bitWidth - max(1, size.value).leadingZeroBitCount - 1
    let floor = ByteCount(Int64(1) << Int64(bits))
    let position = classes.firstIndex { $0.floor >= floor } ?? classes.count
    if position == classes.count || classes[position].floor != floor {
      classes.insert(ResultSizeClass(floor: floor, count: 0, totalSize: .zero), at: position)
    }
    classes[position].count += 1
    classes[position].totalSize += size
  }
}
