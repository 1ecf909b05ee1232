import FoundationEssentials
import Glibc
import Synchronization
import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits

/// The silences in force: those of the settings, and those of the file the console writes.
///
/// The file is looked at with every judgement, so that what one taskmon silences is silent in all
/// of the same user and broker.
final class SilenceKeeper: Sendable {
  /// Nobody silences as much; more would be a file of something else.
  private static let limit = 1 << 20
  private static let most = 1_000
  private static let version = 1

  private struct Content: Codable {
    var version: Int
    var silences: [Silence]
  }

  private struct State {
    /// What the file held when it was read last; nil before the first time, and without one.
    var bytes: [UInt8]?
    var made: [Silence] = []
    /// A fault is told at the start; later the terminal may be the console's.
    var isStarted = false
  }

  let configured: [Silence]
  /// Nil keeps them in memory: a demo, or `--silence-file none`.
  private let path: String?
  private let makesFolder: Bool
  private let state = Mutex(State())

  init(configured: [Silence] = [], path: String?, makesFolder: Bool = false) {
    self.configured = configured
    self.path = path
    self.makesFolder = makesFolder
    state.withLock { state in
      _ = read(into: &state)
      state.isStarted = true
    }
  }

  /// In the order they were made; of two on one subject the last counts.
  func current() -> [Silence] { configured + state.withLock { read(into: &$0) } }

  /// Silences a finding from now on, in place of an earlier silence of the same; gives what to say.
  func add(_ silence: Silence) throws(CommandFailure) -> String {
    try change { made in
      made.removeAll { $0.rule == silence.rule && $0.subject == silence.subject }
      made.append(silence)
    }
    let end = silence.until.map { "until \($0.iso8601)" } ?? "until it ends"
    let place = path == nil ? "in the memory of this taskmon only" : "in check and serve too"
    return "\(silence.name) is silenced \(end), \(place)"
  }

  /// Ends the silence of a subject; gives what to say.
  func end(_ rule: RuleID, _ subject: String) throws(CommandFailure) -> String {
    if configured.contains(where: { $0.rule == rule && ($0.subject ?? subject) == subject }) {
      throw CommandFailure("a setting silences \(rule) on \(subject): it ends where it was set")
    }
    try change { made in made.removeAll { $0.rule == rule && $0.subject == subject } }
    return "\(rule) on \(subject) is told again"
  }

  /// Drops what is over; what cannot be dropped is over all the same.
  func drop(_ over: [Silence]) {
    let mine = Set(over).subtracting(configured)
    guard !mine.isEmpty else { return }
    // Whoever holds the file now is not waited for: the next judgement tries again.
    try? change(waits: false) { made in made.removeAll(where: mine.contains) }
  }

  private func change(
    waits: Bool = true, _ edit: (inout [Silence]) -> Void
  ) throws(CommandFailure) {
    guard let path else { return state.withLock { edit(&$0.made) } }
    if makesFolder { PrivateFile.makeFolders(of: path) }
    let descriptor = try lock(path, waits: waits)
    defer { close(descriptor) }
    var made = state.withLock { read(into: &$0) }
    edit(&made)
    guard made.count <= Self.most else {
      throw CommandFailure("\(path) holds \(Self.most) silences already: end some of them first")
    }
    let content = Content(version: Self.version, silences: made)
    guard let data = try? JSONEncoder().encode(content) else {
      throw CommandFailure("the silences of \(path) could not be written")
    }
    try PrivateFile.replace(path, with: Array(data), as: "silence", flag: "silence-file")
    _ = current()
  }

  private func lock(_ path: String, waits: Bool) throws(CommandFailure) -> Int32 {
    switch PrivateFile.lock(path, waits: waits) {
    case .held(let descriptor): return descriptor
    case .busy:
      throw CommandFailure("another taskmon holds \(path): nothing was changed, try it again")
    case .failed: throw PrivateFile.failure("silence", path, flag: "silence-file")
    }
  }

  /// Reads the file, and understands it again where it changed.
  private func read(into state: inout State) -> [Silence] {
    guard let path else { return state.made }
    let bytes = PrivateFile.contents(of: path, limit: Self.limit)
    guard bytes != state.bytes else { return state.made }
    state.bytes = bytes
    state.made = []
    guard let bytes else { return [] }
    let content = try? JSONDecoder().decode(Content.self, from: Data(bytes))
    if let content, content.version == Self.version {
      state.made = Array(content.silences.prefix(Self.most))
    } else if !state.isStarted {
      Complaint.write("\(path) holds no silences of this version; nothing of it is silenced")
    }
    return state.made
  }
}

extension SilenceKeeper {
  /// That of a broker, by its flags.
  convenience init(_ options: SilenceOptions, broker: BrokerIdentity) throws {
    let path =
      options.file == "none"
      ? nil : options.file ?? PrivateFile.standardPath("silences", of: broker, .process)
    self.init(
      configured: try options.silences(), path: path, makesFolder: options.file == nil)
  }
}

extension SilenceKeeper {
  /// What became of a change, for the console.
  func message(_ change: () throws -> String) -> ConsoleMessage {
    do {
      return ConsoleMessage(try change())
    } catch let failure as CommandFailure {
      return ConsoleMessage(failure.sentence ?? "it could not be written", isRefusal: true)
    } catch {
      return ConsoleMessage("it could not be written: \(error)", isRefusal: true)
    }
  }
}
