import CeleryProtocol
import Glibc
import TaskmonModel
import TaskmonUnits

/// Follows what is written under one name, through rename, truncation and deletion.
final class LogFile {
  /// Where reading begins.
  enum Start: Equatable {
    case beginning
    case end
    /// With the last of what is there already.
    case tail
    /// Where an earlier run ended.
    case position(LogPosition)
  }

  let path: String
  private let budget: CollectionBudget
  private var handle: LogHandle?
  private var offset: Int64 = 0
  /// The bytes before `offset`, by which the file is known again.
  private var mark: [UInt8] = []
  private var lines: LogLines
  private(set) var tally = LogTally()
  private var meter: LogMeter
  private var cut = 0
  private var skipped = ByteCount.zero
  private(set) var failure: String?
  /// More was there than the last look has read.
  private(set) var isBehind = false
  private(set) var missingSince: Timestamp?
  private var countsTail = false

  init(_ path: String, from start: Start, at now: Timestamp, budget: CollectionBudget) {
    self.path = path
    self.budget = budget
    meter = LogMeter(coveredSince: now)
    lines = LogLines(limit: Int(budget.logLine.value))
    do throws(LogProblem) {
      try open(start)
    } catch {
      failure = error.sentence
    }
  }

  var identity: LogIdentity? { handle?.identity }
  var isPipe: Bool { handle?.isPipe ?? false }

  // MARK: Beginning

  private func open(_ start: Start) throws(LogProblem) {
    let opened = try LogHandle(path)
    handle = opened
    guard !opened.isPipe else { return }
    learn(from: opened)
    switch start {
    case .beginning: go(to: 0)
    case .end: go(to: opened.size)
    case .tail:
      go(to: max(0, opened.size - budget.logTail.value))
      countsTail = true
    case .position(let position): try resume(position)
    }
  }

  /// The format and the worker's name are known from what is not counted, too.
  private func learn(from handle: LogHandle) {
    let length = budget.logEnd.value
    let size = handle.size
    for start in Set([0, max(0, size - length)]).sorted() {
      var lines = LogLines(limit: Int(budget.logLine.value), inLine: start > 0)
      let bytes = handle.read(Int(min(length, size)), at: start)
      lines.take(bytes[...]) { tally.learn(from: $0) }
    }
  }

  /// The file of the earlier run may have another name by now; then the rest of it comes first.
  private func resume(_ position: LogPosition) throws(LogProblem) {
    meter.coveredSince = min(meter.coveredSince, position.at)
    let known = LogIdentity(device: position.device, inode: position.inode)
    if handle?.identity != known, let renamed = LogFolder.renamed(path, known),
      let old = try? LogHandle(renamed)
    {
      handle = old
    }
    guard let handle, handle.identity == known, handle.size >= position.offset,
      LogHandle.mark(handle.bytes(before: position.offset)) == position.mark
    else { return reopen() }
    go(to: position.offset)
  }

  /// What stands under the name now is another file, or its content is.
  private func reopen() {
    if let opened = try? LogHandle(path) { handle = opened }
    go(to: 0)
  }

  private func go(to place: Int64) {
    offset = place
    mark = handle?.bytes(before: place) ?? []
    cut += lines.cut
    lines = LogLines(
      limit: Int(budget.logLine.value),
      inLine: mark.last.map { $0 != UInt8(ascii: "\n") } ?? false)
  }

  // MARK: Reading

  /// Reads what is new, at most `limit` bytes; gives how many it read.
  func read(atMost limit: Int, at now: Timestamp) -> Int {
    var taken = 0
    isBehind = false
    if handle == nil { retry(at: now) }
    // A file that was replaced is read to its end before the next: at most a few in one look.
    for _ in 0..<3 {
      taken += readOpen(atMost: limit - taken, at: now)
      guard !isBehind, follow(at: now) else { break }
    }
    count(at: now)
    return taken
  }

  private func retry(at now: Timestamp) {
    do throws(LogProblem) {
      // What was written before it could be read is no news, and is not known.
      try open(.end)
      meter = LogMeter(coveredSince: now)
      failure = nil
    } catch {
      failure = error.sentence
    }
  }

  private func readOpen(atMost limit: Int, at now: Timestamp) -> Int {
    guard let handle else { return 0 }
    if !handle.isPipe { noticeTruncation(handle, at: now) }
    var taken = 0
    while taken < limit {
      let bytes = handle.read(min(1 << 16, limit - taken), at: offset)
      guard !bytes.isEmpty else { return taken }
      taken += bytes.count
      offset += Int64(bytes.count)
      mark = Array((mark + bytes.suffix(Int(LogHandle.marked))).suffix(Int(LogHandle.marked)))
      lines.take(bytes[...]) { tally.take($0) }
    }
    isBehind = true
    return taken
  }

  /// Truncated where it is shorter than what was read of it, or where that has changed.
  private func noticeTruncation(_ handle: LogHandle, at now: Timestamp) {
    let size = handle.size
    if size < offset || (size > offset && handle.bytes(before: offset) != mark) { go(to: 0) }
    let behind = size - offset
    guard behind > budget.logBacklog.value else { return }
    let place = size - budget.logTail.value
    skipped = skipped + ByteCount(place - offset)
    go(to: place)
    // What was counted before is of another time than what is counted from here on.
    tally.forget()
    meter = LogMeter(coveredSince: now)
    countsTail = true
  }

  /// True where another file stands under the name and has been opened.
  private func follow(at now: Timestamp) -> Bool {
    guard let handle, !handle.isPipe else { return false }
    guard let status = LogFolder.status(path) else {
      missingSince = missingSince ?? now
      return false
    }
    missingSince = nil
    guard status.identity != handle.identity else { return false }
    do throws(LogProblem) {
      self.handle = try LogHandle(path)
      failure = nil
      go(to: 0)
      return true
    } catch {
      // What was read until now stays; the new file is tried again.
      failure = error.sentence
      return false
    }
  }

  // MARK: Facts

  private func count(at now: Timestamp) {
    if countsTail, !isBehind {
      // How long the tail took to be written is known by the writer's own clock only.
      if let clock = tally.clock, clock.last > clock.first {
        meter.coveredSince = min(meter.coveredSince, now - Seconds(clock.last - clock.first))
      }
      countsTail = false
    }
    meter.add(tally.drain(), at: now)
  }

  func facts(at now: Timestamp) -> WorkerLogFile {
    WorkerLogFile(
      path: path, position: position(at: now), window: meter.window(at: now),
      namesLoggers: tally.decoder.namesLoggers, lines: tally.lines, records: tally.records,
      cutLines: cut + lines.cut, skipped: skipped, failure: failure)
  }

  private func position(at now: Timestamp) -> LogPosition? {
    guard let handle, !handle.isPipe else { return nil }
    // A line that has not ended is read again as a whole.
    let place = max(0, offset - Int64(lines.begun))
    return LogPosition(
      device: handle.identity.device, inode: handle.identity.inode, offset: place,
      mark: LogHandle.mark(handle.bytes(before: place)), at: now)
  }
}
