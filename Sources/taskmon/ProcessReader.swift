// Which module owns the C structs depends on who is compiled beside: Dispatch may come first.
import Dispatch
import Glibc
import TaskmonExposition
import TaskmonUnits

/// What the operating system says of this process.
enum ProcessReader {
  /// By the wall clock, when this program began.
  static let startedAt = SystemClock.source.now()

  static func read() -> ProcessFacts {
    var usage = rusage()
    let known = getrusage(RUSAGE_SELF.rawValue, &usage) == 0
    var files = rlimit()
    let limited = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0
    let pages = memoryPages()
    let page = Int64(sysconf(Int32(_SC_PAGESIZE)))
    return ProcessFacts(
      cpu: known ? seconds(usage.ru_utime) + seconds(usage.ru_stime) : nil,
      residentMemory: pages.map { ByteCount($0.resident * page) },
      virtualMemory: pages.map { ByteCount($0.size * page) }, startedAt: startedAt,
      openFiles: openFiles(), maxFiles: limited ? Int(clamping: files.rlim_cur) : nil)
  }

  private static func seconds(_ value: timeval) -> Seconds {
    Seconds(Double(value.tv_sec) + Double(value.tv_usec) / 1_000_000)
  }

  private static func memoryPages() -> (size: Int64, resident: Int64)? {
    let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 128)
    let count = Glibc.read(descriptor, &buffer, buffer.count)
    let fields = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
      .split(separator: " ").prefix(2).compactMap { Int64($0) }
    return fields.count == 2 ? (fields[0], fields[1]) : nil
  }

  private static func openFiles() -> Int? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Itself, its parent, and the descriptor that reads it.
    return max(0, count - 3)
  }
}

/// How this binary was built.
enum BuildFacts {
  static let current = BuildInfo(
    version: Version.text, revision: Version.revision, swift: Version.swift)
}

/// The end of the process with an exit code that is an answer.
enum Ending {
  static func now(_ code: Int32) -> Never { exit(code) }
}
