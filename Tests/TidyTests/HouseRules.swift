/// The rules of the house that a look at the text can judge.
enum HouseRules {
  static let longestFunction = 60
  static let longestFile = 400
  static let longestLine = 100

  /// Celery's key and channel names: written once, in the layout.
  static let keyNames = [
    "_kombu.binding", "unacked_index", "unacked_mutex", "celeryev", ".pidbox", "celery-task-meta",
    "redbeat:",
  ]

  /// Papers that a reader of this project does not have; spelled so that this is no mention.
  static let foreignPapers =
    ["cli", "protocol", "design", "rules", "screens", "metrics", "stack", "examples"]
    .map { "\($0)." + "md" } + ["shared" + "/"]

  /// The only types that may be sent to Redis, each a closed list.
  static let wireCommands: Set = [
    "ReadCommand", "ReplyListCommand", "ControlRequest", "WorkerChange", "OperatorCommand",
    "DemoCommand",
  ]

  static func foreignImports(in file: SourceFile) -> [Breach] {
    let homes = [
      "CHiredis": "Sources/RedisClient", "COpenSSL": "Sources/RedisClient",
      "CNcurses": "Sources/TaskmonTerminal",
    ]
    return homes.sorted { $0.key < $1.key }.flatMap { module, home in
      file.isBeneath(home)
        ? [] : breaches(of: file, matching: "import \(module)", wholeWord: true) { "\($0)" }
    }
  }

  /// Rule pages name keys because they tell people what to type; the demo's catalogue repeats what
  /// a worker says of its settings.
  static func strayKeyNames(in file: SourceFile) -> [Breach] {
    let exempt = ["Sources/TaskmonHealth/Rules", "Sources/TaskmonDemo/Catalogue"]
    guard file.stem != "KeyLayout", !exempt.contains(where: file.isBeneath) else { return [] }
    return keyNames.flatMap { name in
      breaches(of: file, in: file.literals, matching: name) { "key name \($0)" }
    }
  }

  /// `celery_beat_task` is a message header that happens to begin like a metric.
  static func strayMetricNames(in file: SourceFile) -> [Breach] {
    // Alerts and dashboards ask for metrics by name: that each exists is a test of its own.
    let homes = [
      "Sources/TaskmonExposition/Families", "Sources/TaskmonExposition/Alerts",
      "Sources/TaskmonDashboards", "Sources/TaskmonHealth/Rules",
    ]
    guard !homes.contains(where: file.isBeneath) else { return [] }
    let text = file.uncommented.replacing("\"celery_beat_task\"", with: "\"\"")
    return ["\"celery_", "\"taskmon_"].flatMap { name in
      breaches(of: file, in: text, matching: name) { "metric name \($0)" }
    }
  }

  /// In comments and in texts alike.
  static func foreignPapers(in file: SourceFile) -> [Breach] {
    foreignPapers.flatMap { name in
      breaches(of: file, in: file.text, matching: name) { "mentions \($0)" }
    }
  }

  static func ownClocks(in file: SourceFile) -> [Breach] {
    let programs = ["Sources/taskmon", "Sources/taskmon-bench"]
    guard !programs.contains(where: file.isBeneath) else { return [] }
    let names = [
      "Date()", "Date.now", "ContinuousClock", "SuspendingClock", "Task.sleep", "usleep(",
      "nanosleep(", "clock_gettime(", "gettimeofday(", "DispatchTime.now", "Thread.sleep",
    ]
    let plain = names.flatMap { breaches(of: file, matching: $0) { "clock or sleep: \($0)" } }
    return plain
      + matches(of: file, with: "sleep(", #/(?:^|[^.\w])sleep\(/#) { "clock or sleep: \($0)" }
  }

  static func traps(in file: SourceFile) -> [Breach] {
    breaches(of: file, matching: "fatalError(") { "trap: \($0)" }
      + matches(of: file, with: "!", #/\w*[\w)\]"?]!(?!=)/#) { "trap or force unwrap: \($0)" }
  }

  /// Names of types that conform to `WireCommand`.
  static func wireCommandTypes(in file: SourceFile) -> [String] {
    let declaration =
      #/\b(?:struct|enum|class|actor|extension)\s+(\w+)[^{}:]*:[^{}]*\bWireCommand\b[^{}]*\{/#
    return file.code.matches(of: declaration).map { String($0.output.1) }
  }

  static func tooLong(in file: SourceFile) -> [Breach] {
    var found: [Breach] = []
    let lines = file.text.hasSuffix("\n") ? file.lines.count - 1 : file.lines.count
    if lines > longestFile {
      found.append(Breach(path: file.path, line: lines, what: "file of \(lines) lines"))
    }
    // The sign that a literal goes on is no part of its text.
    for (index, line) in file.lines.enumerated()
    where line.count - (line.hasSuffix("\\") ? 1 : 0) > longestLine {
      found.append(
        Breach(path: file.path, line: index + 1, what: "line of \(line.count) characters"))
    }
    for function in FunctionLengths.all(in: file.code) where function.lines > longestFunction {
      found.append(
        Breach(path: file.path, line: function.line, what: "function of \(function.lines) lines"))
    }
    return found
  }

  private static func breaches(
    of file: SourceFile, in text: String? = nil, matching name: String, wholeWord: Bool = false,
    what: (String) -> String
  ) -> [Breach] {
    lines(of: text ?? file.code, with: name)
      .filter { _, line in
        guard wholeWord, let range = line.firstRange(of: name), range.upperBound < line.endIndex
        else { return true }
        return !(line[range.upperBound].isLetter || line[range.upperBound].isNumber)
      }
      .map { Breach(path: file.path, line: $0.number, what: what(name)) }
  }

  /// Only lines that hold `sign` are worth the slow look.
  private static func matches(
    of file: SourceFile, with sign: String, _ pattern: some RegexComponent<Substring>,
    what: (Substring) -> String
  ) -> [Breach] {
    lines(of: file.code, with: sign).flatMap { number, line in
      line.matches(of: pattern).map {
        Breach(path: file.path, line: number, what: what($0.output))
      }
    }
  }

  private static func lines(of text: String, with sign: String) -> [(number: Int, Substring)] {
    guard text.utf8.contains(sign) else { return [] }
    return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .filter { $0.element.utf8.contains(sign) }.map { ($0.offset + 1, $0.element) }
  }
}

extension BidirectionalCollection<UInt8> {
  /// Whether the bytes of a text occur; much faster than looking for characters.
  fileprivate func contains(_ text: String) -> Bool {
    let wanted = Array(text.utf8)
    guard let first = wanted.first else { return true }
    return indices.contains { self[$0] == first && self[$0...].starts(with: wanted) }
  }
}
