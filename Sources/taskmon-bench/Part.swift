#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A process started for one measurement.
struct Part {
  /// What it took in all, as the system counted it.
  struct Cost {
    var cpu: Double
    /// The most it had in memory at any time, in bytes.
    var peakMemory: Double
  }

  let pid: pid_t
  private let output: Int32

  /// Starts a program with its output in a pipe, or thrown away.
  init(_ program: String, _ arguments: [String], keepsOutput: Bool = true) throws(BenchError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw BenchError("no pipe: errno \(errno)") }
    _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if keepsOutput {
      posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    } else {
      posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    }
    posix_spawn_file_actions_addclose(&actions, ends[1])
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var pointers = ([program] + arguments).map { strdup($0) }
    pointers.append(nil)
    defer { pointers.forEach { free($0) } }
    var child: pid_t = 0
    let code = posix_spawnp(&child, program, &actions, &attributes, pointers, environ)
    close(ends[1])
    guard code == 0 else {
      close(ends[0])
      throw BenchError("cannot start \(program): errno \(code)")
    }
    pid = child
    output = ends[0]
  }

  /// All it printed, as numbers in one line; waits for its end.
  func numbers() -> [Double] {
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(output, &chunk, chunk.count)
      if count > 0 { text += chunk[..<count] }
      if count == 0 || (count < 0 && errno != EINTR) { break }
    }
    return String(decoding: text, as: UTF8.self).split { " \n".contains($0) }.map {
      Double($0) ?? .nan
    }
  }

  func stop() { kill(pid, SIGTERM) }

  /// Waits for its end.
  func cost() -> Cost {
    var status: Int32 = 0
    var usage = rusage()
    while wait4(pid, &status, 0, &usage) < 0, errno == EINTR {}
    close(output)
    let times = [usage.ru_utime, usage.ru_stime]
    return Cost(
      cpu: times.map { Double($0.tv_sec) + Double($0.tv_usec) / 1_000_000 }.reduce(0, +),
      peakMemory: Double(usage.ru_maxrss) * 1024)
  }
}
