import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonUnits
import Testing

@Suite("Finding metrics")
struct FindingFamiliesTests {
  static func input(_ report: HealthReport, cap: Int = 100) -> ExpositionInput {
    Shop.input(Shop.snapshot(), report: report, limits: ExpositionLimits(findingsPerRule: cap))
  }

  @Test("name rule, antipattern, severity and subject of what holds, and not of what has ended")
  func findings() {
    #expect(
      Shop.lines("taskmon_finding", in: Shop.full) == [
        #"taskmon_finding{rule="lost-worker",antipattern="","#
          + #"severity="warning",subject="celery@w2"} 1"#,
        #"taskmon_finding{rule="multiple-beats",antipattern="9","#
          + #"severity="critical",subject="every-10s"} 1"#,
        #"taskmon_finding{rule="stuck-task",antipattern="7","#
          + #"severity="critical",subject="shop.pay"} 1"#,
      ])
  }

  @Test("are capped per rule and severity, and count in full")
  func capped() {
    let findings = (0..<5).map { Shop.finding("stuck-task", .critical, "t\($0)") }
    let input = Self.input(
      HealthReport(
        takenAt: Shop.now, observed: .zero,
        findings: findings + [Shop.finding("stuck-task", .warning, "w")]), cap: 2)
    let begin = #"taskmon_finding{rule="stuck-task",antipattern="7",severity="#
    #expect(
      Shop.lines("taskmon_finding", in: input) == [
        begin + #""critical",subject="t0"} 1"#, begin + #""critical",subject="t1"} 1"#,
        begin + #""critical",subject="other"} 1"#, begin + #""warning",subject="w"} 1"#,
      ])
    #expect(
      Shop.lines("taskmon_findings", in: input) == [
        #"taskmon_findings{rule="stuck-task",severity="critical"} 5"#,
        #"taskmon_findings{rule="stuck-task",severity="warning"} 1"#,
        #"taskmon_findings{rule="stuck-task",severity="info"} 0"#,
      ])
  }

  @Test("count zero for a healthy rule and nothing for one that cannot judge")
  func unknown() {
    let input = Self.input(
      HealthReport(
        takenAt: Shop.now, observed: .zero,
        unknown: [UnknownRule(rule: "split-registry", missing: "no reply")],
        healthy: ["lost-worker"]))
    #expect(
      Shop.lines("taskmon_findings", in: input) == [
        #"taskmon_findings{rule="lost-worker",severity="critical"} 0"#,
        #"taskmon_findings{rule="lost-worker",severity="warning"} 0"#,
        #"taskmon_findings{rule="lost-worker",severity="info"} 0"#,
      ])
    #expect(
      Shop.lines("taskmon_rule_status", in: input) == [
        #"taskmon_rule_status{rule="lost-worker",status="healthy"} 1"#,
        #"taskmon_rule_status{rule="lost-worker",status="findings"} 0"#,
        #"taskmon_rule_status{rule="lost-worker",status="unknown"} 0"#,
        #"taskmon_rule_status{rule="split-registry",status="healthy"} 0"#,
        #"taskmon_rule_status{rule="split-registry",status="findings"} 0"#,
        #"taskmon_rule_status{rule="split-registry",status="unknown"} 1"#,
      ])
  }

  @Test("are absent before the first evaluation")
  func none() {
    #expect(!Shop.text(Shop.input(Shop.snapshot())).contains("taskmon_finding"))
  }
}
