package import TaskmonUnits

/// What the event stream has told of all tasks, summed up by name, worker and queue; bounded.
package struct TaskStatistics: Sendable, Equatable, Codable {
  /// When counting began; totals are of what was heard since.
  package var since: Timestamp
  /// What the `recent` counts cover: ten whole minutes and the present one; less where taskmon has
  /// not listened for so long.
  package var recent: CountedTime
  /// What the `minute` counts cover, for rates: 60 to 70 seconds; less as above.
  package var minute: CountedTime
  /// By task name, sorted by it; at most `CollectionBudget.taskNames`, the busiest.
  package var tasks: [TaskFacts]
  /// Everything of the tasks there was no room for in `tasks`; nil where all are there.
  package var other: TaskFacts?
  /// By worker, under its node name, sorted by it; of `sent`, by the publisher's host.
  package var nodes: [NodeTaskFacts]
  /// Everything by task, worker and queue, in the order they were first heard, which never changes.
  package var series: [TaskSeries]
  /// How often something was counted in the series whose names are all `other`, because there was
  /// no room for one of its own.
  package var droppedSeries: Int
  /// Failed and retried attempts, the newest first; at most 20 failures of each task and 100 in
  /// all, and beside them at most 10 retries of each and 50 in all.
  package var failures: [RecentFailure]
  /// Runs that were one too many, the newest first; at most 100.
  package var duplicates: [DuplicateExecution]
  /// Attempts that have ended, the newest first; at most 10 of each task and 500 in all.
  package var runs: [RecentRun]

  package init(
    since: Timestamp, recent: CountedTime, minute: CountedTime, tasks: [TaskFacts] = [],
    other: TaskFacts? = nil, nodes: [NodeTaskFacts] = [], series: [TaskSeries] = [],
    droppedSeries: Int = 0, failures: [RecentFailure] = [], duplicates: [DuplicateExecution] = [],
    runs: [RecentRun] = []
  ) {
    self.since = since
    self.recent = recent
    self.minute = minute
    self.tasks = tasks
    self.other = other
    self.nodes = nodes
    self.series = series
    self.droppedSeries = droppedSeries
    self.failures = failures
    self.duplicates = duplicates
    self.runs = runs
  }

  /// The facts of one task; nil where nothing was heard of it, or it is among the others.
  package subscript(task task: String) -> TaskFacts? { tasks.first { $0.name == task } }

  /// What `recent` holds, in the form that is remembered across runs.
  package var window: TaskWindow {
    let named = tasks.filter { $0.recent != TaskTally() }.map { ($0.name, $0.recent) }
    let busy = nodes.filter { $0.recent != .zero }.map { ($0.node, $0.recent) }
    return TaskWindow(
      counted: recent, tasks: Dictionary(named, uniquingKeysWith: +),
      nodes: Dictionary(busy, uniquingKeysWith: +))
  }
}

/// A stretch of time in which events were counted, and how much of it was heard.
package struct CountedTime: Sendable, Hashable, Codable {
  package var start: Timestamp
  package var end: Timestamp
  /// For how long of it our own subscription was proved alive: rates are counts over this.
  package var heard: Seconds

  package init(from start: Timestamp, to end: Timestamp, heard: Seconds) {
    self.start = start
    self.end = max(start, end)
    self.heard = heard
  }

  /// How often a second something happened; nil where too little was heard to tell.
  package func rate(of count: Int) -> Double? {
    heard >= Seconds(1) ? Double(count) / heard.value : nil
  }
}

/// What was heard of one task.
package struct TaskFacts: Sendable, Equatable, Codable {
  /// Events whose task was never named are under `TaskFacts.unnamed`.
  package var name: String
  package var total: TaskTally
  /// Within the last ten minutes and the present one; see `TaskStatistics.recent`.
  package var recent: TaskTally
  /// Within the last minute; see `TaskStatistics.minute`.
  package var minute: TaskCounts
  /// Runs ended well or badly in each of the last ten minutes, oldest first, the last one partly
  /// over; always ten.
  package var completedByMinute: [Int]
  /// Of runs that succeeded, as their workers measured; nil before the first.
  package var runtime: TaskTimes?
  /// From when a run could have begun (published, else received, or its eta) to when it did; nil
  /// before the first.
  package var wait: TaskTimes?

  /// What stands in place of a name that no event carried.
  package static let unnamed = "unknown task"

  package init(
    name: String, total: TaskTally = TaskTally(), recent: TaskTally = TaskTally(),
    minute: TaskCounts = .zero, completedByMinute: [Int] = [], runtime: TaskTimes? = nil,
    wait: TaskTimes? = nil
  ) {
    self.name = name
    self.total = total
    self.recent = recent
    self.minute = minute
    self.completedByMinute = completedByMinute
    self.runtime = runtime
    self.wait = wait
  }
}

/// Lengths of time, summed up; percentiles are at most a quarter too long.
package struct TaskTimes: Sendable, Hashable, Codable {
  package var count: Int
  package var sum: Seconds
  package var p50: Seconds
  package var p95: Seconds
  package var p99: Seconds

  package init(count: Int, sum: Seconds, p50: Seconds, p95: Seconds, p99: Seconds) {
    self.count = count
    self.sum = sum
    self.p50 = p50
    self.p95 = p95
    self.p99 = p99
  }

  package var mean: Seconds { count > 0 ? sum / Double(count) : .zero }
}

/// What was heard of the tasks on one worker, whichever process bore its name.
package struct NodeTaskFacts: Sendable, Equatable, Codable {
  /// The node name (`celery@host`); for what was sent, the publisher's host.
  package var node: String
  package var total: TaskCounts
  package var recent: TaskCounts
  package var minute: TaskCounts

  package init(
    node: String, total: TaskCounts = .zero, recent: TaskCounts = .zero, minute: TaskCounts = .zero
  ) {
    self.node = node
    self.total = total
    self.recent = recent
    self.minute = minute
  }
}

/// The counts and times of one task on one worker out of one queue; its counts never fall.
package struct TaskSeries: Sendable, Equatable, Codable {
  /// Events whose task was never named are under `TaskFacts.unnamed`.
  package var task: String
  /// The node name; for what was sent, the publisher's host.
  package var node: String
  /// As `task-sent` or a message said, else the worker's only queue, else `celery`.
  package var queue: String
  package var counts: TaskCounts
  /// Final failures by class; the empty class holds those that named none.
  package var failures: [String: Int]
  package var runtime: TimeBuckets
  package var wait: TimeBuckets

  package init(
    task: String, node: String, queue: String, counts: TaskCounts = .zero,
    failures: [String: Int] = [:], runtime: TimeBuckets = TimeBuckets(bounds: []),
    wait: TimeBuckets = TimeBuckets(bounds: [])
  ) {
    self.task = task
    self.node = node
    self.queue = queue
    self.counts = counts
    self.failures = failures
    self.runtime = runtime
    self.wait = wait
  }

  /// The part after `@`, what existing dashboards call `hostname`.
  package var host: String { WorkerID(name: node).host }
}

/// One task whose time was counted in a bucket.
package struct TimeExemplar: Sendable, Hashable {
  package var taskID: String
  package var time: Seconds
  /// By the worker's clock.
  package var at: Timestamp

  package init(taskID: String, time: Seconds, at: Timestamp) {
    self.taskID = taskID
    self.time = time
    self.at = at
  }
}

/// Lengths of time counted in fixed buckets, each in its own and not in those above it.
package struct TimeBuckets: Sendable, Hashable, Codable {
  /// Upper bounds in seconds, ascending, each included in its bucket.
  package var bounds: [Double]
  /// One more than `bounds`: the last holds what is longer than all of them.
  package var counts: [Int]
  package var sum: Seconds
  /// The latest run in each bucket, nil where none is known; as many as `counts`, or none at all.
  ///
  /// For the metrics of this process only: not encoded.
  package var exemplars: [TimeExemplar?] = []

  /// Everything but `exemplars`.
  private enum CodingKeys: String, CodingKey {
    case bounds, counts, sum
  }

  package init(
    bounds: [Double], counts: [Int]? = nil, sum: Seconds = .zero, exemplars: [TimeExemplar?] = []
  ) {
    self.bounds = bounds
    self.counts = counts ?? [Int](repeating: 0, count: bounds.count + 1)
    self.sum = sum
    self.exemplars = exemplars
  }

  package var count: Int { counts.reduce(0) { $0.addingClamped($1) } }
}
