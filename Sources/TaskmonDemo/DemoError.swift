/// Why the demo could not be started or went on no longer; always a sentence with a way out.
package enum DemoError: Error, Sendable, Hashable, CustomStringConvertible {
  /// No redis-server in any folder of `PATH` nor in the usual ones.
  case serverNotInstalled
  /// The temporary folder could not be made.
  case noFolder(path: String, errno: Int32)
  /// A socket's path may have 107 bytes.
  case pathTooLong(path: String)
  case spawnFailed(program: String, errno: Int32)
  /// The server did not open its socket in time; `log` is the end of what it said.
  case serverSilent(log: String)
  /// Redis refused something that a fleet writes.
  case refused(command: String, message: String)
  /// `run` without a `start` before it.
  case notStarted

  package var description: String {
    switch self {
    case .serverNotInstalled:
      "the demo needs redis-server, which is not installed: apt-get install redis-server"
    case .noFolder(let path, let code):
      "cannot make a temporary folder \(path) (errno \(code)): set TMPDIR to a writable folder"
    case .pathTooLong(let path):
      "\(path) is too long for a socket (107 bytes at most): set TMPDIR to a shorter folder"
    case .spawnFailed(let program, let code):
      "cannot start \(program) (errno \(code))"
    case .serverSilent(let log):
      "redis-server did not open its socket in time"
        + (log.isEmpty ? "; it said nothing" : "; it said: \(log)")
    case .refused(let command, let message):
      "the demo's redis-server refused \(command): \(message)"
    case .notStarted:
      "the demo has not been started"
    }
  }
}
