package import TaskmonUnits

/// What was read of the workers' logs.
///
/// Never a line of them: what a log says may hold arguments of tasks.
package struct WorkerLogFacts: Sendable, Equatable, Codable {
  /// When all of them were last looked at; nil before the first look.
  package var readAt: Timestamp?
  /// Sorted by path.
  package var files: [WorkerLogFile]
  /// What could not be read, one sentence each: a pattern without a file, a file without rights.
  package var problems: [String]

  package init(
    readAt: Timestamp? = nil, files: [WorkerLogFile] = [], problems: [String] = []
  ) {
    self.readAt = readAt
    self.files = files
    self.problems = problems
  }
}

/// One log, and what its lines told.
package struct WorkerLogFile: Sendable, Equatable, Codable {
  package var path: String
  /// The node name of the worker that writes it; nil where that is not known, or where several do.
  package var node: String?
  /// Whether more than one worker writes to it.
  package var isShared: Bool
  /// How far it was read; nil for a pipe.
  package var position: LogPosition?
  /// Of the last ten minutes, or of all that was written since an earlier run looked.
  package var window: LogWindow
  /// Whether its format names loggers; nil while no line of Celery's own has shown it.
  package var namesLoggers: Bool?
  /// Lines read, and those of them that began a record whose format is understood.
  package var lines: Int
  package var records: Int
  /// Lines that were longer than is read, and bytes that were passed over to keep up.
  package var cutLines: Int
  package var skipped: ByteCount
  /// Why it is not read; nil where it is.
  package var failure: String?

  package init(
    path: String, node: String? = nil, isShared: Bool = false, position: LogPosition? = nil,
    window: LogWindow, namesLoggers: Bool? = nil, lines: Int = 0, records: Int = 0,
    cutLines: Int = 0, skipped: ByteCount = .zero, failure: String? = nil
  ) {
    self.path = path
    self.node = node
    self.isShared = isShared
    self.position = position
    self.window = window
    self.namesLoggers = namesLoggers
    self.lines = lines
    self.records = records
    self.cutLines = cutLines
    self.skipped = skipped
    self.failure = failure
  }

  /// Without its folder: `w1.log`.
  package var fileName: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// Lines came, and not one of them was understood.
  package var isForeign: Bool { records == 0 && lines >= 20 }
}

/// Where reading a file goes on.
package struct LogPosition: Sendable, Hashable, Codable {
  /// Which file it is, whatever it is called.
  package var device: UInt64
  package var inode: UInt64
  /// Bytes from its beginning.
  package var offset: Int64
  /// A hash of the last bytes before that: where they have changed, it is the same file no more.
  package var mark: UInt64
  /// When it was read up to here.
  package var at: Timestamp

  package init(device: UInt64, inode: UInt64, offset: Int64, mark: UInt64, at: Timestamp) {
    self.device = device
    self.inode = inode
    self.offset = offset
    self.mark = mark
    self.at = at
  }
}

/// Records of a log in a stretch of time.
package struct LogCounts: Sendable, Hashable, Codable {
  /// Of `celery.redirected`: standard output or error, by a pool's process, by the main process, by
  /// one that the format does not name.
  package var redirected: Int
  package var redirectedInMain: Int
  package var redirectedAnywhere: Int
  /// Of a pool's processes, without a task in front and without a logger's name, by level.
  ///
  /// A redirected print looks like this in the default format; so does a plain logger. What Celery
  /// and Python say by themselves is left out.
  package var poolLevels: [String: Int]
  /// The same of the main process.
  package var mainLevels: [String: Int]
  /// Through loggers of tasks.
  package var ofTasks: Int
  /// Through other loggers that the line names.
  package var named: Int
  /// Redirected, or of `poolLevels`, by the process that wrote them; bounded.
  package var processes: [String: Int]
  /// The same by the task whose end the same process wrote next; bounded.
  package var tasks: [String: Int]

  package init(
    redirected: Int = 0, redirectedInMain: Int = 0, redirectedAnywhere: Int = 0,
    poolLevels: [String: Int] = [:], mainLevels: [String: Int] = [:], ofTasks: Int = 0,
    named: Int = 0, processes: [String: Int] = [:], tasks: [String: Int] = [:]
  ) {
    self.redirected = redirected
    self.redirectedInMain = redirectedInMain
    self.redirectedAnywhere = redirectedAnywhere
    self.poolLevels = poolLevels
    self.mainLevels = mainLevels
    self.ofTasks = ofTasks
    self.named = named
    self.processes = processes
    self.tasks = tasks
  }

  package static let zero = LogCounts()
  /// Names kept of each kind; what is beyond them is not counted by name.
  package static let names = 64

  package static func + (left: LogCounts, right: LogCounts) -> LogCounts {
    LogCounts(
      redirected: left.redirected + right.redirected,
      redirectedInMain: left.redirectedInMain + right.redirectedInMain,
      redirectedAnywhere: left.redirectedAnywhere + right.redirectedAnywhere,
      poolLevels: merged(left.poolLevels, right.poolLevels),
      mainLevels: merged(left.mainLevels, right.mainLevels),
      ofTasks: left.ofTasks + right.ofTasks, named: left.named + right.named,
      processes: merged(left.processes, right.processes),
      tasks: merged(left.tasks, right.tasks))
  }

  private static func merged(_ left: [String: Int], _ right: [String: Int]) -> [String: Int] {
    var sum = left
    for (name, count) in right.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) })
    where sum[name] != nil || sum.count < names {
      sum[name, default: 0] += count
    }
    return sum
  }
}

/// What a log told in a stretch of time, all of which was read.
package struct LogWindow: Sendable, Equatable, Codable {
  package var counted: CountedTime
  package var counts: LogCounts

  package init(counted: CountedTime, counts: LogCounts = .zero) {
    self.counted = counted
    self.counts = counts
  }

  /// Both together; of the time between them nothing is known.
  package static func + (earlier: LogWindow, later: LogWindow) -> LogWindow {
    LogWindow(
      counted: CountedTime(
        from: min(earlier.counted.start, later.counted.start),
        to: max(earlier.counted.end, later.counted.end),
        heard: earlier.counted.heard + later.counted.heard),
      counts: earlier.counts + later.counts)
  }
}
