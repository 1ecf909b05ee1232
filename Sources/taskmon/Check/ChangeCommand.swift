import Dispatch
import Glibc
import Synchronization
import TaskmonConfiguration

/// `--exec`: a shell command with the document on its standard input.
///
/// Nothing that comes from Redis is in its arguments or its environment, and no variable that
/// names a broker or a backend: these may hold passwords, which the command has no use for.
enum ChangeCommand {
  static let limit = 30

  /// Nil where it ended with 0 in time, else why not.
  static func run(_ command: String, document: String) -> String? {
    guard let input = nameless(Array(document.utf8)) else {
      return "the document for --exec could not be kept: \(String(cString: strerror(errno)))"
    }
    defer { close(input) }
    let process: pid_t
    switch start(command, input: input) {
    case .success(let started): process = started
    case .failure(let error):
      return "--exec: /bin/sh could not be started: \(String(cString: strerror(error.code)))"
    }
    guard let status = wait(for: process) else {
      return "--exec: the command took longer than \(limit)s and was killed; it is tried again"
    }
    let signal = status & 0x7f
    if signal != 0 { return "--exec: the command was ended by signal \(signal); it is tried again" }
    let code = (status >> 8) & 0xff
    return code == 0 ? nil : "--exec: the command ended with \(code); it is tried again"
  }

  private struct StartError: Error {
    var code: Int32
  }

  private static func start(_ command: String, input: Int32) -> Result<pid_t, StartError> {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var all = sigset_t()
    sigfillset(&all)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    // Standard output carries our own answer.
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
    let words = ["/bin/sh", "-c", command]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup($0) } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var process = pid_t()
    let failure = posix_spawn(
      &process, "/bin/sh", &actions, &attributes, &arguments, &variables)
    return failure == 0 ? .success(process) : .failure(StartError(code: failure))
  }

  /// Ours without the variables of settings that are URLs of Redis.
  private static var environment: [String] {
    let withheld = Set(
      Settings.all.filter(\.isURL).flatMap { [$0.variable] + $0.foreign })
    return Environment.process.variables.filter { !withheld.contains($0.key) }
      .map { "\($0.key)=\($0.value)" }
  }

  /// Its status; nil where it had to be killed with its whole group.
  private static func wait(for process: pid_t) -> Int32? {
    let ended = DispatchSemaphore(value: 0)
    let outcome = Mutex<Int32>(0)
    DispatchQueue(label: "taskmon.exec").async {
      var status: Int32 = 0
      while waitpid(process, &status, 0) < 0 && errno == EINTR {}
      outcome.withLock { $0 = status }
      ended.signal()
    }
    if ended.wait(timeout: .now() + .seconds(limit)) == .success {
      return outcome.withLock { $0 }
    }
    kill(-process, SIGKILL)
    ended.wait()
    return nil
  }

  /// A file without a name that holds the bytes, at its beginning; nil where it cannot be made.
  private static func nameless(_ bytes: [UInt8]) -> Int32? {
    let folder = Environment.process["TMPDIR"] ?? "/tmp"
    var path = Array("\(folder)/taskmon-XXXXXX".utf8CString)
    let descriptor = path.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.map { mkstemp($0) } ?? -1
    }
    guard descriptor >= 0 else { return nil }
    path.withUnsafeBufferPointer { buffer in
      if let base = buffer.baseAddress { unlink(base) }
    }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else {
        close(descriptor)
        return nil
      }
      rest = rest.dropFirst(count)
    }
    lseek(descriptor, 0, SEEK_SET)
    return descriptor
  }
}
