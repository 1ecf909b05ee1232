/// What the first line of a record in a worker's log says, as far as its format lets it be told.
///
/// The text of the message is not in it: it may hold arguments of tasks.
package struct WorkerLogLine: Sendable, Hashable {
  /// Who wrote it.
  package enum Logger: Sendable, Hashable {
    /// `celery.redirected`: what was written to standard output or error.
    case redirected
    /// A logger that the line names, or one whose name may stand in front of the message.
    case named
    /// The line names none: a redirected print looks the same.
    case unnamed
  }

  /// What it tells.
  package enum Content: Sendable, Hashable {
    /// `celery@host ready.`
    case ready(node: String)
    case received(task: String, id: String)
    /// The run of a task ended, well or badly.
    case ended(task: String, id: String)
    /// Through the logger of a task: `name[id]: …`.
    case ofTask(String, id: String)
    /// Another word of Celery or of Python itself.
    case own
    /// Python's report of a fault in logging or in a destructor, on standard error.
    case fault
    /// The last part of such a report in logging.
    case faultEnds
    case other
  }

  /// `WARNING`; nil where the format does not tell.
  package var level: String?
  /// `ForkPoolWorker-2`, `MainProcess`; nil where the format does not tell.
  package var process: String?
  package var logger: Logger
  package var content: Content
  /// By the writer's own clock, whose zone is not told: only differences mean something.
  package var time: Double?

  package init(
    level: String? = nil, process: String? = nil, logger: Logger = .unnamed,
    content: Content = .other, time: Double? = nil
  ) {
    self.level = level
    self.process = process
    self.logger = logger
    self.content = content
    self.time = time
  }

  /// Whether a process of a pool wrote it, where tasks run and nothing else.
  package var isOfPool: Bool {
    process.map { $0.contains("PoolWorker-") || $0.hasPrefix("Worker-") } ?? false
  }

  /// The process that runs tasks itself only where the pool is threads, greenlets or solo.
  package var isOfMain: Bool { process == "MainProcess" }
}
