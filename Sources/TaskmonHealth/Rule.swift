import TaskmonModel
package import TaskmonUnits

/// One mistake taskmon can name.
///
/// A rule is a pure function of what was observed: no clock, no I/O.
///
/// Each lives in a file of its own under `Rules/`, is listed in `RuleRegistry`, and carries its
/// whole documentation as `page`; `taskmon explain`, the runbook and the console are made from it.
package protocol Rule: Sendable {
  static var id: RuleID { get }
  static var antipattern: Antipattern { get }
  static var kind: RuleKind { get }
  static var needs: [RuleNeed] { get }
  static var page: RulePage { get }
  static var thresholds: [Threshold] { get }
  /// The severities its findings may have, worst first: alerts are made for these.
  static var severities: [Severity] { get }

  init()

  func evaluate(_ scene: Scene, limits: ThresholdValues) throws(NotKnown) -> Verdict
}

/// What a rule cannot do without is not known; why.
package struct NotKnown: Error {
  let reason: String
}

extension Observation {
  /// For rules that cannot judge without it.
  var known: Value {
    get throws(NotKnown) {
      switch self {
      case .value(let value): return value
      case .unavailable(let reason): throw NotKnown(reason: reason)
      }
    }
  }
}

extension Rule {
  /// Any severity, where a rule does not say which.
  package static var severities: [Severity] { Severity.allCases.reversed() }

  /// Unknown where what it needs is.
  package func verdict(on scene: Scene, limits: ThresholdValues) -> Verdict {
    do throws(NotKnown) {
      return try evaluate(scene, limits: limits)
    } catch {
      return .unknown(error.reason)
    }
  }
}

/// The stable name of a rule: file, configuration key, metric label, alert, runbook heading.
package struct RuleID: Sendable, Hashable, Comparable, Codable, ExpressibleByStringLiteral,
  CustomStringConvertible
{
  package let rawValue: String

  package init(rawValue: String) { self.rawValue = rawValue }
  package init(stringLiteral value: String) { rawValue = value }
  package init(from decoder: any Decoder) throws {
    rawValue = try decoder.singleValueContainer().decode(String.self)
  }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }

  package var description: String { rawValue }

  package static func < (left: RuleID, right: RuleID) -> Bool { left.rawValue < right.rawValue }

  /// `stuck-task` → `TaskmonStuckTask`.
  package var alertName: String {
    "Taskmon"
      + rawValue.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
  }
}

/// Which teaching a rule belongs to.
package enum Antipattern: Sendable, Hashable {
  /// One of the twelve antipatterns, 1 to 12.
  case antipattern(Int)
  /// One of the five golden rules, 1 to 5.
  case goldenRule(Int)
  /// An incident that Celery-on-Redis teams meet, outside both lists.
  case incident

  /// `7`, `G2`, or an empty string: the `antipattern` label.
  package var label: String {
    switch self {
    case .antipattern(let number): "\(number)"
    case .goldenRule(let number): "G\(number)"
    case .incident: ""
    }
  }

  /// The name the teaching paper gives it.
  package var title: String {
    switch self {
    case .antipattern(let number): Self.antipatterns[number] ?? "antipattern \(number)"
    case .goldenRule(let number): Self.goldenRules[number] ?? "golden rule \(number)"
    case .incident: "incident"
    }
  }

  private static let antipatterns: [Int: String] = [
    1: "several Celery() apps", 2: "business logic in beat", 3: "expecting exactly-once",
    4: "external calls without retry", 5: "print instead of logging",
    6: "async clients in tasks", 7: "no time limits", 8: "BackgroundTasks instead of Celery",
    9: "several beats", 10: "trusting autodiscover", 11: "big return values",
    12: "Celery as a message bus",
  ]

  private static let goldenRules: [Int: String] = [
    1: "a task may run again", 2: "a worker may die at any moment", 3: "beat may die",
    4: "Redis may be cleared", 5: "the code must survive it",
  ]
}

package enum RuleKind: String, Sendable, Codable, CaseIterable {
  /// Something is happening.
  case incident
  /// A setting or habit that will hurt.
  case practice
}

/// What a rule must be able to see before it can judge.
package enum RuleNeed: Sendable, Hashable {
  case instant
  /// A time of observation.
  case window(Seconds)
  case events
  case controlReplies
  case workerLogs
  case resultScan
  /// All queues: before they have been looked for, that none of those known is ill proves nothing.
  case queueScan

  package var text: String {
    switch self {
    case .instant: "instant"
    case .window(let length): "\(length.compact) of observation"
    case .events: "task events"
    case .controlReplies: "control replies"
    case .workerLogs: "worker logs"
    case .resultScan: "a scan of the results"
    case .queueScan: "a scan for queues"
    }
  }
}

/// The documentation of a rule, in the words `taskmon explain` prints.
///
/// Plain text; a blank line separates paragraphs, a line that begins with four spaces is code.
package struct RulePage: Sendable, Equatable {
  /// One sentence: the symptom.
  package var summary: String
  package var whyItHurts: String
  package var detection: String
  package var blindSpots: String
  /// How to see it by hand, with redis-cli and celery commands.
  package var confirm: String
  package var remedy: String

  package init(
    summary: String, whyItHurts: String, detection: String, blindSpots: String, confirm: String,
    remedy: String
  ) {
    self.summary = summary
    self.whyItHurts = whyItHurts
    self.detection = detection
    self.blindSpots = blindSpots
    self.confirm = confirm
    self.remedy = remedy
  }
}

package enum Severity: String, Sendable, Hashable, Comparable, Codable, CaseIterable {
  case info, warning, critical

  package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .info: 0
    case .warning: 1
    case .critical: 2
    }
  }
}

/// What a rule says: unknown is never healthy.
package enum Verdict: Sendable, Equatable {
  case healthy
  case findings([Finding])
  /// What is missing, and what would make it known.
  case unknown(String)

  /// Healthy when there is nothing to say.
  package static func judged(_ findings: [Finding]) -> Verdict {
    findings.isEmpty ? .healthy : .findings(findings)
  }
}

/// One mistake, on one subject.
package struct Finding: Sendable, Equatable, Codable {
  package var rule: RuleID
  package var severity: Severity
  /// A queue, worker, task name, schedule entry, `beat` or `broker`; never a task id.
  package var subject: String
  /// One sentence without the subject.
  package var message: String
  /// When the condition became true, as far as that was seen.
  package var since: Timestamp
  /// Stable keys per rule; numbers in seconds and bytes.
  package var evidence: [EvidenceItem]
  /// The setting or code change that ends it.
  package var remedy: String
  /// Set by the evaluator while a finding whose cause has gone is still shown.
  package var endedAt: Timestamp?
  /// Set where somebody does not want to be told of it.
  package var silence: Silence?

  package init(
    rule: RuleID, severity: Severity, subject: String, message: String, since: Timestamp,
    evidence: [EvidenceItem], remedy: String, endedAt: Timestamp? = nil
  ) {
    self.rule = rule
    self.severity = severity
    self.subject = subject
    self.message = message
    self.since = since
    self.evidence = evidence
    self.remedy = remedy
    self.endedAt = endedAt
  }
}

/// One named piece of evidence, in the order the rule tells it.
package struct EvidenceItem: Sendable, Equatable, Codable {
  package var key: String
  package var value: EvidenceValue

  package init(_ key: String, _ value: EvidenceValue) {
    self.key = key
    self.value = value
  }
}

package enum EvidenceValue: Sendable, Equatable, Codable {
  case text(String)
  case number(Double)
  case flag(Bool)
  case list([String])
  /// The fact exists and could not be read.
  case unknown

  package static func count(_ value: Int) -> EvidenceValue { .number(Double(value)) }
  package static func seconds(_ value: Seconds?) -> EvidenceValue {
    value.map { .number($0.value) } ?? .unknown
  }
  package static func bytes(_ value: ByteCount) -> EvidenceValue { .number(Double(value.value)) }
  package static func text(orUnknown value: String?) -> EvidenceValue {
    value.map { .text($0) } ?? .unknown
  }
}
