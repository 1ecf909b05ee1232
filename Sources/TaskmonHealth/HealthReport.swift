package import TaskmonUnits

/// What the evaluator says of one broker at one moment.
package struct HealthReport: Sendable, Equatable {
  package enum Status: String, Sendable, Codable {
    case healthy, warning, critical, unknown
  }

  package var takenAt: Timestamp
  package var observed: Seconds
  /// Worst first, then by rule in registry order and by subject; behind them the silenced ones,
  /// last those that ended (shown for a hold time).
  package var findings: [Finding]
  /// Rules that could not judge, in registry order, with what is missing.
  package var unknown: [UnknownRule]
  package var healthy: [RuleID]
  /// Whether this is no database of Celery's: nothing is judged, and that is what is said.
  package var isGateShut: Bool

  package init(
    takenAt: Timestamp, observed: Seconds, findings: [Finding] = [], unknown: [UnknownRule] = [],
    healthy: [RuleID] = [], isGateShut: Bool = false
  ) {
    self.takenAt = takenAt
    self.observed = observed
    self.findings = findings
    self.unknown = unknown
    self.healthy = healthy
    self.isGateShut = isGateShut
  }

  /// Findings whose cause holds now, silenced or not.
  package var holding: [Finding] { findings.filter { $0.endedAt == nil } }

  /// Findings whose cause holds now and that nobody silenced.
  package var present: [Finding] {
    findings.filter { $0.endedAt == nil && $0.silence == nil }
  }

  /// Findings whose cause holds now and that somebody silenced.
  package var silenced: [Finding] {
    findings.filter { $0.endedAt == nil && $0.silence != nil }
  }

  package func count(_ severity: Severity) -> Int {
    present.reduce(0) { $0 + ($1.severity == severity ? 1 : 0) }
  }

  /// The worst that holds; `unknown` when the gate `no-celery-here` is shut, or nothing could
  /// be judged.
  package var status: Status {
    if count(.critical) > 0 { return .critical }
    if count(.warning) > 0 { return .warning }
    return isGateShut || (healthy.isEmpty && present.isEmpty && silenced.isEmpty)
      ? .unknown : .healthy
  }
}

/// A rule that could not judge.
package struct UnknownRule: Sendable, Equatable, Codable {
  package var rule: RuleID
  package var missing: String

  package init(rule: RuleID, missing: String) {
    self.rule = rule
    self.missing = missing
  }
}
