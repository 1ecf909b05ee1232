import Glibc
import TaskmonModel

/// Files that are nobody else's business: mode 0600 in folders of mode 0700, replaced as a whole.
enum PrivateFile {
  enum Lock {
    case held(Int32)
    case busy
    case failed
  }

  /// Nil where it cannot be read; what is over the limit is cut off.
  static func contents(of path: String, limit: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < limit {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      guard count > 0 else { break }
      bytes += chunk.prefix(count)
    }
    return bytes
  }

  /// `kind` is what a complaint calls the file, `flag` the option that names another.
  static func replace(
    _ path: String, with bytes: [UInt8], as kind: String, flag: String
  ) throws(CommandFailure) {
    let temporary = "\(path).\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw failure(kind, path, flag: flag) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else {
        let problem = failure(kind, path, flag: flag)
        close(descriptor)
        unlink(temporary)
        throw problem
      }
      rest = rest.dropFirst(count)
    }
    fsync(descriptor)
    close(descriptor)
    guard rename(temporary, path) == 0 else { throw failure(kind, path, flag: flag) }
  }

  /// What `errno` says of a file that could not be written.
  static func failure(_ kind: String, _ path: String, flag: String) -> CommandFailure {
    let reason = String(cString: strerror(errno))
    return CommandFailure(
      "the \(kind) file \(path) could not be written: \(reason); give another with --\(flag)")
  }

  /// How often a held lock is tried again, and after what pause: two seconds in all, so that a
  /// console whose key was pressed does not stand still for longer.
  private static let tries = 40
  private static let pause: UInt32 = 50_000

  /// Locks the file beside it, which outlives every replacement; the lock ends with its descriptor.
  static func lock(_ path: String, waits: Bool) -> Lock {
    let descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return .failed }
    var left = waits ? tries : 0
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      // A signal is no answer.
      if errno == EINTR { continue }
      let problem = errno
      guard problem == EWOULDBLOCK, left > 0 else {
        close(descriptor)
        errno = problem
        return problem == EWOULDBLOCK ? .busy : .failed
      }
      left -= 1
      usleep(pause)
    }
    return .held(descriptor)
  }

  static func makeFolders(of path: String) {
    var folder = ""
    for part in path.split(separator: "/").dropLast() {
      folder += "/" + part
      mkdir(folder, 0o700)
    }
  }

  /// The file of a kind that belongs to a broker; nil where neither XDG_STATE_HOME nor HOME says
  /// where.
  static func standardPath(
    _ kind: String, of broker: BrokerIdentity, _ environment: Environment
  ) -> String? {
    let home = environment["HOME"].map { $0 + "/.local/state" }
    guard let base = environment["XDG_STATE_HOME"] ?? home, base.hasPrefix("/") else { return nil }
    let hash = (broker.url + "\n" + broker.keyPrefix).utf8
      .reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0100_0000_01b3 }
    return "\(base)/taskmon/\(kind)-\(String(hash, radix: 16)).json"
  }
}
