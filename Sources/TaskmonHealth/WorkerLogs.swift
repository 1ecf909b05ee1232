import TaskmonModel
import TaskmonUnits

/// What the logs of one worker told, or a log that no worker is known to write.
struct SubjectLog {
  /// The node name, else the file's.
  let name: String
  let files: [String]
  let window: LogWindow
  let settings: WorkerSettings?
  /// Nil while nobody has told.
  let pool: PoolKind?
  let namesLoggers: Bool?
  /// Levels at which pool processes wrote plain lines within a day.
  let poolLevels: Set<String>

  var counts: LogCounts { window.counts }
  var heard: Seconds { window.counted.heard }
  /// At which redirected output is logged.
  var level: String { settings?.redirectLevel ?? "WARNING" }

  /// Redirected for certain, in a process that runs tasks; nil where there are none.
  var redirected: Int? {
    var lines = counts.redirected + counts.redirectedAnywhere
    if runsTasksInMain == true { lines += counts.redirectedInMain }
    return lines > 0 ? lines : nil
  }

  /// Redirected, where nobody knows whether tasks run there.
  var unclear: Int { runsTasksInMain == nil ? counts.redirectedInMain : 0 }

  /// A pool of processes has told by its lines, too.
  private var runsTasksInMain: Bool? {
    switch pool {
    case .prefork, .other: false
    case .threads, .solo, .gevent, .eventlet: true
    case nil: counts.processes.isEmpty && poolLevels.isEmpty ? nil : false
    }
  }

  var plain: Int { counts.poolLevels[level] ?? 0 }
  var plainInMain: Int {
    runsTasksInMain == true ? counts.mainLevels[level] ?? 0 : 0
  }
  var otherLevels: [String] {
    poolLevels.union(counts.poolLevels.keys).subtracting([level]).sorted()
  }

  /// Where they were written, as far as the same process has told.
  var tasks: [(key: String, value: Int)] { counts.tasks.mostFrequent }
  var mainlyIn: String { tasks.first.map { ", mostly in \($0.key)" } ?? "" }

  /// A number of ten minutes, for a window that reaches further back.
  func scaled(_ count: Int) -> Int {
    let share = max(1, heard / LogTrack.length)
    let wanted = (Double(max(1, count)) * share).rounded(.up)
    return count <= 1 ? 1 : Int(min(wanted, 1e9))
  }
}

/// All logs that are read, by whom they tell of.
struct ReadLogs {
  let subjects: [SubjectLog]
  private let logs: WorkerLogFacts
  private let silent: String?

  init(_ logs: WorkerLogFacts, _ scene: Scene) {
    self.logs = logs
    let fleet = scene.fleet
    let byName = Dictionary(grouping: logs.files.filter { $0.failure == nil }) { file in
      file.node ?? file.fileName
    }
    subjects = byName.sorted { $0.key < $1.key }.map { name, files in
      Self.subject(name, files, scene.history, scene.snapshot)
    }
    let named = Set(logs.files.compactMap(\.node))
    let unread = fleet.workers.first { !named.contains($0.id.name) }?.id.name
    silent = fleet.gap ?? unread.map { "no log that is read is known to be that of \($0)" }
  }

  private static func subject(
    _ name: String, _ files: [WorkerLogFile], _ history: SnapshotHistory, _ snapshot: Snapshot
  ) -> SubjectLog {
    let windows = files.map { file in
      history.workerLogs[file.path]?.window(at: snapshot.takenAt) ?? file.window
    }
    // Files of one worker tell of the same time.
    let longest =
      windows.map(\.counted).max { $0.heard < $1.heard }
      ?? CountedTime(from: snapshot.takenAt, to: snapshot.takenAt, heard: .zero)
    let worker = (snapshot.workers.value ?? []).filter { $0.id.name == name }
      .max { ($0.lastProof ?? $0.firstHeard) < ($1.lastProof ?? $1.firstHeard) }
    return SubjectLog(
      name: name, files: files.map(\.path),
      window: LogWindow(
        counted: longest, counts: windows.reduce(.zero) { $0 + $1.counts }),
      settings: worker?.settings.value, pool: worker?.stats.value?.pool,
      namesLoggers: files.lazy.compactMap(\.namesLoggers).first,
      poolLevels: files.reduce(into: Set()) { found, file in
        found.formUnion(history.workerLogs[file.path]?.poolLevels.keys.map { $0 } ?? [])
      })
  }

  /// Why no finding proves nothing; nil where it does.
  func doubt(over needed: Seconds) -> String? {
    if let problem = logs.problems.first { return problem }
    if let foreign = logs.files.first(where: \.isForeign) {
      return "the format of \(foreign.fileName) is not understood: \(foreign.lines.grouped) lines"
    }
    if let silent { return silent }
    let heard = subjects.map(\.heard).min() ?? .zero
    guard heard < needed * HeardTasks.slack else { return nil }
    return "needs \(needed.compact) of observation, has \(heard.compact)"
  }
}
