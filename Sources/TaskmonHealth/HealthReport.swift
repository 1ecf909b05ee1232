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
    Status(
      worst: present.map(\.severity).max(), judged: holding.map(\.rule) + healthy,
      of: isGateShut ? .unknown : nil)
  }
}

extension HealthReport.Status {
  /// `worst` is that of what holds and nobody silenced; `judged` are the rules that are healthy or
  /// found something, silenced or not.
  ///
  /// Whether the broker answers alone says nothing of Celery: one that nobody can see is not well
  /// because somebody silenced that. Where these rules were picked of others, `whole` is what was
  /// said of all; the broker's answer may be what was asked for then.
  init(worst: Severity?, judged: [RuleID], of whole: HealthReport.Status? = nil) {
    let isKnown =
      whole.map { $0 != .unknown && !judged.isEmpty }
      ?? judged.contains { $0 != BrokerUnreachable.id }
    self =
      switch worst {
      case .critical?: .critical
      case .warning?: .warning
      case .info?, nil: isKnown ? .healthy : .unknown
      }
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
