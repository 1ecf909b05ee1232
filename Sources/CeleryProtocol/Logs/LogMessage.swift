/// What can be told of a message by how it begins.
struct LogMessage {
  /// What is left behind the name of a logger.
  var text: LogBytes
  private let whole: LogBytes
  /// The logger's name, where it stands in front.
  var logger: Name?

  enum Name {
    case redirected
    /// One of Celery's: formats without names have none here.
    case celery
    /// Perhaps a name, perhaps the message's own first word.
    case perhaps
  }

  init(_ message: LogBytes) {
    text = message
    whole = message
    let word = message.prefix(120).prefix { $0.isOfLogName }
    guard !word.isEmpty else { return }
    let rest = message[word.endIndex...].withoutLeadingSpaces
    if word.elementsEqual(LogHeader.redirected.utf8) {
      guard rest.isEmpty || rest.first.map({ ":-|]".utf8.contains($0) }) ?? false else { return }
      logger = .redirected
      text = rest.dropFirst()
      if text.first == 0x20 { text = text.dropFirst() }
    } else if word.starts("celery.") {
      guard rest.first.map({ ":-|]".utf8.contains($0) }) ?? false else { return }
      logger = .celery
      text = rest.dropFirst().withoutLeadingSpaces
    } else if message[word.endIndex...].starts(": "), word.first.map({ !$0.isLogDigit }) ?? false {
      logger = .perhaps
      text = message[(word.endIndex + 2)...]
    }
  }

  /// What Celery, a task's logger or Python says here.
  var content: WorkerLogLine.Content {
    if let node = Self.readyNode(text) { return .ready(node: node) }
    if text.starts("Task "), let found = Self.run(text.dropFirst(5)) { return found }
    if let (name, id, rest) = Self.nameAndID(text), rest.starts(": ") || rest.elementsEqual([0x3A])
    {
      return .ofTask(name, id: id)
    }
    if Self.isPythonWarning(text) { return .own }
    if text.starts("--- Logging error ---") || text.starts("Exception ignored in") {
      return .fault
    }
    if text.starts("Message: ") { return .faultEnds }
    return Self.isWorkersWord(text) || Self.isWorkersWord(whole) ? .own : .other
  }

  private static func readyNode(_ text: LogBytes) -> String? {
    guard text.count <= 300, text.suffix(7).starts(" ready."),
      let node = text.dropLast(7).name, node.utf8.contains(UInt8(ascii: "@"))
    else { return nil }
    return node
  }

  /// `NAME[ID] received`, `NAME[ID] succeeded in …`, `NAME[ID] retry: …`.
  private static func run(_ text: LogBytes) -> WorkerLogLine.Content? {
    guard let (name, id, rest) = nameAndID(text), rest.first == 0x20 else { return nil }
    if rest.starts(" received") { return .received(task: name, id: id) }
    let ends: [StaticString] = [
      " succeeded", " failed", " raised", " retry", " ignored", " rejected", " INTERNAL ERROR",
    ]
    return ends.contains { rest.starts($0) } ? .ended(task: name, id: id) : .own
  }

  /// Ids may be any text without white space.
  private static func nameAndID(_ text: LogBytes) -> (name: String, id: String, rest: LogBytes)? {
    let front = text.prefix(600).prefix { $0 > 0x20 }
    guard let open = front.firstIndex(of: UInt8(ascii: "[")),
      let close = front[open...].firstIndex(of: UInt8(ascii: "]")),
      let name = front[..<open].name, let id = front[(open + 1)..<close].name
    else { return nil }
    return (name, id, text[(close + 1)...])
  }

  /// `/srv/app/tasks.py:12: DeprecationWarning: …`, which Python's warnings log.
  private static func isPythonWarning(_ text: LogBytes) -> Bool {
    let front = text.prefix(400)
    guard let colon = front.find("Warning: "), let place = front[..<colon].find(".py:") else {
      return false
    }
    return front[(place + 4)...].first.map(\.isLogDigit) ?? false
  }

  /// What the worker itself says at levels from WARNING on.
  private static func isWorkersWord(_ text: LogBytes) -> Bool {
    let words: [StaticString] = [
      "consumer: ", "mingle: ", "pidbox ", "Substantial drift from ", "Connected to ",
      "Connection to broker lost", "Cannot connect to ", "Trying again in ", "Received ",
      "Discarding ", "Revoking ", "Terminating ", "Restoring ", "Timed out ", "Events of group ",
      "Hard time limit ", "Soft time limit ", "No hostname was supplied", "beat: ", "Scheduler: ",
      "Process ", "Can't ", "Unrecoverable error", "Got shutdown from remote", "Warm shutdown",
      "Cold shutdown", "Worker ", "New rate limit", "Rate limits ", "New time limit",
    ]
    return words.contains { text.starts($0) }
  }
}
