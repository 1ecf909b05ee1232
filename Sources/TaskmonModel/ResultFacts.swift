package import TaskmonUnits

/// What the scan of the result backend has found; counts are of the last complete pass where there
/// is one, else of the pass under way.
package struct ResultFacts: Sendable, Equatable, Codable {
  /// Complete passes over the key space since the scan began; 0 means counts are partial.
  package var completedPasses: Int
  package var updatedAt: Timestamp
  package var count: Int
  package var totalSize: ByteCount
  package var withoutExpiry: Int
  /// By state (`SUCCESS`, `FAILURE`, …); a state that could not be read is `?`.
  package var states: [String: Int]
  /// Stored failures by the class of their exception, `?` where it could not be read; bounded, the
  /// rest is `other`.
  package var failures: [String: Int]
  /// Results of whole groups that an application has saved; they are not among `count`.
  package var groups: Int
  /// Largest first; bounded.
  package var largest: [StoredResult]
  /// By task name, `unknown task` where it could not be told; largest first; bounded.
  package var tasks: [TaskResultSizes]
  /// `NotRegistered` failures by the task's name; bounded.
  package var unregistered: [StoredMark]
  /// Runs in a process that is no worker (`task_always_eager`), by its host; bounded, and only
  /// from results whose ends were read.
  package var eagerRuns: [StoredMark]
  /// Failures in which an event loop was misused, by the task's name, `unknown task` where it could
  /// not be told, with what it was as their detail; bounded, and only from results whose ends were
  /// read.
  package var loopFaults: [StoredMark]

  package init(
    completedPasses: Int, updatedAt: Timestamp, count: Int = 0, totalSize: ByteCount = .zero,
    withoutExpiry: Int = 0, states: [String: Int] = [:], failures: [String: Int] = [:],
    groups: Int = 0, largest: [StoredResult] = [], tasks: [TaskResultSizes] = [],
    unregistered: [StoredMark] = [],
    eagerRuns: [StoredMark] = [], loopFaults: [StoredMark] = []
  ) {
    self.loopFaults = loopFaults
    self.unregistered = unregistered
    self.eagerRuns = eagerRuns
    self.completedPasses = completedPasses
    self.updatedAt = updatedAt
    self.count = count
    self.totalSize = totalSize
    self.withoutExpiry = withoutExpiry
    self.states = states
    self.failures = failures
    self.groups = groups
    self.largest = largest
    self.tasks = tasks
  }
}

/// Stored results that tell of one mistake, under the name of what made it.
package struct StoredMark: Sendable, Hashable, Codable {
  package var name: String
  package var count: Int
  /// When the latest of them ended, by its maker's clock; nil where none says.
  package var latest: Timestamp?
  package var latestID: String
  /// The task of the latest, where its result names it.
  package var task: String?
  /// What the latest tells beyond that; nil where nothing does.
  package var detail: String?

  package init(
    name: String, count: Int, latest: Timestamp?, latestID: String, task: String? = nil,
    detail: String? = nil
  ) {
    self.detail = detail
    self.name = name
    self.count = count
    self.latest = latest
    self.latestID = latestID
    self.task = task
  }
}

/// A chord whose parts are counted in the result backend.
package struct ChordFacts: Sendable, Hashable, Codable {
  package var groupID: String
  /// Parts there are, and parts done.
  package var size: Int
  package var done: Int
  /// When taskmon first saw it with this many parts done.
  package var unchangedSince: Timestamp
  /// The task of its parts, where one of them is known.
  package var task: String?
  /// Nil: its keys never expire.
  package var timeToLive: Seconds?

  package init(
    groupID: String, size: Int, done: Int, unchangedSince: Timestamp, task: String? = nil,
    timeToLive: Seconds? = nil
  ) {
    self.groupID = groupID
    self.size = size
    self.done = done
    self.unchangedSince = unchangedSince
    self.task = task
    self.timeToLive = timeToLive
  }
}

/// Reply lists of remote control left in the broker, taskmon's own apart.
package struct ReplyListFacts: Sendable, Hashable, Codable {
  package var count: Int
  package var totalSize: ByteCount
  package var largest: String?
  /// How many of them never expire.
  package var withoutExpiry: Int

  package init(
    count: Int, totalSize: ByteCount, largest: String? = nil, withoutExpiry: Int = 0
  ) {
    self.count = count
    self.totalSize = totalSize
    self.largest = largest
    self.withoutExpiry = withoutExpiry
  }
}

/// One stored result, known by its size and ends, never read whole.
package struct StoredResult: Sendable, Equatable, Codable {
  package var taskID: String
  package var task: String?
  package var size: ByteCount
  package var state: String?
  /// Nil: it never expires.
  package var timeToLive: Seconds?

  package init(
    taskID: String, task: String? = nil, size: ByteCount, state: String? = nil,
    timeToLive: Seconds? = nil
  ) {
    self.taskID = taskID
    self.task = task
    self.size = size
    self.state = state
    self.timeToLive = timeToLive
  }
}

/// The stored results of one task name.
package struct TaskResultSizes: Sendable, Equatable, Codable {
  package var task: String
  package var count: Int
  package var totalSize: ByteCount
  package var largest: ByteCount
  package var largestID: String
  /// Stands for the names of results whose task could not be told.
  package static let unknownTask = "unknown task"
  /// By power of two, smallest first; only classes that hold something.
  package var classes: [ResultSizeClass]

  package init(
    task: String, count: Int, totalSize: ByteCount, largest: ByteCount, largestID: String,
    classes: [ResultSizeClass] = []
  ) {
    self.task = task
    self.count = count
    self.totalSize = totalSize
    self.largest = largest
    self.largestID = largestID
    self.classes = classes
  }
}

/// Results of at least `floor` and less than twice `floor` bytes; `floor` is a power of two.
package struct ResultSizeClass: Sendable, Hashable, Codable {
  package var floor: ByteCount
  package var count: Int
  package var totalSize: ByteCount

  package init(floor: ByteCount, count: Int, totalSize: ByteCount) {
    self.floor = floor
    self.count = count
    self.totalSize = totalSize
  }
}
