package import TaskmonUnits

/// What `check` prints and `serve` answers: a report with its broker, in words and numbers.
package struct HealthDocument: Sendable, Equatable {
  /// The version of taskmon that wrote it.
  package var taskmon: String
  /// The broker's URL without a password, or its name.
  package var broker: String
  package var takenAt: Timestamp
  package var observed: Seconds
  package var status: HealthReport.Status
  /// What holds now, worst first.
  package var findings: [DocumentFinding]
  /// What holds now and somebody silenced; counts for nothing.
  package var silenced: [DocumentFinding]
  package var unknown: [UnknownRule]
  package var healthy: [RuleID]

  package init(
    taskmon: String, broker: String, takenAt: Timestamp, observed: Seconds,
    status: HealthReport.Status, findings: [DocumentFinding] = [],
    silenced: [DocumentFinding] = [], unknown: [UnknownRule] = [], healthy: [RuleID] = []
  ) {
    self.taskmon = taskmon
    self.broker = broker
    self.takenAt = takenAt
    self.observed = observed
    self.status = status
    self.findings = findings
    self.silenced = silenced
    self.unknown = unknown
    self.healthy = healthy
  }

  /// The document of a report; findings that have ended are left out.
  package init(
    _ report: HealthReport, taskmon: String, broker: String,
    rules: [any Rule.Type] = RuleRegistry.all
  ) {
    let known = Dictionary(rules.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    self.init(
      taskmon: taskmon, broker: broker, takenAt: report.takenAt, observed: report.observed,
      status: report.status,
      findings: report.present.map { DocumentFinding($0, rule: known[$0.rule]) },
      silenced: report.silenced.map { DocumentFinding($0, rule: known[$0.rule]) },
      unknown: report.unknown, healthy: report.healthy)
  }

  /// The document of another taskmon, less what is silenced here.
  package func silenced(by silences: [Silence]) -> HealthDocument {
    var document = self
    document.findings = []
    for finding in findings {
      let silence = silences.last { $0.covers(finding.rule, finding.subject, at: takenAt) }
      guard let silence else {
        document.findings.append(finding)
        continue
      }
      var finding = finding
      finding.silence = silence
      document.silenced.append(finding)
    }
    document.status = document.status(of: status == .unknown ? .unknown : nil)
    return document
  }

  /// What is to be said of what stands in it; `whole` is what was said of more rules.
  func status(of whole: HealthReport.Status?) -> HealthReport.Status {
    HealthReport.Status(
      worst: findings.map(\.severity).max(),
      judged: (findings + silenced).map(\.rule) + healthy, of: whole)
  }

  package func count(_ severity: Severity) -> Int {
    findings.reduce(0) { $0 + ($1.severity == severity ? 1 : 0) }
  }

  /// Rules that were asked, whether or not they could judge.
  package var ruleCount: Int {
    Set((findings + silenced).map(\.rule)).union(unknown.map(\.rule)).union(healthy).count
  }

  /// The document as JSON, its keys in this order; scripts rely on each.
  package func json(_ style: OrderedJSON.Style = .compact) -> String {
    OrderedJSON.object([
      .init("taskmon", .string(taskmon)),
      .init("broker", .string(broker)),
      .init("takenAt", .string(takenAt.iso8601)),
      .init("observedSeconds", .number(observed.value.toThousandths)),
      .init("status", .string(status.rawValue)),
      .init("findings", .array(findings.map(\.json))),
      .init("silenced", .array(silenced.map(\.json))),
      .init(
        "unknown",
        .array(
          unknown.map {
            .object([
              .init("rule", .string($0.rule.rawValue)), .init("missing", .string($0.missing)),
            ])
          })),
      .init("healthy", .strings(healthy.map(\.rawValue))),
    ]).text(style)
  }
}

/// One finding of a document, with what its rule says about itself.
package struct DocumentFinding: Sendable, Equatable {
  package var rule: RuleID
  /// `9`, `G2`, or nil for an incident outside both lists.
  package var antipattern: String?
  package var kind: RuleKind
  package var severity: Severity
  package var subject: String
  package var message: String
  package var since: Timestamp
  /// In the order the rule tells it; sorted by key where it was read from a document.
  package var evidence: [EvidenceItem]
  package var remedy: String
  /// Nil where nobody silenced it.
  package var silence: Silence?

  package init(
    rule: RuleID, antipattern: String?, kind: RuleKind, severity: Severity, subject: String,
    message: String, since: Timestamp, evidence: [EvidenceItem], remedy: String,
    silence: Silence? = nil
  ) {
    self.rule = rule
    self.antipattern = antipattern
    self.kind = kind
    self.severity = severity
    self.subject = subject
    self.message = message
    self.since = since
    self.evidence = evidence
    self.remedy = remedy
    self.silence = silence
  }

  package init(_ finding: Finding, rule: (any Rule.Type)?) {
    let label = rule?.antipattern.label ?? ""
    self.init(
      rule: finding.rule, antipattern: label.isEmpty ? nil : label,
      kind: rule?.kind ?? .incident, severity: finding.severity, subject: finding.subject,
      message: finding.message, since: finding.since, evidence: finding.evidence,
      remedy: finding.remedy, silence: finding.silence)
  }

  fileprivate var json: OrderedJSON {
    .object(members + silenceMembers)
  }

  private var silenceMembers: [OrderedJSON.Member] {
    guard let silence else { return [] }
    return [
      .init("silencedUntil", silence.until.map { .string($0.iso8601) } ?? .null),
      .init("silencedBecause", .string(silence.reason)),
    ]
  }

  private var members: [OrderedJSON.Member] {
    [
      .init("rule", .string(rule.rawValue)),
      .init("antipattern", antipatternJSON),
      .init("kind", .string(kind.rawValue)),
      .init("severity", .string(severity.rawValue)),
      .init("subject", .string(subject)),
      .init("message", .string(message)),
      .init("since", .string(since.iso8601)),
      .init("evidence", .object(evidence.map { .init($0.key, $0.value.json) })),
      .init("remedy", .string(remedy)),
    ]
  }

  /// Antipatterns are numbers, golden rules `"G2"`.
  private var antipatternJSON: OrderedJSON {
    guard let antipattern else { return .null }
    return Int(antipattern).map { .number(Double($0)) } ?? .string(antipattern)
  }
}

extension EvidenceValue {
  /// As documents write it; an unknown fact is null.
  package var json: OrderedJSON {
    switch self {
    case .text(let text): .string(text)
    case .number(let number): .number(number.toThousandths)
    case .flag(let flag): .bool(flag)
    case .list(let list): .strings(list)
    case .unknown: .null
    }
  }
}

extension Double {
  /// At most three decimal places, as documents write numbers.
  fileprivate var toThousandths: Double {
    abs(self) < 1e12 ? (self * 1000).rounded() / 1000 : self
  }
}
