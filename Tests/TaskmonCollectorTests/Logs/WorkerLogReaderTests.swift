import Foundation
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// A folder of logs, a reader that follows them, and a clock that each look moves on by 10 s.
private final class Shelf {
  let folder: TemporaryFolder
  private let reader: WorkerLogReader
  private(set) var now = Timestamp(secondsSince1970: 1_767_355_200)

  init(
    _ pattern: String = "*.log", in folder: TemporaryFolder? = nil, after: Shelf? = nil,
    countsTails: Bool = false, positions: [String: LogPosition] = [:],
    budget: (inout CollectionBudget) -> Void = { _ in }
  ) throws {
    let folder = try folder ?? after?.folder ?? TemporaryFolder()
    self.folder = folder
    if let after { now = after.now }
    var changed = CollectionBudget()
    budget(&changed)
    reader = WorkerLogReader(
      [pattern.hasPrefix("/") ? pattern : folder.path(pattern)], budget: changed,
      countsTails: countsTails, positions: positions)
  }

  func append(_ name: String, _ text: String) throws {
    let descriptor = open(folder.path(name), O_WRONLY | O_CREAT | O_APPEND, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    #expect(write(descriptor, bytes, bytes.count) == bytes.count)
  }

  /// Lines of tasks' loggers, which are what is counted here.
  func say(_ name: String, _ count: Int = 1) throws {
    try append(name, String(repeating: Self.line + "\n", count: count))
  }

  static let line = "[x: INFO/ForkPoolWorker-1] a.b[1]: hello"

  func look() async -> WorkerLogReader.Reading {
    now = now + Seconds(10)
    return await reader.read(at: now)
  }

  /// How many lines each file has told so far.
  func told() async -> [String: Int] {
    Dictionary(
      (await look()).files.map { ($0.facts.fileName, $0.facts.window.counts.ofTasks) },
      uniquingKeysWith: { $1 })
  }

  func positions() async -> [String: LogPosition] {
    Dictionary(
      (await look()).files.compactMap { file in
        file.facts.position.map { (file.facts.path, $0) }
      }, uniquingKeysWith: { $1 })
  }
}

@Suite("Following workers' logs")
struct WorkerLogReaderTests {
  @Test("what is there at the start is not counted, what comes is, and new files from their start")
  func follows() async throws {
    let shelf = try Shelf()
    try shelf.say("w1.log", 5)
    #expect(await shelf.told() == ["w1.log": 0])
    try shelf.say("w1.log", 2)
    try shelf.append("w1.log", String(Shelf.line.prefix(20)))
    try shelf.say("w2.log", 3)
    #expect(await shelf.told() == ["w1.log": 2, "w2.log": 3])
    try shelf.append("w1.log", String(Shelf.line.dropFirst(20)) + "\n")
    #expect(await shelf.told() == ["w1.log": 3, "w2.log": 3])
  }

  @Test("after a rename the old file is read to its end, then the new one from its start")
  func renamed() async throws {
    let shelf = try Shelf("w1.log*")
    try shelf.say("w1.log")
    _ = await shelf.told()
    try shelf.say("w1.log")
    rename(shelf.folder.path("w1.log"), shelf.folder.path("w1.log.1"))
    try shelf.say("w1.log.1")
    // Not made yet: whoever writes goes on in the old one.
    #expect(await shelf.told()["w1.log"] == 2)
    try shelf.say("w1.log.1")
    try shelf.say("w1.log", 4)
    #expect(await shelf.told() == ["w1.log": 7])
    try shelf.say("w1.log")
    #expect(await shelf.told() == ["w1.log": 8, "w1.log.1": 0])
  }

  @Test("a copy that is truncated is read from its start, even when it has grown past the old end")
  func truncated() async throws {
    let shelf = try Shelf("w1.log*")
    try shelf.say("w1.log", 2)
    _ = await shelf.told()
    try shelf.say("w1.log")
    _ = await shelf.told()
    try FileManager.default.copyItem(
      atPath: shelf.folder.path("w1.log"), toPath: shelf.folder.path("w1.log.1"))
    truncate(shelf.folder.path("w1.log"), 0)
    #expect(await shelf.told() == ["w1.log": 1, "w1.log.1": 0])
    try shelf.say("w1.log")
    #expect(await shelf.told()["w1.log"] == 2)
    truncate(shelf.folder.path("w1.log"), 0)
    try shelf.append("w1.log", "another beginning\n")
    try shelf.say("w1.log", 9)
    #expect(await shelf.told()["w1.log"] == 11)
  }

  @Test("a deleted file is forgotten, and read anew where it comes back")
  func deleted() async throws {
    let shelf = try Shelf()
    try shelf.say("w1.log")
    _ = await shelf.told()
    unlink(shelf.folder.path("w1.log"))
    #expect(await shelf.told() == ["w1.log": 0])
    try shelf.say("w1.log", 3)
    #expect(await shelf.told() == ["w1.log": 3])
    unlink(shelf.folder.path("w1.log"))
    for _ in 0..<6 { _ = await shelf.told() }
    let reading = await shelf.look()
    #expect(reading.files.isEmpty)
    #expect(reading.problems == ["no file matches \(shelf.folder.path("*.log"))"])
  }

  @Test("a pipe is read as it comes, and nobody waits for one who writes", .timeLimit(.minutes(1)))
  func pipe() async throws {
    let shelf = try Shelf("pipe")
    #expect(mkfifo(shelf.folder.path("pipe"), 0o600) == 0)
    #expect(await shelf.told() == ["pipe": 0])
    for total in [2, 4] {
      try shelf.say("pipe", 2)
      #expect(await shelf.told() == ["pipe": total])
    }
    #expect((await shelf.look()).files.map(\.facts.position) == [nil])
  }

  @Test("what is no log is named and not read", .timeLimit(.minutes(1)))
  func unreadable() async throws {
    let shelf = try Shelf("*")
    mkdir(shelf.folder.path("folder"), 0o700)
    symlink("/dev/zero", shelf.folder.path("zero"))
    try shelf.say("w1.log.gz")
    try shelf.say("w1.log")
    let reading = await shelf.look()
    #expect(
      reading.problems == [
        "\(shelf.folder.path("folder")): this is neither a file nor a pipe",
        "\(shelf.folder.path("zero")): this is neither a file nor a pipe",
      ])
    #expect(reading.files.filter { $0.facts.failure == nil }.map(\.facts.fileName) == ["w1.log"])
  }

  @Test("a name that leads nowhere is a problem")
  func forbidden() async throws {
    // Root may read everything; this cannot be read by anybody.
    let shelf = try Shelf()
    symlink("loop.log", shelf.folder.path("loop.log"))
    let reading = await shelf.look()
    #expect(reading.files.isEmpty)
    #expect(
      reading.problems == ["\(shelf.folder.path("loop.log")): Too many levels of symbolic links"])
  }

  // MARK: Across runs

  @Test("the next run reads what came since, and only that")
  func resumed() async throws {
    let first = try Shelf(countsTails: true)
    try first.say("w1.log", 5)
    #expect(await first.told() == ["w1.log": 5])
    try first.append("w1.log", "[x: INFO/ForkPoolWorker-1] a.b")
    let positions = await first.positions()
    try first.append("w1.log", "[1]: hello\n")
    try first.say("w1.log", 2)
    let second = try Shelf(after: first, countsTails: true, positions: positions)
    #expect(await second.told() == ["w1.log": 3])
    let reading = await second.look()
    #expect(reading.files.first?.facts.window.counted.heard == Seconds(20))
  }

  @Test("what was written before a rename between two runs is read, and what came after it")
  func resumedAfterRename() async throws {
    let first = try Shelf()
    try first.say("w1.log", 5)
    let positions = await first.positions()
    try first.say("w1.log", 2)
    rename(first.folder.path("w1.log"), first.folder.path("w1.log-20260102"))
    try first.say("w1.log", 4)
    let second = try Shelf(after: first, countsTails: true, positions: positions)
    #expect(await second.told() == ["w1.log": 6])
  }

  @Test("another content under the same name is read from its start")
  func resumedAfterTruncation() async throws {
    let first = try Shelf()
    try first.say("w1.log", 5)
    let positions = await first.positions()
    truncate(first.folder.path("w1.log"), 0)
    try first.append("w1.log", "another beginning\n")
    try first.say("w1.log", 7)
    let second = try Shelf(after: first, countsTails: true, positions: positions)
    #expect(await second.told() == ["w1.log": 7])
  }

  // MARK: Limits

  @Test(
    "a first look at a tail reads no more than its limit, and knows its time by the log's clock")
  func tail() async throws {
    let shelf = try Shelf(countsTails: true) { $0.logTail = ByteCount(1000) }
    for minute in 0..<60 {
      let clock = "2026-01-02 03:\(minute < 10 ? "0" : "")\(minute):00,000"
      try shelf.append("w1.log", "[\(clock): INFO/ForkPoolWorker-1] a.b[1]: hello\n")
    }
    let facts = try #require(await shelf.look().files.first?.facts)
    // 63 bytes a line; the first of 1000 is cut.
    #expect(facts.window.counts.ofTasks == 15)
    #expect(facts.window.counted.heard == Seconds.minutes(14))
  }

  @Test("each look reads so much of one file and of all, and comes to its end at last")
  func bytes() async throws {
    let size = Shelf.line.utf8.count + 1
    let shelf = try Shelf {
      $0.logFileBytes = ByteCount(10 * size)
      $0.logBytes = ByteCount(15 * size)
    }
    for name in ["w1.log", "w2.log"] { try shelf.append(name, "") }
    _ = await shelf.told()
    for name in ["w1.log", "w2.log"] { try shelf.say(name, 20) }
    var reading = await shelf.look()
    #expect(reading.files.map(\.facts.lines).reduce(0, +) == 15 && reading.isBehind)
    reading = await shelf.look()
    #expect(reading.files.map(\.facts.lines).reduce(0, +) == 30 && reading.isBehind)
    reading = await shelf.look()
    reading = await shelf.look()
    #expect(reading.files.map(\.facts.lines) == [20, 20] && !reading.isBehind)
  }

  @Test("who is too far behind passes over what is between, and says how much")
  func backlog() async throws {
    let size = Shelf.line.utf8.count + 1
    let shelf = try Shelf {
      $0.logBacklog = ByteCount(100 * size)
      $0.logTail = ByteCount(10 * size)
    }
    try shelf.say("w1.log")
    _ = await shelf.told()
    try shelf.say("w1.log", 100)
    #expect(await shelf.told() == ["w1.log": 100])
    try shelf.say("w1.log", 101)
    let facts = try #require(await shelf.look().files.first?.facts)
    #expect(facts.window.counts.ofTasks == 10)
    #expect(facts.skipped == ByteCount(91 * size))
  }

  @Test("time of which something was passed over is not covered, but for the tail that is read")
  func gap() async throws {
    func line(_ second: Int) -> String {
      let clock = "03:0\(second / 60):\(second % 60 < 10 ? "0" : "")\(second % 60)"
      return "[2026-01-02 \(clock),000: INFO/ForkPoolWorker-1] a.b[1]: hello\n"
    }
    let shelf = try Shelf {
      $0.logBacklog = ByteCount(100 * line(0).utf8.count)
      $0.logTail = ByteCount(10 * line(0).utf8.count)
    }
    func window() async throws -> LogWindow {
      try #require(await shelf.look().files.first?.facts.window)
    }
    try shelf.append("w1.log", "")
    for _ in 0..<3 { _ = await shelf.look() }
    try shelf.append("w1.log", line(0))
    var seen = try await window()
    #expect(seen.counted.heard == Seconds(30) && seen.counts.ofTasks == 1)
    try shelf.append("w1.log", (1...120).map(line).joined())
    seen = try await window()
    #expect(seen.counted.heard == Seconds(9) && seen.counts.ofTasks == 10)
    seen = try await window()
    #expect(seen.counted.heard == Seconds(19) && seen.counts.ofTasks == 10)
  }

  @Test("a log that could not be opened is covered from when it could")
  func opensLate() throws {
    let folder = try TemporaryFolder()
    mkdir(folder.path("w1.log"), 0o700)
    let start = Timestamp(secondsSince1970: 1_767_355_200)
    let file = LogFile(
      folder.path("w1.log"), from: .end, at: start, budget: CollectionBudget())
    _ = file.read(atMost: 1_000, at: start + Seconds(10))
    #expect(file.failure != nil)
    rmdir(folder.path("w1.log"))
    try folder.write("w1.log", Shelf.line + "\n")
    _ = file.read(atMost: 1_000, at: start + Seconds(300))
    #expect(file.failure == nil)
    #expect(file.facts(at: start + Seconds(310)).window.counted.heard == Seconds(10))
  }

  @Test("of more files than are followed, those written to last are, and it is said")
  func files() async throws {
    let shelf = try Shelf { $0.logFiles = 3 }
    for number in 1...3 { try shelf.say("w\(number).log") }
    #expect(await shelf.look().problems == [])
    try shelf.say("w4.log")
    var times = [timeval(tv_sec: 1_000_000, tv_usec: 0), timeval(tv_sec: 1_000_000, tv_usec: 0)]
    utimes(shelf.folder.path("w2.log"), &times)
    let reading = await shelf.look()
    #expect(reading.files.map(\.facts.fileName) == ["w1.log", "w3.log", "w4.log"])
    #expect(reading.problems == ["1 more files match than the 3 that are followed"])
  }

  @Test("a line without end costs no more than its limit, and is counted")
  func longLine() async throws {
    let shelf = try Shelf { $0.logLine = ByteCount(200) }
    try shelf.append("w1.log", "")
    _ = await shelf.told()
    try shelf.append("w1.log", Shelf.line + String(repeating: "x", count: 100_000))
    _ = await shelf.told()
    try shelf.append("w1.log", "\n")
    try shelf.say("w1.log")
    let facts = try #require(await shelf.look().files.first?.facts)
    #expect(facts.cutLines == 1 && facts.lines == 2)
    #expect(facts.window.counts.ofTasks == 2)
  }

  @Test("the worker and the format are known from what was written before")
  func learns() async throws {
    let shelf = try Shelf { $0.logEnd = ByteCount(200) }
    try shelf.append("w1.log", "[x: INFO/MainProcess] celery.apps.worker: w1@office ready.\n")
    try shelf.say("w1.log", 100)
    let file = try #require(await shelf.look().files.first)
    #expect(file.readyNodes == ["w1@office"])
    #expect(file.facts.namesLoggers == true && file.facts.lines == 0)
  }
}
