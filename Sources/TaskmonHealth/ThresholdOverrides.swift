/// The thresholds that were set by hand, by rule, name and subject; the last setting of one wins.
package struct ThresholdOverrides: Sendable, Equatable {
  /// Where a value in force comes from.
  package enum Origin: String, Sendable, Codable, CaseIterable {
    case standard = "default"
    case file
    case environment
    case flag
  }

  private struct Slot: Hashable {
    var rule: RuleID
    var subject: String?
    var threshold: String
  }

  private struct Setting: Sendable, Equatable {
    var value: Double
    var origin: Origin
  }

  private let rules: [any Rule.Type]
  private var settings: [Slot: Setting] = [:]

  /// Nothing set; `rules` are those whose thresholds may be.
  package init(rules: [any Rule.Type] = RuleRegistry.all) { self.rules = rules }

  /// Reads `RULE.THRESHOLD=VALUE` and `RULE[SUBJECT].THRESHOLD=VALUE`, in order.
  package init(
    _ texts: [String], origin: Origin = .flag, rules: [any Rule.Type] = RuleRegistry.all
  ) throws(ThresholdError) {
    self.init(rules: rules)
    for text in texts { try set(text, origin: origin) }
  }

  package static func == (left: ThresholdOverrides, right: ThresholdOverrides) -> Bool {
    left.settings == right.settings
  }

  /// Takes in one setting, which replaces an earlier one of the same threshold and subject.
  package mutating func set(_ text: String, origin: Origin = .flag) throws(ThresholdError) {
    let parts = try SettingText(text)
    guard let rule = rules.first(where: { $0.id.rawValue == parts.rule }) else {
      throw .unknownRule(
        parts.rule, nearest: NearestName.of(parts.rule, among: rules.map { $0.id.rawValue }))
    }
    guard let threshold = rule.thresholds.first(where: { $0.name == parts.threshold }) else {
      throw .unknownThreshold(
        parts.threshold, of: rule.id, known: rule.thresholds.map(\.name),
        nearest: NearestName.of(parts.threshold, among: rule.thresholds.map(\.name)))
    }
    guard let value = threshold.value(of: parts.value) else {
      throw .badValue(parts.value, of: "\(rule.id).\(threshold.name)", unit: threshold.unit)
    }
    let slot = Slot(rule: rule.id, subject: parts.subject, threshold: threshold.name)
    settings[slot] = Setting(value: value, origin: origin)
  }

  /// The thresholds of a rule as they are in force.
  package func values(for rule: any Rule.Type) -> ThresholdValues {
    var overrides: [String: Double] = [:]
    var subjects: [String: [String: Double]] = [:]
    for (slot, setting) in settings where slot.rule == rule.id {
      if let subject = slot.subject {
        subjects[subject, default: [:]][slot.threshold] = setting.value
      } else {
        overrides[slot.threshold] = setting.value
      }
    }
    return ThresholdValues(rule.thresholds, overrides: overrides, subjects: subjects)
  }

  /// Where the value of a threshold comes from that is in force for a subject, or for all.
  package func origin(
    of threshold: String, rule: RuleID, subject: String? = nil
  ) -> Origin {
    let own = subject.flatMap { settings[Slot(rule: rule, subject: $0, threshold: threshold)] }
    let all = settings[Slot(rule: rule, subject: nil, threshold: threshold)]
    return (own ?? all)?.origin ?? .standard
  }

  /// The subjects a rule has thresholds of their own for, sorted.
  package func subjects(of rule: RuleID) -> [String] {
    Set(settings.keys.filter { $0.rule == rule }.compactMap(\.subject)).sorted()
  }

  /// Whether a threshold was set for this very subject.
  package func isSet(_ threshold: String, rule: RuleID, subject: String) -> Bool {
    settings[Slot(rule: rule, subject: subject, threshold: threshold)] != nil
  }
}

/// Why a setting of a threshold was not taken.
package enum ThresholdError: Error, Sendable, Equatable {
  case malformed(String)
  case unknownRule(String, nearest: String?)
  case unknownThreshold(String, of: RuleID, known: [String], nearest: String?)
  case badValue(String, of: String, unit: Threshold.Unit)

  /// One sentence: what is wrong, and what would be right.
  package var sentence: String {
    switch self {
    case .malformed(let text):
      return "\"\(text)\" is no threshold; write RULE.THRESHOLD=VALUE"
        + " or RULE[SUBJECT].THRESHOLD=VALUE"
    case .unknownRule(let name, let nearest):
      let hint = nearest.map { "did you mean \"\($0)\"?" } ?? "`taskmon rules` lists them"
      return "there is no rule \"\(name)\"; \(hint)"
    case .unknownThreshold(let name, let rule, let known, let nearest):
      guard !known.isEmpty else { return "the rule \(rule) has no thresholds" }
      let hint =
        nearest.map { "did you mean \"\($0)\"?" } ?? "it has \(known.joined(separator: ", "))"
      return "the rule \(rule) has no threshold \"\(name)\"; \(hint)"
    case .badValue(let text, let threshold, let unit):
      return "\"\(text)\" is no value for \(threshold); write \(unit.example)"
    }
  }
}

extension Threshold.Unit {
  fileprivate var example: String {
    switch self {
    case .seconds: "a duration such as 500ms, 10s, 5m or 2h"
    case .bytes: "a size such as 64KiB or 1MiB"
    case .count, .ratio: "a number that is not negative"
    }
  }
}

/// A setting taken apart, nothing looked up yet.
private struct SettingText {
  var rule: String
  var subject: String?
  var threshold: String
  var value: String

  init(_ text: String) throws(ThresholdError) {
    guard let equals = text.lastIndex(of: "=") else { throw .malformed(text) }
    let name = text[..<equals]
    value = String(text[text.index(after: equals)...])
    guard let dot = name.lastIndex(of: ".") else { throw .malformed(text) }
    threshold = String(name[name.index(after: dot)...])
    let owner = name[..<dot]
    if let open = owner.firstIndex(of: "["), owner.hasSuffix("]") {
      rule = String(owner[..<open])
      subject = String(owner[owner.index(after: open)...].dropLast())
    } else {
      rule = String(owner)
      subject = nil
    }
    if rule.isEmpty || threshold.isEmpty || value.isEmpty || subject == "" {
      throw .malformed(text)
    }
  }
}

/// Finds the name somebody probably meant.
package enum NearestName {
  /// The nearest of the candidates by edit distance; nil where none is near.
  package static func of(_ text: String, among candidates: [String]) -> String? {
    let wanted = Array(text.lowercased().utf8.prefix(64))
    let ranked = candidates.map { ($0, distance(wanted, Array($0.utf8.prefix(64)))) }
    guard let best = ranked.min(by: { $0.1 < $1.1 }), best.1 <= max(2, wanted.count / 3) else {
      return nil
    }
    return best.0
  }

  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for (i, a) in left.enumerated() {
      var diagonal = i
      row[0] = i + 1
      for (j, b) in right.enumerated() {
        let substituted = diagonal + (a == b ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
      }
    }
    return row[right.count]
  }
}
