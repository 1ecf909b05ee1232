import TaskmonHealth
import TaskmonTUI
import TaskmonUnits
import Testing

@Suite("Health view")
struct HealthViewTests {
  static func report(
    _ findings: [Finding] = [], unknown: Int = 0, healthy: Int = 0
  ) -> HealthReport {
    HealthReport(
      takenAt: SampleData.now, observed: .zero, findings: findings,
      unknown: (0..<unknown).map { UnknownRule(rule: RuleID(rawValue: "u\($0)"), missing: "x") },
      healthy: (0..<healthy).map { RuleID(rawValue: "h\($0)") })
  }

  @Test(
    "The verdict says what was found, what is well and what is not known",
    arguments: [
      (report(healthy: 1), " Nothing found: 1 rule judged, all healthy"),
      (
        report(unknown: 3, healthy: 4),
        " Nothing found: 4 rules judged, all healthy, 3 could not be judged"
      ),
      (report(unknown: 7), " No rule could judge; each says below what is missing"),
      (
        report([SampleData.stuckTask], unknown: 1, healthy: 2),
        " 1 finding, 2 other rules healthy, 1 could not be judged"
      ),
    ])
  func verdicts(report: HealthReport, text: String) {
    #expect(HealthView.verdict(report).text == text)
  }

  @Test("A finding's page tells evidence, remedy and the whole explanation")
  func page() throws {
    let context = try #require(SampleData.context(SampleData.data(SampleData.troubled)))
    let page = try #require(HealthView.page("stuck-task billing.sync", context))
    let text = page.lines(width: 100).map(\.text).joined(separator: "\n")
    for part in [
      "CRITICAL", "14m 10s", SampleData.stuckTask.remedy, "Why it hurts", "What it cannot see",
      "celery -A proj inspect active", "task_soft_time_limit", "taskmon demo stuck-task",
    ] { #expect(text.contains(part)) }
    #expect(HealthView.page("stuck-task other", context) == nil)
  }
}
