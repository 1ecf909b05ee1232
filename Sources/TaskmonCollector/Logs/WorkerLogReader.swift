import RedisClient
import TaskmonModel
import TaskmonUnits

/// Follows the workers' logs, on a thread of its own: a slow disk delays nothing else.
actor WorkerLogReader {
  /// What one look found.
  struct Reading: Sendable {
    var files: [File]
    var problems: [String]
    /// More was there than one look reads.
    var isBehind: Bool
  }

  /// A log, and what tells whose it is.
  struct File: Sendable {
    var facts: WorkerLogFile
    var readyNodes: Set<String>
    var recentIDs: [String]
  }

  static let name = "worker-logs"
  /// A file that is gone is forgotten after this long; the process that wrote it may write on.
  static let patience = Seconds.minutes(1)

  nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
  private nonisolated let executor = QueueExecutor("worker-logs")

  private let patterns: [String]
  private let budget: CollectionBudget
  private let countsTails: Bool
  private let positions: [String: LogPosition]
  private var files: [String: LogFile] = [:]
  private var searchedAt: Timestamp?
  private var searchProblems: [String] = []
  private var turn = 0

  init(
    _ patterns: [String], budget: CollectionBudget, countsTails: Bool = false,
    positions: [String: LogPosition] = [:]
  ) {
    self.patterns = patterns
    self.budget = budget
    self.countsTails = countsTails
    self.positions = positions
  }

  /// Looks at all files once.
  func read(at now: Timestamp) -> Reading {
    if searchedAt.map({ now - $0 >= budget.logSearchPause || now < $0 }) ?? true { search(at: now) }
    var left = Int(budget.logBytes.value)
    // Where there is more than one look may read, all files have their turn.
    let order = files.keys.sorted()
    turn = order.isEmpty ? 0 : (turn + 1) % order.count
    for path in order[turn...] + order[..<turn] {
      guard let file = files[path] else { continue }
      left -= file.read(atMost: min(left, Int(budget.logFileBytes.value)), at: now)
    }
    files = files.filter { _, file in
      file.missingSince.map { now - $0 < Self.patience } ?? true
    }
    return Reading(
      files: files.sorted { $0.key < $1.key }.map { _, file in
        File(
          facts: file.facts(at: now), readyNodes: file.tally.nodes,
          recentIDs: file.tally.recentIDs)
      },
      problems: searchProblems
        + files.sorted { $0.key < $1.key }.compactMap { path, file in
          file.failure.map { "\(path): \($0)" }
        },
      isBehind: files.values.contains(where: \.isBehind))
  }

  // MARK: Finding files

  private func search(at now: Timestamp) {
    let isFirst = searchedAt == nil
    searchedAt = now
    searchProblems = []
    var found: [String: (identity: LogIdentity, modified: Int64)] = [:]
    for pattern in patterns {
      let matches = LogFolder.matches(pattern).filter { !Self.isPacked($0) }
      if matches.isEmpty { searchProblems.append("no file matches \(pattern)") }
      for path in matches where found[path] == nil {
        found[path] = LogFolder.status(path)
        if found[path] == nil { searchProblems.append("\(path): \(LogProblem.last.sentence)") }
      }
    }
    let newest = found.sorted { ($1.value.modified, $0.key) < ($0.value.modified, $1.key) }
    if newest.count > budget.logFiles {
      searchProblems.append(
        "\((newest.count - budget.logFiles).grouped) more files match than the"
          + " \(budget.logFiles.grouped) that are followed")
    }
    let chosen = newest.prefix(budget.logFiles)
    let names = Set(chosen.map(\.key))
    files = files.filter { names.contains($0.key) || found[$0.key] == nil }
    // Nothing is read of what was left out for the files of one more look.
    while files.count > budget.logFiles, let gone = files.keys.first(where: { found[$0] == nil }) {
      files[gone] = nil
    }
    take(chosen.map { ($0.key, $0.value.identity) }, isFirst: isFirst, at: now)
  }

  private func take(
    _ chosen: [(path: String, identity: LogIdentity)], isFirst: Bool, at now: Timestamp
  ) {
    var open = Set(files.values.compactMap(\.identity))
    for (path, identity) in chosen.sorted(by: { $0.path < $1.path }) where files[path] == nil {
      // A file that is followed already and has another name now, or has two.
      guard !open.contains(identity), files.count < budget.logFiles else { continue }
      files[path] = LogFile(path, from: start(path, isFirst: isFirst), at: now, budget: budget)
      open.insert(identity)
    }
  }

  private func start(_ path: String, isFirst: Bool) -> LogFile.Start {
    if let position = positions[path], isFirst { return .position(position) }
    if isFirst { return countsTails && !isOldCopy(path) ? .tail : .end }
    return isOldCopy(path) ? .end : .beginning
  }

  /// `w1.log.1` and `w1.log-20260102` beside `w1.log`: what has been read there before.
  private func isOldCopy(_ path: String) -> Bool {
    files.keys.contains { known in
      path.hasPrefix(known) && ".-~".contains(path.dropFirst(known.count).prefix(1))
    }
  }

  private static func isPacked(_ path: String) -> Bool {
    [".gz", ".bz2", ".xz", ".zst", ".lz4"].contains { path.hasSuffix($0) }
  }
}
