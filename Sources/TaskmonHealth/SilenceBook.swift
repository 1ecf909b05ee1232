import TaskmonUnits

/// The silences in force, applied to report after report.
///
/// It remembers which of those that end with their finding have met it: only who has seen a
/// finding there can see it gone.
package struct SilenceBook: Sendable {
  package var silences: [Silence]
  private var met: Set<Silence>

  /// `memory` is what an evaluator of an earlier run remembered: those findings were seen.
  package init(_ silences: [Silence] = [], memory: EvaluatorMemory = EvaluatorMemory()) {
    self.silences = silences
    met = Set(
      silences.filter { silence in
        memory[silence.rule].values.contains {
          $0.finding.endedAt == nil && (silence.subject ?? $0.finding.subject) == $0.finding.subject
        }
      })
  }

  /// Marks what is silenced, and gives back the silences that are over.
  package mutating func apply(to report: HealthReport) -> (report: HealthReport, over: [Silence]) {
    let now = report.takenAt
    var report = report
    for index in report.findings.indices where report.findings[index].endedAt == nil {
      let finding = report.findings[index]
      let covering = silences.filter { $0.covers(finding.rule, finding.subject, at: now) }
      report.findings[index].silence = covering.last
      met.formUnion(covering)
    }
    report.findings =
      report.findings.filter { $0.silence == nil && $0.endedAt == nil }
      + report.findings.filter { $0.silence != nil }
      + report.findings.filter { $0.silence == nil && $0.endedAt != nil }
    let over = silences.filter { $0.isOver(at: now) || hasEnded($0, report) }
    silences.removeAll(where: over.contains)
    met.subtract(over)
    return (report, over)
  }

  /// Its rule judged, and what it was made for is not there any more.
  private func hasEnded(_ silence: Silence, _ report: HealthReport) -> Bool {
    guard silence.until == nil, met.contains(silence) else { return false }
    let holding = report.holding.filter { $0.rule == silence.rule }
    guard !holding.isEmpty else { return report.healthy.contains(silence.rule) }
    // Of many subjects the last are told as one: it may be among them.
    return !holding.contains {
      (silence.subject ?? $0.subject) == $0.subject || $0.subject == Evaluator.otherSubject
    }
  }
}
