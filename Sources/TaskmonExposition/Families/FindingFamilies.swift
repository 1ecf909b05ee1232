import TaskmonHealth

/// What the rules say.
///
/// These stay while Redis is away: that it is away is itself a finding.
package enum FindingFamilies: FamilyGroup {
  package static func families(of input: ExpositionInput) -> [MetricFamily] {
    let verdicts = input.report.map(RuleState.all) ?? []
    let present = input.report?.present ?? []
    return [
      .gauge(
        "taskmon_finding", "A mistake that is being made; always 1.",
        verdicts.flatMap { findings(of: $0.rule, among: present, options: input.options) }),
      .gauge(
        "taskmon_findings", "How many subjects the rule has something to say about.",
        verdicts.flatMap { counts(of: $0, among: present) }),
      .gauge(
        "taskmon_findings_silenced",
        "How many findings of the rule somebody silenced; they are in neither of the two above.",
        silenced(input.report?.silenced ?? [])),
      .gauge(
        "taskmon_rule_status",
        "What became of the rule: 1 for one of healthy, findings and unknown.",
        verdicts.flatMap(states)),
    ]
  }

  private static func findings(
    of rule: RuleID, among present: [Finding], options: ExpositionOptions
  ) -> [Sample] {
    let antipattern = Label("antipattern", options.antipattern(rule))
    return Severity.worstFirst.flatMap { severity in
      let subjects = present.filter { $0.rule == rule && $0.severity == severity }.map(\.subject)
        .sorted()
      let shown = subjects.prefix(options.limits.findingsPerRule)
      let rest = subjects.count > shown.count ? [overflow] : []
      return (shown + rest).map { subject in
        Sample(
          [
            Label("rule", rule.rawValue), antipattern, Label("severity", severity.rawValue),
            Label("subject", subject),
          ], 1)
      }
    }
  }

  /// Only the rules of which something is silenced.
  private static func silenced(_ findings: [Finding]) -> [Sample] {
    Dictionary(grouping: findings, by: \.rule).sorted { $0.key < $1.key }.map { rule, findings in
      Sample([Label("rule", rule.rawValue)], findings.count)
    }
  }

  private static let overflow = "other"

  /// Nothing for a rule that cannot judge: its zero would be a guess.
  private static func counts(of state: RuleState, among present: [Finding]) -> [Sample] {
    guard state.status != .unknown else { return [] }
    return Severity.worstFirst.map { severity in
      Sample(
        [Label("rule", state.rule.rawValue), Label("severity", severity.rawValue)],
        present.count { $0.rule == state.rule && $0.severity == severity })
    }
  }

  private static func states(of state: RuleState) -> [Sample] {
    RuleState.Status.allCases.map { status in
      Sample(
        [Label("rule", state.rule.rawValue), Label("status", status.rawValue)],
        state.status == status ? 1 : 0)
    }
  }
}

extension Severity {
  fileprivate static let worstFirst: [Severity] = allCases.sorted(by: >)
}

/// What became of one rule in a report.
private struct RuleState {
  enum Status: String, CaseIterable {
    case healthy, findings, unknown
  }

  var rule: RuleID
  var status: Status

  /// By name; a finding that holds outweighs that its rule could not judge again.
  static func all(in report: HealthReport) -> [RuleState] {
    var states: [RuleID: Status] = [:]
    for finding in report.findings { states[finding.rule] = .healthy }
    for rule in report.healthy { states[rule] = .healthy }
    for unknown in report.unknown { states[unknown.rule] = .unknown }
    for finding in report.present + report.silenced { states[finding.rule] = .findings }
    return states.map { RuleState(rule: $0.key, status: $0.value) }.sorted { $0.rule < $1.rule }
  }
}
