package import TaskmonHealth
import TaskmonModel
package import TaskmonUnits

/// One alert for each rule and each severity of it that somebody should be told of.
///
/// Both alerts of a rule have one name, so that one silence or one route covers them; a finding has
/// one severity at a time, so never are both told of one subject. An info is no alert.
package enum FindingAlerts {
  /// Findings come out of windows that rules have already waited for: this only spans a scrape that
  /// fails or a finding that wavers.
  package static func wait(_ severity: Severity) -> Seconds {
    switch severity {
    case .critical: .minutes(1)
    case .warning, .info: .minutes(5)
    }
  }

  package static func all(rules: [any Rule.Type] = RuleRegistry.all) -> [Alert] {
    rules.flatMap { rule in
      rule.severities.filter { $0 > .info }.sorted(by: >).map { alert(rule, $0) }
    }
  }

  /// What stands for a queue, worker, task or entry in the proofs.
  package static let subject = "some subject"

  private static func alert(_ rule: any Rule.Type, _ severity: Severity) -> Alert {
    Alert(
      rule.id.alertName, rule: rule.id, severity,
      "taskmon_finding{rule=\"\(rule.id)\",severity=\"\(severity.rawValue)\"} == 1",
      wait: wait(severity), labels: [Label("kind", rule.kind.rawValue)],
      summary: "\(label: "subject"): \(rule.page.summary)",
      description: """
        \(plain(rule.page.whyItHurts))
        The evidence: taskmon check --from http://\(label: "instance") --rule \(rule.id.rawValue)
        """,
      proofs: proofs(rule, severity))
  }

  /// The prose of a page, one line for each paragraph; code has no place in a message.
  private static func plain(_ text: String) -> String {
    text.split(separator: "\n").filter { !$0.hasPrefix("    ") }.joined(separator: "\n")
  }

  private static func proofs(_ rule: any Rule.Type, _ severity: Severity) -> [AlertProof] {
    let labels = [
      Label("rule", rule.id.rawValue), Label("antipattern", rule.antipattern.label),
      Label("subject", subject),
    ]
    return [
      AlertProof(
        fires: "a \(severity.rawValue) finding of each rule", page(of: rule, [severity]),
        labels: labels),
      AlertProof(quiet: "an info of each rule", page(of: rule, [.info])),
      AlertProof(quiet: "every rule is healthy", page(of: rule, [])),
    ]
  }

  /// What a page says of a rule that has found these.
  private static func page(of rule: any Rule.Type, _ severities: [Severity]) -> [ProofSeries] {
    let now = Timestamp(secondsSince1970: 0)
    let findings = severities.map {
      Finding(
        rule: rule.id, severity: $0, subject: subject, message: "", since: now, evidence: [],
        remedy: "")
    }
    return FindingPage.series(
      of: HealthReport(
        takenAt: now, observed: .zero, findings: findings,
        healthy: findings.isEmpty ? [rule.id] : []))
  }
}

/// What the exposition itself writes of a report: alerts are proved on nothing else.
enum FindingPage {
  static func series(of report: HealthReport) -> [ProofSeries] {
    let input = ExpositionInput(
      history: SnapshotHistory(), report: report, options: .anonymous)
    let families = FindingFamilies.families(of: input)
    return ExpositionWriter.text(of: families, as: .text).split(separator: "\n")
      .compactMap(ProofSeries.init(line:))
  }
}
