/// A number for Nagios' graphs.
package struct PerformanceValue: Sendable, Equatable {
  package var label: String
  package var value: Int

  package init(_ label: String, _ value: Int) {
    self.label = label
    self.value = value
  }
}

/// The words of `check --format nagios`.
extension HealthDocument {
  /// Monitoring systems cut what is longer.
  private static let mostLines = 100
  private static let longestLine = 1_000

  /// One line with the worst first and the numbers behind a bar, then a line per finding; ends with
  /// a line feed.
  ///
  /// `performance` are numbers that are known; an unknown one is left out.
  package func nagios(
    _ status: CheckStatus, performance: [PerformanceValue] = []
  ) -> String {
    let head = Self.line("\(headline(status))\(worst)") + " | " + numbers(performance)
    let shown = findings.prefix(Self.mostLines).map { finding in
      Self.line("\(finding.severity.rawValue.uppercased()) \(Self.sentence(finding))")
    }
    let more = findings.count - shown.count
    let rest = more > 0 ? ["and \(more) more; taskmon check --format text lists them"] : []
    return ([head] + shown + rest).joined(separator: "\n") + "\n"
  }

  private var worst: String { findings.first.map { "; \(Self.sentence($0))" } ?? "" }

  private static func sentence(_ finding: DocumentFinding) -> String {
    "\(finding.rule) \(finding.subject): \(finding.message)"
  }

  /// Nagios splits at a bar, so that none may come from Redis.
  private static func line(_ text: String) -> String {
    let safe = String(text.visible.map { $0 == "|" ? "/" : $0 })
    return safe.count > longestLine ? safe.prefix(longestLine) + "…" : safe
  }

  private func numbers(_ performance: [PerformanceValue]) -> String {
    let counts = [
      "critical=\(count(.critical));;0", "warning=\(count(.warning));0;",
      "unknown=\(unknown.count)",
    ]
    return (counts + performance.map { "\($0.label)=\($0.value)" }).joined(separator: " ")
  }
}
