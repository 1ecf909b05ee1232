import TaskmonUnits

/// What the evaluator remembers between evaluations and, in `check`'s state, between runs.
package struct EvaluatorMemory: Sendable, Equatable, Codable {
  /// By rule, then by subject; at most `Evaluator.subjectsPerRule` and `other` for each rule.
  private(set) var rules: [String: [String: Remembered]]

  package init() { rules = [:] }

  package init(from decoder: any Decoder) throws {
    rules = try decoder.singleValueContainer().decode([String: [String: Remembered]].self)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rules)
  }

  subscript(_ rule: RuleID) -> [String: Remembered] {
    get { rules[rule.rawValue] ?? [:] }
    set { rules[rule.rawValue] = newValue.isEmpty ? nil : newValue }
  }
}

/// One finding as it was last told.
struct Remembered: Sendable, Equatable, Codable {
  /// Its `since` is the earliest that was told while the condition lasted.
  var finding: Finding
  /// When its rule last said so.
  var seenAt: Timestamp
}
