package import TaskmonModel
package import TaskmonUnits

/// Runs every rule over a history and keeps what must outlive one evaluation: the moment each
/// finding began, and those that ended less than the hold time ago.
package struct Evaluator: Sendable {
  /// Subjects a rule may name; the rest become one finding on `other`.
  package static let subjectsPerRule = 50
  /// The subject that stands for what is over `subjectsPerRule`.
  package static let otherSubject = "other"
  /// How long a finding whose rule can no longer judge keeps its `since`.
  static let patience = Seconds.hours(1)

  package private(set) var memory: EvaluatorMemory
  private let rules: [any Rule.Type]
  private let thresholds: ThresholdOverrides
  private let hold: Seconds

  /// Makes an evaluator that remembers nothing, or what an earlier one remembered.
  ///
  /// `hold` is how long an ended finding is still shown: 60 s on screens, zero for `check`.
  package init(
    rules: [any Rule.Type] = RuleRegistry.all,
    thresholds: ThresholdOverrides = ThresholdOverrides(), hold: Seconds = Seconds(60),
    memory: EvaluatorMemory = EvaluatorMemory()
  ) {
    self.rules = rules
    self.thresholds = thresholds
    self.hold = hold
    self.memory = memory
  }

  /// Judges the latest snapshot; an empty report where there is none yet.
  package mutating func evaluate(_ history: SnapshotHistory) -> HealthReport {
    guard let snapshot = history.latest else {
      return HealthReport(
        takenAt: Timestamp(secondsSince1970: 0), observed: .zero,
        unknown: rules.map { UnknownRule(rule: $0.id, missing: "no snapshot yet") })
    }
    let gate = Gate(snapshot)
    let scan = QueueScan(snapshot)
    let scene = Scene(history, snapshot, thresholds: thresholds)
    var report = HealthReport(
      takenAt: snapshot.takenAt, observed: snapshot.observed, isGateShut: gate.isShut)
    var present: [Ranked] = []
    var ended: [Ranked] = []
    for (rank, rule) in rules.enumerated() {
      let verdict = gate.pass(rule) {
        scan.pass(rule) {
          rule.init().verdict(on: scene, limits: thresholds.values(for: rule))
        }
      }
      switch verdict {
      case .healthy:
        report.healthy.append(rule.id)
        ended += recall(rule.id, present: [], at: snapshot.takenAt).map { Ranked(rank, $0) }
      case .unknown(let missing):
        report.unknown.append(UnknownRule(rule: rule.id, missing: missing))
        forgetStale(rule.id, at: snapshot.takenAt)
      case .findings(let findings):
        let told = remember(Self.capped(findings), rule: rule.id, at: snapshot.takenAt)
        present += told.present.map { Ranked(rank, $0) }
        ended += told.ended.map { Ranked(rank, $0) }
      }
    }
    report.findings = Ranked.sorted(present) + Ranked.sorted(ended)
    return report
  }

  /// Keeps the earliest `since` of each finding; gives back also those that have just ended.
  private mutating func remember(
    _ findings: [Finding], rule: RuleID, at now: Timestamp
  ) -> (present: [Finding], ended: [Finding]) {
    let earlier = memory[rule]
    let present = findings.map { finding in
      var finding = finding
      finding.rule = rule
      finding.endedAt = nil
      if let known = earlier[finding.subject]?.finding, known.endedAt == nil {
        finding.since = min(finding.since, known.since)
      }
      return finding
    }
    return (present, recall(rule, present: present, at: now))
  }

  /// Replaces what is remembered of a rule; what is not present any more is shown as ended.
  private mutating func recall(
    _ rule: RuleID, present: [Finding], at now: Timestamp
  ) -> [Finding] {
    var kept = Dictionary(
      present.map { ($0.subject, Remembered(finding: $0, seenAt: now)) }, uniquingKeysWith: { $1 })
    var ended: [Finding] = []
    for (subject, known) in memory[rule] where kept[subject] == nil {
      var gone = known
      gone.finding.endedAt = known.finding.endedAt ?? now
      let age = gone.finding.endedAt.map { now - $0 } ?? .zero
      guard age >= .zero, age < hold else { continue }
      kept[subject] = gone
      ended.append(gone.finding)
    }
    memory[rule] = kept
    return Self.capped(ended)
  }

  /// While a rule cannot judge, nothing has ended; but not for ever.
  private mutating func forgetStale(_ rule: RuleID, at now: Timestamp) {
    memory[rule] = memory[rule].filter {
      $0.value.finding.endedAt == nil && now - $0.value.seenAt <= Self.patience
    }
  }

  /// One finding per subject, the worst; at most `subjectsPerRule`, the rest told as one.
  static func capped(_ findings: [Finding]) -> [Finding] {
    var bySubject: [String: Finding] = [:]
    for finding in findings {
      if let known = bySubject[finding.subject], known.severity >= finding.severity { continue }
      bySubject[finding.subject] = finding
    }
    let order = bySubject.values.map { (severity: $0.severity, subject: $0.subject) }
      .sorted { ($1.severity, $0.subject) < ($0.severity, $1.subject) }
    let sorted = order.compactMap { bySubject[$0.subject] }
    guard sorted.count > subjectsPerRule else { return sorted }
    let rest = sorted.dropFirst(subjectsPerRule)
    guard var other = rest.first else { return sorted }
    other.since = rest.map(\.since).min() ?? other.since
    other.subject = otherSubject
    other.message = "\(rest.count.grouped) more; the worst: \(other.message)"
    other.evidence = [
      EvidenceItem("count", .count(rest.count)),
      EvidenceItem("subjects", .list(rest.prefix(subjectsPerRule).map(\.subject))),
    ]
    return sorted.prefix(subjectsPerRule) + [other]
  }
}

/// A finding with its rule's place in the registry.
private struct Ranked {
  let rank: Int
  let finding: Finding

  init(_ rank: Int, _ finding: Finding) {
    self.rank = rank
    self.finding = finding
  }

  static func sorted(_ findings: [Ranked]) -> [Finding] {
    findings.sorted {
      ($1.finding.severity, $0.rank, $0.finding.subject)
        < ($0.finding.severity, $1.rank, $1.finding.subject)
    }.map(\.finding)
  }
}
