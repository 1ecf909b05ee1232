import FoundationEssentials
import Glibc
import TaskmonHealth
import TaskmonModel

/// What `check` keeps between runs: the encoded history and what the evaluator remembers.
///
/// Mode 0600 in a folder of mode 0700, replaced as a whole, locked while a run lasts. A file that
/// cannot be read is set aside, never overwritten; a check without memory is still a check.
final class CheckState {
  /// A state of another version is set aside as well.
  private static let version = 1
  /// Nobody's history is as large as this.
  private static let limit = 64 << 20

  private struct Content: Codable {
    var version: Int
    var broker: String
    var history: SnapshotHistory
    var memory: EvaluatorMemory
    /// Absent in files of earlier versions, and where `--exec` was never used.
    var told: ToldFindings?
  }

  private let path: String?
  private let broker: String
  private var lock: Int32 = -1
  var history = SnapshotHistory()
  var memory = EvaluatorMemory()
  var told = ToldFindings()

  /// `path` nil is the default file of this broker, `none` no file.
  init(path: String?, broker: BrokerIdentity, environment: Environment = .process) {
    self.broker = broker.url + broker.keyPrefix
    guard path != "none" else {
      self.path = nil
      return
    }
    let chosen = path ?? Self.standardPath(of: broker, environment)
    guard let chosen, let lock = Self.locked(chosen, makeFolder: path == nil) else {
      self.path = nil
      return
    }
    self.path = chosen
    self.lock = lock
    read(chosen)
  }

  deinit {
    if lock >= 0 { close(lock) }
  }

  func write() {
    guard let path else { return }
    let content = Content(
      version: Self.version, broker: broker, history: history, memory: memory, told: told)
    do {
      let bytes = Array(try JSONEncoder().encode(content))
      try Self.replace(path, with: bytes)
    } catch let problem as CommandFailure {
      Complaint.write(problem.sentence ?? "the state file \(path) could not be written")
    } catch {
      Complaint.write("the state file \(path) could not be written: \(error)")
    }
  }

  // MARK: Reading

  private func read(_ path: String) {
    guard let bytes = Self.contents(of: path), !bytes.isEmpty else { return }
    do {
      let content = try JSONDecoder().decode(Content.self, from: Data(bytes))
      guard content.version == Self.version else {
        return setAside(path, because: "it is of another version")
      }
      guard content.broker == broker else {
        return setAside(path, because: "it belongs to another broker")
      }
      history = content.history
      memory = content.memory
      told = content.told ?? ToldFindings()
    } catch {
      setAside(path, because: "it is damaged")
    }
  }

  private func setAside(_ path: String, because reason: String) {
    let aside = path + ".damaged"
    let moved = rename(path, aside) == 0
    Complaint.write(
      "the state file \(path) is not used: \(reason); "
        + (moved ? "it was moved to \(aside), and this run starts without history" : "remove it"))
  }

  private static func contents(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
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

  // MARK: Writing

  private static func replace(_ path: String, with bytes: [UInt8]) throws(CommandFailure) {
    let temporary = "\(path).\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw failure(path) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else {
        let problem = failure(path)
        close(descriptor)
        unlink(temporary)
        throw problem
      }
      rest = rest.dropFirst(count)
    }
    fsync(descriptor)
    close(descriptor)
    guard rename(temporary, path) == 0 else { throw failure(path) }
  }

  private static func failure(_ path: String) -> CommandFailure {
    let reason = String(cString: strerror(errno))
    return CommandFailure(
      "the state file \(path) could not be written: \(reason); give another with --state")
  }

  /// Nil, said on standard error, where the file cannot be used.
  private static func locked(_ path: String, makeFolder: Bool) -> Int32? {
    if makeFolder { makeFolders(of: path) }
    let descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      Complaint.write((failure(path).sentence ?? "") + "; this run keeps no history")
      return nil
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      Complaint.write("another check holds \(path); this run neither reads nor keeps history")
      return nil
    }
    return descriptor
  }

  private static func makeFolders(of path: String) {
    let parts = path.split(separator: "/").dropLast()
    var folder = ""
    for part in parts {
      folder += "/" + part
      mkdir(folder, 0o700)
    }
  }

  /// Nil where neither XDG_STATE_HOME nor HOME says where.
  private static func standardPath(
    of broker: BrokerIdentity, _ environment: Environment
  ) -> String? {
    let home = environment["HOME"].map { $0 + "/.local/state" }
    guard let base = environment["XDG_STATE_HOME"] ?? home, base.hasPrefix("/") else {
      Complaint.write("neither XDG_STATE_HOME nor HOME is set; this run keeps no history")
      return nil
    }
    let hash = (broker.url + "\n" + broker.keyPrefix).utf8
      .reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0100_0000_01b3 }
    return "\(base)/taskmon/check-\(String(hash, radix: 16)).json"
  }
}
