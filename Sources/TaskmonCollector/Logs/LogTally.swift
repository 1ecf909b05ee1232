import CeleryProtocol
import TaskmonModel
import TaskmonUnits

/// Counts what the lines of one log tell; bounded, and without a word of them.
struct LogTally {
  private(set) var decoder = WorkerLogDecoder()
  private(set) var lines = 0
  private(set) var records = 0
  /// Nodes that said here that they are ready.
  private(set) var nodes: Set<String> = []
  /// The last tasks named, by their ids.
  private(set) var recentIDs: [String] = []
  /// The first and the last moment by the writer's clock.
  private(set) var clock: (first: Double, last: Double)?
  /// Since the last `drain`.
  private var counts = LogCounts.zero
  /// By process, what it has written since a task last ended there.
  private var pending: [String: Int] = [:]
  /// Processes in the middle of a report of Python's own on standard error.
  private var muted: Set<String> = []

  private static let rememberedIDs = 16
  private static let rememberedNodes = 8

  /// Looks at a line for what it tells of the format and of the worker only.
  mutating func learn(from bytes: ArraySlice<UInt8>) {
    guard let line = decoder.decode(bytes) else { return }
    noteWho(line)
  }

  mutating func take(_ bytes: ArraySlice<UInt8>) {
    lines += 1
    guard let line = decoder.decode(bytes) else { return }
    records += 1
    if let time = line.time { clock = (clock?.first ?? time, time) }
    if line.logger != .redirected { noteWho(line) }
    count(line)
  }

  /// What was counted since the last time.
  mutating func drain() -> LogCounts {
    defer { counts = .zero }
    return counts
  }

  /// Something was passed over: what comes is counted and dated anew.
  mutating func forget() {
    counts = .zero
    clock = nil
    pending = [:]
  }

  private mutating func noteWho(_ line: WorkerLogLine) {
    switch line.content {
    case .ready(let node):
      if nodes.count < Self.rememberedNodes { nodes.insert(node) }
    case .received(_, let id), .ended(_, let id), .ofTask(_, let id):
      guard !recentIDs.contains(id), id != "???" else { return }
      recentIDs.append(id)
      if recentIDs.count > Self.rememberedIDs { recentIDs.removeFirst() }
    case .own, .fault, .faultEnds, .other: break
    }
  }

  private mutating func count(_ line: WorkerLogLine) {
    let process = line.process ?? ""
    if line.content == .fault { return mute(process) }
    if line.content == .faultEnds, muted.remove(process) != nil { return }
    guard line.logger != .redirected else { return countRedirected(line, process) }
    switch line.content {
    case .ready, .received, .own, .fault: muted.remove(process)
    case .ended(let task, _):
      muted.remove(process)
      // Tasks of threads and greenlets run side by side in one process.
      if line.isOfPool, let found = pending.removeValue(forKey: process) {
        counts.tasks.add(found, to: task)
      }
    case .ofTask:
      muted.remove(process)
      counts.ofTasks += 1
    case .faultEnds, .other: countOther(line, process)
    }
  }

  private mutating func mute(_ process: String) {
    if muted.count < LogCounts.names { muted.insert(process) }
  }

  private mutating func countRedirected(_ line: WorkerLogLine, _ process: String) {
    guard !muted.contains(process) else { return }
    if line.isOfPool {
      counts.redirected += 1
      note(process)
    } else if line.isOfMain {
      counts.redirectedInMain += 1
    } else {
      counts.redirectedAnywhere += 1
    }
  }

  private mutating func countOther(_ line: WorkerLogLine, _ process: String) {
    guard line.logger == .unnamed, let level = line.level else {
      muted.remove(process)
      counts.named += 1
      return
    }
    guard !muted.contains(process) else { return }
    if line.isOfPool {
      counts.poolLevels.add(1, to: level)
      note(process)
    } else if line.isOfMain {
      counts.mainLevels.add(1, to: level)
    }
  }

  private mutating func note(_ process: String) {
    counts.processes.add(1, to: process)
    pending.add(1, to: process)
  }
}

extension [String: Int] {
  /// Of names beyond the limit nothing is counted.
  fileprivate mutating func add(_ count: Int, to name: String) {
    if self[name] != nil || self.count < LogCounts.names { self[name, default: 0] += count }
  }
}

/// Counts minute by minute.
struct LogMeter {
  /// From when on all that was written is known.
  var coveredSince: Timestamp
  private var buckets: [(start: Timestamp, counts: LogCounts)] = []

  private static let bucket = Seconds.minutes(1)

  init(coveredSince: Timestamp) { self.coveredSince = coveredSince }

  mutating func add(_ counts: LogCounts, at now: Timestamp) {
    if let last = buckets.last, now - last.start < Self.bucket {
      buckets[buckets.count - 1].counts = last.counts + counts
    } else {
      buckets.append((now, counts))
    }
    while let first = buckets.first, now - first.start > LogTrack.length {
      buckets.removeFirst()
      // What the first look found may be of a longer time; it is over as a whole.
      coveredSince = max(coveredSince, buckets.first?.start ?? now)
    }
  }

  func window(at now: Timestamp) -> LogWindow {
    LogWindow(
      counted: CountedTime(from: coveredSince, to: now, heard: max(.zero, now - coveredSince)),
      counts: buckets.reduce(.zero) { $0 + $1.counts })
  }
}
