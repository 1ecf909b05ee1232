import TaskmonModel

/// Tells which worker writes a log.
///
/// The log itself rarely says it: only the line at the worker's start names the node. The tasks it
/// names are known from events with their workers, and files are often called after their workers.
struct LogWriters {
  /// The worker that an event told to have run a task.
  let workerOfTask: (String) -> WorkerID?
  let workers: [WorkerFacts]
  /// What earlier runs knew.
  let tracks: [String: LogTrack]

  /// So many of the tasks named must have run on one worker: a retry may have gone elsewhere.
  private static let share = 0.75

  func named(_ file: WorkerLogReader.File) -> WorkerLogFile {
    var facts = file.facts
    let votes = file.recentIDs.compactMap { workerOfTask($0)?.name }
    if let (node, count) = Self.mostFrequent(votes) {
      let isOne = Double(count) >= Double(votes.count) * Self.share
      facts.node = isOne ? node : nil
      facts.isShared = !isOne
    } else if file.readyNodes.count == 1 {
      facts.node = file.readyNodes.first
    } else {
      facts.node = byName(facts.fileName) ?? tracks[facts.path]?.node
    }
    return facts
  }

  private static func mostFrequent(_ names: [String]) -> (String, Int)? {
    let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
    return counts.max { ($0.value, $1.key) < ($1.value, $0.key) }.map { ($0.key, $0.value) }
  }

  /// As `--logfile=%n%I.log` and `%h.log` make them; nil where more than one worker may be meant.
  private func byName(_ fileName: String) -> String? {
    let stem = fileName.hasSuffix(".log") ? String(fileName.dropLast(4)) : fileName
    let digits = stem.reversed().prefix { $0.isASCII && $0.isNumber }
    let child = stem.dropLast(digits.count)
    let parent = !digits.isEmpty && child.hasSuffix("-") ? String(child.dropLast()) : nil
    let names = Set(workers.filter { $0.offlineSince == nil }.map(\.id.name))
    for wanted in [stem, parent].compactMap(\.self) {
      let fitting = names.filter { name in
        name == wanted || name.split(separator: "@").first.map(String.init) == wanted
      }
      if fitting.count == 1 { return fitting.first }
    }
    return nil
  }
}
