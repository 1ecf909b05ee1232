package import TaskmonUnits

/// What was told of a broker last, so that nobody is told twice.
///
/// `info` is never told.
package struct ToldFindings: Sendable, Equatable, Codable {
  /// By rule and subject; bounded as the findings of a report are.
  private var severities: [Slot: Severity]
  /// When somebody was last told; nil before the first time.
  private var toldAt: Timestamp?

  private struct Slot: Sendable, Hashable, Codable {
    var rule: RuleID
    var subject: String
  }

  package init() { severities = [:] }

  /// Something appeared, worsened or ended, or lasts longer than `renotify`.
  package func isNews(_ document: HealthDocument, renotify: Seconds) -> Bool {
    let now = Self.severities(in: document)
    if now.contains(where: { slot, severity in severities[slot].map { $0 < severity } ?? true }) {
      return true
    }
    if severities.keys.contains(where: { now[$0] == nil && hasEnded($0, document) }) { return true }
    guard !now.isEmpty, let toldAt else { return false }
    return document.takenAt - toldAt >= renotify
  }

  /// Takes in a document that was told, or that held nothing new.
  package mutating func take(_ document: HealthDocument, told: Bool) {
    // Once its silence is over, what still lasts is news.
    let kept = severities.filter { !hasEnded($0.key, document) && !isSilenced($0.key, document) }
    severities = kept.merging(Self.severities(in: document)) { $1 }
    if told { toldAt = document.takenAt }
  }

  /// Its rule judged and did not name it; where the rule could not judge, or was not asked, the
  /// finding is taken to go on.
  private func hasEnded(_ slot: Slot, _ document: HealthDocument) -> Bool {
    guard !isSilenced(slot, document) else { return false }
    return document.healthy.contains(slot.rule)
      || document.findings.contains { $0.rule == slot.rule && $0.subject != slot.subject }
        && !document.findings.contains { $0.rule == slot.rule && $0.subject == slot.subject }
  }

  private func isSilenced(_ slot: Slot, _ document: HealthDocument) -> Bool {
    document.silenced.contains { $0.rule == slot.rule && $0.subject == slot.subject }
  }

  private static func severities(in document: HealthDocument) -> [Slot: Severity] {
    var found: [Slot: Severity] = [:]
    for finding in document.findings where finding.severity > .info {
      let slot = Slot(rule: finding.rule, subject: finding.subject)
      found[slot] = max(found[slot] ?? .info, finding.severity)
    }
    return found
  }
}
