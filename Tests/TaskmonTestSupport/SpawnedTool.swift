import Foundation

/// Real programs that tests let judge what we make.
///
/// Spawned with an empty signal mask and default signal actions: threads of the test process block
/// signals, and a child would inherit that.
package enum SpawnedTool {
  package struct Outcome: Sendable, Equatable {
    package var status: Int32
    /// Standard output and standard error together.
    package var output: String
  }

  package struct Failure: Error {
    package var sentence: String
  }

  /// Runs a program of the PATH to its end with the given standard input.
  package static func run(_ arguments: [String], input: String = "") throws -> Outcome {
    let folder = try TemporaryFolder()
    let inputPath = folder.path + "/in"
    let outputPath = folder.path + "/out"
    try Data(input.utf8).write(to: URL(filePath: inputPath))
    let child = try spawn(
      arguments,
      files: [(0, inputPath, O_RDONLY), (1, outputPath, O_WRONLY | O_CREAT)], duplicates: [(1, 2)])
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    let output = try Data(contentsOf: URL(filePath: outputPath))
    return Outcome(
      status: status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F),
      output: String(decoding: output, as: UTF8.self))
  }

  static func spawn(
    _ arguments: [String], files: [(fd: Int32, path: String, flags: Int32)],
    duplicates: [(from: Int32, to: Int32)]
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for file in files {
      posix_spawn_file_actions_addopen(&actions, file.fd, file.path, file.flags, 0o600)
    }
    for pair in duplicates { posix_spawn_file_actions_adddup2(&actions, pair.from, pair.to) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
    words.append(nil)
    defer { words.forEach { free($0) } }
    var child: pid_t = 0
    let result = posix_spawnp(&child, arguments[0], &actions, &attributes, words, environ)
    guard result == 0 else {
      throw Failure(
        sentence: "\(arguments[0]) cannot be started: \(String(cString: strerror(result)))")
    }
    return child
  }
}

/// A program that runs until it is let go, and ends with the test process whatever happens to it.
package final class BackgroundTool {
  private let child: pid_t
  private let lifeline: Int32
  private let folder: TemporaryFolder
  private let log: String

  package init(_ arguments: [String]) throws {
    folder = try TemporaryFolder()
    log = folder.path + "/log"
    let fifo = folder.path + "/lifeline"
    guard mkfifo(fifo, 0o600) == 0 else {
      throw SpawnedTool.Failure(sentence: "no FIFO can be made")
    }
    // Opened for both, so that opening does not wait; close-on-exec, so that only we hold it.
    lifeline = open(fifo, O_RDWR | O_CLOEXEC)
    child = try SpawnedTool.spawn(
      ["sh", "-c", #""$@" & p=$!; read x; kill -9 $p; wait"#, "sh"] + arguments,
      files: [(0, fifo, O_RDONLY), (1, log, O_WRONLY | O_CREAT)], duplicates: [(1, 2)])
  }

  package var output: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

  deinit {
    close(lifeline)
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
  }
}

/// A folder that goes with the value.
package final class TemporaryFolder {
  package let path: String

  package init() throws {
    var template = Array("/tmp/taskmon-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw SpawnedTool.Failure(sentence: "no temporary folder can be made")
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A text kept in the repository that a test compares with what is made now.
package enum Golden {
  /// With `TASKMON_UPDATE_GOLDEN=1` the file is written instead; the difference is for review.
  package static func text(_ path: String, current: String, file: String = #filePath) throws
    -> String
  {
    let root = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let golden = root.appending(path: "Tests/Fixtures").appending(path: path)
    if ProcessInfo.processInfo.environment["TASKMON_UPDATE_GOLDEN"] == "1" {
      try FileManager.default.createDirectory(
        at: golden.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(current.utf8).write(to: golden)
    }
    return String(decoding: try Data(contentsOf: golden), as: UTF8.self)
  }
}
