import TaskmonHealth
import Yams

/// A configuration file, read and judged as a whole.
package struct ConfigurationFile: Sendable, Equatable {
  /// What stands under one key.
  package struct Entry: Sendable, Equatable {
    package var values: [String]
    /// Of the key, from 1.
    package var line: Int

    package init(values: [String], line: Int) {
      self.values = values
      self.line = line
    }
  }

  package let path: String
  /// By name of the setting; thresholds as `RULE.THRESHOLD=VALUE`.
  package private(set) var entries: [String: Entry] = [:]

  /// Nobody needs more.
  private static let longestList = 10_000

  /// Reads YAML: a mapping of settings, where `set` holds thresholds by rule or by full name.
  package init(_ text: String, path: String) throws(ConfigurationError) {
    self.path = path
    guard let root = try Self.compose(text, path), !root.isAbsent else { return }
    guard case .mapping(let mapping) = root else {
      throw ConfigurationError(path, line: root.line, "this is no list of `setting: value`")
    }
    for (key, value) in mapping {
      guard let name = key.scalar?.string else {
        throw ConfigurationError(path, line: key.line, "a key must be the name of a setting")
      }
      try take(name, value, line: key.line)
    }
  }

  /// What YAML says of a mistake quotes the text, which may hold a password: only its reason is
  /// taken.
  private static func compose(
    _ text: String, _ path: String
  ) throws(ConfigurationError) -> Node? {
    do {
      return try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw ConfigurationError(path, line: error.place.line, error.place.reason)
    } catch {
      throw ConfigurationError("\(path): this is no YAML")
    }
  }

  private mutating func take(
    _ name: String, _ value: Node, line: Int
  ) throws(ConfigurationError) {
    let meant = Settings.all.filter { $0.name == name && $0.isInFile }
    guard let first = meant.first else {
      throw ConfigurationError.unknownSetting(name, path: path, line: line)
    }
    guard !value.isAbsent else { return }
    if first.kind == .thresholds {
      entries[name] = Entry(values: try thresholds(value), line: line)
      return
    }
    let values = try texts(value, of: first)
    for text in values {
      let faults = meant.map { $0.fault(in: text) }
      if !faults.contains(nil), let fault = faults.compactMap(\.self).first {
        throw ConfigurationError(path, line: value.line, "\(name): \(fault)")
      }
    }
    entries[name] = Entry(values: values, line: line)
  }

  private func texts(
    _ value: Node, of setting: Setting
  ) throws(ConfigurationError) -> [String] {
    if let text = value.scalar?.string { return [text] }
    guard setting.isList, case .sequence(let list) = value, list.count <= Self.longestList else {
      let wanted = setting.isList ? "one value or a list of values" : "one value"
      throw ConfigurationError(path, line: value.line, "\(setting.name): this takes \(wanted)")
    }
    var texts: [String] = []
    for item in list {
      guard let text = item.scalar?.string ?? Self.silence(item, setting) else {
        let wanted =
          setting.kind == .silence
          ? "a silence has rule, until, reason and, where it is not for all, subject"
          : "this is no single value"
        throw ConfigurationError(path, line: item.line, "\(setting.name): \(wanted)")
      }
      texts.append(text)
    }
    return texts
  }

  /// `{rule: …, subject: …, until: …, reason: …}` as the text that says the same; nil for anything
  /// else.
  private static func silence(_ item: Node, _ setting: Setting) -> String? {
    guard setting.kind == .silence, case .mapping(let mapping) = item else { return nil }
    var parts: [String: String] = [:]
    for (key, value) in mapping {
      guard let name = key.scalar?.string, let text = value.scalar?.string,
        ["rule", "subject", "until", "reason"].contains(name)
      else { return nil }
      parts[name] = text
    }
    guard let rule = parts["rule"], let until = parts["until"], let reason = parts["reason"] else {
      return nil
    }
    let subject = parts["subject"].map { "[\($0)]" } ?? ""
    return "\(rule)\(subject) until \(until) because \(reason)"
  }

  // MARK: Thresholds

  /// `rule: {threshold: value}`, `rule[subject]: {…}` and `rule.threshold: value`.
  private func thresholds(_ node: Node) throws(ConfigurationError) -> [String] {
    guard case .mapping(let rules) = node else {
      throw ConfigurationError(
        path, line: node.line, "set: write thresholds as `RULE: {THRESHOLD: VALUE}`")
    }
    var found: [String] = []
    for (key, value) in rules {
      let name = key.scalar?.string ?? ""
      if let text = value.scalar?.string {
        found.append(try threshold("\(name)=\(text)", line: key.line))
      } else if case .mapping(let own) = value {
        for (threshold, text) in own {
          let setting = "\(name).\(threshold.scalar?.string ?? "")=\(text.scalar?.string ?? "")"
          found.append(try self.threshold(setting, line: threshold.line))
        }
      }
      guard found.count <= Self.longestList else {
        throw ConfigurationError(path, line: key.line, "set: these are too many thresholds")
      }
    }
    return found
  }

  private func threshold(_ text: String, line: Int) throws(ConfigurationError) -> String {
    do {
      _ = try ThresholdOverrides([text])
      return text
    } catch {
      throw ConfigurationError(path, line: line, "set: \(error.sentence)")
    }
  }
}

extension Node {
  fileprivate var line: Int { mark?.line ?? 1 }

  /// Nothing, or YAML's null.
  fileprivate var isAbsent: Bool {
    guard let scalar else { return false }
    return scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
  }
}

extension YamlError {
  fileprivate var place: (line: Int, reason: String) {
    switch self {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      (mark.line, "this is no YAML: \(problem)")
    case .duplicatedKeysInMapping(let duplicates, let context):
      (context.mark.line, "given twice: \(duplicates.sorted().joined(separator: ", "))")
    case .reader(let problem, _, _, _): (1, "this is no YAML: \(problem)")
    case .no, .memory, .writer, .emitter, .representer, .dataCouldNotBeDecoded:
      (1, "this is no YAML")
    @unknown default: (1, "this is no YAML")
    }
  }
}
