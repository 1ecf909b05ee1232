/// What is set besides the flags: the environment, and behind it the file.
package struct Configuration: Sendable, Equatable {
  package var environment: [String: String]
  package var file: ConfigurationFile?

  package init(environment: [String: String] = [:], file: ConfigurationFile? = nil) {
    self.environment = environment
    self.file = file
  }

  /// The flags by which thresholds keep their origin on the way through the command line.
  package static let fileThresholds = "set-in-file"
  package static let environmentThresholds = "set-in-environment"

  /// The command line with everything that no flag of it sets, as flags behind the command.
  ///
  /// So a flag comes before a variable, a variable before the file, the file before the default.
  package func complete(_ arguments: [String]) throws(ConfigurationError) -> [String] {
    let given = GivenArguments(arguments)
    guard let command = given.command else { return arguments }
    return [command.rawValue] + (try flags(for: command, given: given.flags))
      + arguments.dropFirst()
  }

  /// The flags that say what is set elsewhere, as `--name=value`.
  package func flags(
    for command: CommandName, given: Set<String>
  ) throws(ConfigurationError) -> [String] {
    let outranked = outrankedSources(given)
    var flags: [String] = []
    for setting in Settings.all where setting.commands.contains(command) {
      if setting.kind == .thresholds {
        flags += try thresholdFlags(setting)
      } else if !given.contains(setting.name), !outranked.contains(setting.name) {
        flags += try self.flags(of: setting)
      }
    }
    return flags
  }

  private func flags(of setting: Setting) throws(ConfigurationError) -> [String] {
    guard let found = try found(setting) else { return [] }
    guard setting.kind == .flag else { return found.map { "--\(setting.name)=\($0)" } }
    return found.last.flatMap(Setting.truth) == true ? ["--\(setting.name)"] : []
  }

  /// The values in force; nil where none is set.
  private func found(_ setting: Setting) throws(ConfigurationError) -> [String]? {
    for variable in [setting.variable] + setting.foreign {
      guard let text = value(of: variable) else { continue }
      return try taken(values(of: setting, in: text, variable), by: setting, from: variable)
    }
    guard setting.isInFile, let file, let entry = file.entries[setting.name] else { return nil }
    return try taken(entry.values, by: setting, from: "\(file.path):\(entry.line)")
  }

  private func values(of setting: Setting, in text: String, _ variable: String) -> [String] {
    guard setting.isList else { return [text] }
    guard variable != setting.variable, setting.foreignSeparator != "," else {
      return Self.split(text)
    }
    return text.split(separator: setting.foreignSeparator).map(String.init)
  }

  /// Nil where the values are meant for the same setting of another command.
  private func taken(
    _ values: [String], by setting: Setting, from place: String
  ) throws(ConfigurationError) -> [String]? {
    for text in values {
      guard let fault = setting.fault(in: text) else { continue }
      let namesakes = Settings.all.filter { $0.name == setting.name }
      if namesakes.contains(where: { $0.fault(in: text) == nil }) { return nil }
      throw ConfigurationError("\(place): \(fault)")
    }
    return values
  }

  private func thresholdFlags(_ setting: Setting) throws(ConfigurationError) -> [String] {
    let own = value(of: setting.variable).map(Self.split) ?? []
    for text in own {
      if let fault = setting.fault(in: text) {
        throw ConfigurationError("\(setting.variable): \(fault)")
      }
    }
    return (file?.entries[setting.name]?.values ?? []).map { "--\(Self.fileThresholds)=\($0)" }
      + own.map { "--\(Self.environmentThresholds)=\($0)" }
  }

  /// An empty variable counts as none.
  private func value(of variable: String) -> String? {
    environment[variable].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// What is looked at: a nearer layer that names one of these decides against the others.
  private static let sources = ["broker", "from", "replay"]

  private func outrankedSources(_ given: Set<String>) -> Set<String> {
    let flags = Self.sources.filter(given.contains)
    let variables = Self.sources.filter { name in
      let setting = Settings.named(name)
      return ([setting.variable] + setting.foreign).contains { value(of: $0) != nil }
    }
    guard let nearest = [flags, variables].first(where: { !$0.isEmpty }) else { return [] }
    // The broker still says what the file kept between runs is about.
    return Set(Self.sources).subtracting(nearest).subtracting(["broker"])
  }

  /// At commas that are not within brackets: a subject may hold some.
  static func split(_ text: String) -> [String] {
    var parts: [String] = []
    var part = ""
    var depth = 0
    for character in text {
      switch character {
      case "," where depth == 0:
        parts.append(part)
        part = ""
        continue
      case "[": depth += 1
      case "]": depth = max(0, depth - 1)
      case _: break
      }
      part.append(character)
    }
    return (parts + [part]).map { Self.trimmed($0) }.filter { !$0.isEmpty }
  }

  private static func trimmed(_ text: String) -> String {
    let isBlank = { (character: Character) in character == " " || character == "\n" }
    return String(String(text.drop(while: isBlank).reversed()).drop(while: isBlank).reversed())
  }
}
