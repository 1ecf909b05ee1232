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
      try PrivateFile.replace(path, with: bytes, as: "state", flag: "state")
    } catch let problem as CommandFailure {
      Complaint.write(problem.sentence ?? "the state file \(path) could not be written")
    } catch {
      Complaint.write("the state file \(path) could not be written: \(error)")
    }
  }

  // MARK: Reading

  private func read(_ path: String) {
    guard let bytes = PrivateFile.contents(of: path, limit: Self.limit), !bytes.isEmpty else {
      return
    }
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

  /// Nil, said on standard error, where the file cannot be used.
  private static func locked(_ path: String, makeFolder: Bool) -> Int32? {
    if makeFolder { PrivateFile.makeFolders(of: path) }
    switch PrivateFile.lock(path, waits: false) {
    case .held(let descriptor): return descriptor
    case .busy:
      Complaint.write("another check holds \(path); this run neither reads nor keeps history")
    case .failed:
      let failure = PrivateFile.failure("state", path, flag: "state")
      Complaint.write((failure.sentence ?? "") + "; this run keeps no history")
    }
    return nil
  }

  /// Nil, said on standard error, where neither XDG_STATE_HOME nor HOME says where.
  private static func standardPath(
    of broker: BrokerIdentity, _ environment: Environment
  ) -> String? {
    let path = PrivateFile.standardPath("check", of: broker, environment)
    if path == nil {
      Complaint.write("neither XDG_STATE_HOME nor HOME is set; this run keeps no history")
    }
    return path
  }
}
