package import TaskmonUnits

/// What happened to tasks in a stretch of time, by name and by worker.
///
/// Only time in which the stream was heard is counted: across the runs of `check`, which listen for
/// a while now and then, ten minutes of it may reach further back.
package struct TaskWindow: Sendable, Equatable, Codable {
  package var counted: CountedTime
  /// By task name; tasks of which nothing was heard are left out.
  package var tasks: [String: TaskTally]
  /// By node name.
  package var nodes: [String: TaskCounts]

  package init(
    counted: CountedTime, tasks: [String: TaskTally] = [:], nodes: [String: TaskCounts] = [:]
  ) {
    self.counted = counted
    self.tasks = tasks
    self.nodes = nodes
  }

  package var heard: Seconds { counted.heard }

  /// Both together; the time between them was not heard.
  static func + (earlier: TaskWindow, later: TaskWindow) -> TaskWindow {
    TaskWindow(
      counted: CountedTime(
        from: min(earlier.counted.start, later.counted.start),
        to: max(earlier.counted.end, later.counted.end),
        heard: earlier.heard + later.heard),
      tasks: earlier.tasks.merging(later.tasks, uniquingKeysWith: +),
      nodes: earlier.nodes.merging(later.nodes, uniquingKeysWith: +))
  }

  /// The busiest names only, to be remembered.
  func kept(atMost limit: Int) -> TaskWindow {
    guard tasks.count > limit || nodes.count > limit else { return self }
    var window = self
    window.tasks = Dictionary(
      tasks.sorted { ($1.value.counts.activity, $0.key) < ($0.value.counts.activity, $1.key) }
        .prefix(limit).map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    window.nodes = Dictionary(
      nodes.sorted { ($1.value.activity, $0.key) < ($0.value.activity, $1.key) }
        .prefix(limit).map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
    return window
  }
}

/// What is remembered of tasks across runs.
package struct TaskTrack: Sendable, Equatable, Codable {
  /// Of this process; nil before its stream was heard.
  package private(set) var present: TaskWindow?
  /// Of earlier runs, oldest first; bounded.
  package private(set) var earlier: [TaskWindow]

  package init(present: TaskWindow? = nil, earlier: [TaskWindow] = []) {
    self.present = present
    self.earlier = earlier
  }

  static let runs = 64
  /// Names kept of each run.
  static let names = 200
  /// What happened longer ago counts no more, however little was heard since.
  package static let reach = Seconds.hours(2)
  /// As much heard time as a window holds.
  package static let length = Seconds.minutes(10)

  /// The last ten minutes of heard time, or as much of it as there is; nil where nothing was heard.
  ///
  /// Earlier runs are taken in whole, so that no more than ten minutes are ever counted.
  package func window(at now: Timestamp) -> TaskWindow? {
    var window = present
    for run in earlier.reversed() {
      guard now - run.counted.end <= Self.reach,
        run.heard + (window?.heard ?? .zero) <= Self.length
      else { break }
      window = window.map { run + $0 } ?? run
    }
    return window
  }

  /// A process' window always covers its own time only, so it replaces the one before.
  mutating func absorb(_ window: TaskWindow) { present = window }

  /// The present becomes the past.
  func afterRestart() -> TaskTrack {
    guard let present, present.heard > .zero else { return TaskTrack(earlier: earlier) }
    return TaskTrack(
      earlier: Array((earlier + [present.kept(atMost: Self.names)]).suffix(Self.runs)))
  }

  /// What is worth writing down.
  func kept() -> TaskTrack {
    TaskTrack(present: present?.kept(atMost: Self.names), earlier: earlier)
  }
}
