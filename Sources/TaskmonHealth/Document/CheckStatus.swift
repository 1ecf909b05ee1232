/// How `check` ends.
package enum CheckStatus: String, Sendable, CaseIterable {
  case ok = "OK"
  case warning = "WARNING"
  case critical = "CRITICAL"
  case unknown = "UNKNOWN"

  package var exitCode: Int32 {
    switch self {
    case .ok: 0
    case .warning: 1
    case .critical: 2
    case .unknown: 3
    }
  }

  /// The status of a document that was narrowed to what was asked for.
  package init(of document: HealthDocument, failOn: CheckFilter.FailOn = .warning) {
    if document.count(.critical) > 0 {
      self = .critical
    } else if document.count(.warning) > 0, failOn != .critical {
      self = .warning
    } else if document.status == .unknown {
      self = .unknown
    } else {
      self = failOn == .unknown && !document.unknown.isEmpty ? .unknown : .ok
    }
  }
}

/// Which rules a `check` is about, and what makes it fail.
package struct CheckFilter: Sendable, Equatable {
  /// The least that is told by the exit code.
  package enum FailOn: String, Sendable, CaseIterable {
    case warning, critical, unknown
  }

  package enum Kind: String, Sendable, CaseIterable {
    case incident, practice, all

    func admits(_ kind: RuleKind) -> Bool {
      switch self {
      case .all: true
      case .incident: kind == .incident
      case .practice: kind == .practice
      }
    }
  }

  package var kind: Kind
  /// Empty: every rule.
  package var rules: [RuleID]
  package var failOn: FailOn

  package init(kind: Kind = .all, rules: [RuleID] = [], failOn: FailOn = .warning) {
    self.kind = kind
    self.rules = rules
    self.failOn = failOn
  }

  /// The document narrowed to the rules asked for.
  ///
  /// `broker-unreachable` passes every filter, and so does the state "no Celery here": a check of
  /// one rule that could not look is not a good one.
  package func narrow(
    _ document: HealthDocument, registry: [any Rule.Type] = RuleRegistry.all
  ) -> HealthDocument {
    let kinds = Dictionary(registry.map { ($0.id, $0.kind) }, uniquingKeysWith: { $1 })
    func admits(_ rule: RuleID) -> Bool {
      (rules.isEmpty || rules.contains(rule)) && kinds[rule].map(kind.admits) ?? true
    }
    var narrowed = document
    narrowed.findings = document.findings.filter {
      $0.rule == BrokerUnreachable.id || admits($0.rule)
    }
    narrowed.silenced = document.silenced.filter { admits($0.rule) }
    narrowed.unknown = document.unknown.filter { admits($0.rule) }
    narrowed.healthy = document.healthy.filter(admits)
    narrowed.status = narrowed.status(of: document.status)
    return narrowed
  }

  /// The status of a document after narrowing, and its exit code.
  package func status(of document: HealthDocument) -> CheckStatus {
    CheckStatus(of: document, failOn: failOn)
  }
}
