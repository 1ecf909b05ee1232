#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The shell that starts redis-server and outlives us by the moment it takes to clean up.
///
/// Its standard input is one end of a socket pair whose other end only we hold: when we go, in
/// whatever way, the kernel closes our end, its `read` returns, and it kills the server and
/// removes the folder. Own session, no terminal, deaf to the signals of a terminal: a Ctrl-C meant
/// for the console must not reach it. The server keeps nothing on disk, so it may be killed hard;
/// a server still starting up would miss a polite signal.
struct Guardian: Sendable {
  let pid: Int32
  /// Our end of the pair; closing it ends everything.
  let leash: Int32

  /// `$0` is the folder, `$1` the server, the rest its arguments.
  static let script = """
    trap '' HUP INT QUIT TERM TSTP
    exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
    d=$0
    "$@" </dev/null >"$d/redis.log" 2>&1 &
    r=$!
    read -r x
    kill -9 $r
    wait $r
    rm -rf "$d"
    """

  static func command(program: String, arguments: [String], folder: String) -> [String] {
    ["/bin/sh", "-c", script, folder, program] + arguments
  }

  /// Starts `program` with `arguments` in the care of a guardian that removes `folder` at the end.
  init(
    program: String, arguments: [String], folder: String
  ) throws(DemoError) {
    var ends: [Int32] = [-1, -1]
    // A socket pair and not a pipe, because both ends are close-on-exec from the first moment:
    // a program that another thread starts meanwhile never holds our end.
    guard socketpair(AF_UNIX, Guardian.streamCloseOnExec, 0, &ends) == 0 else {
      throw .spawnFailed(program: "/bin/sh", errno: errno)
    }
    let (ours, theirs) = (ends[0], ends[1])
    let command = Guardian.command(program: program, arguments: arguments, folder: folder)
    let spawned = Guardian.spawn(command, input: theirs)
    close(theirs)
    switch spawned {
    case .success(let child):
      pid = child
      leash = ours
    case .failure(let error):
      close(ours)
      throw error
    }
  }

  /// Lets go: the guardian ends the server, removes the folder and exits.
  func release() {
    close(leash)
  }

  /// Whether the guardian has ended; takes its exit status where it has.
  func hasEnded() -> Bool {
    var status: Int32 = 0
    let answer = waitpid(pid, &status, WNOHANG)
    return answer == pid || (answer == -1 && errno == ECHILD)
  }

  #if canImport(Glibc)
    private static let streamCloseOnExec =
      Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    /// `POSIX_SPAWN_SETSID`, which glibc declares for GNU sources only.
    private static let newSession: Int32 = 0x80
    private static let flags =
      POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | newSession
  #else
    private static let streamCloseOnExec = SOCK_STREAM
    private static let flags =
      Int32(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID)
  #endif

  private static func spawn(_ command: [String], input: Int32) -> Result<pid_t, DemoError> {
    #if canImport(Glibc)
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #else
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(flags))
    var pointers = command.map { strdup($0) }
    pointers.append(nil)
    defer { pointers.forEach { free($0) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, "/bin/sh", &actions, &attributes, pointers, environ)
    return code == 0 ? .success(child) : .failure(.spawnFailed(program: "/bin/sh", errno: code))
  }
}
