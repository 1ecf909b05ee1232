import TaskmonDashboards
import TaskmonExposition
import TaskmonHealth
import TaskmonTestSupport
import Testing

/// Prometheus' own tool reads the rule file and runs the proofs.
@Suite("promtool")
struct PromtoolTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try folder.write(AlertFile.name, AlertFile.rules(runbook: "https://example.org/runbook"))
    try folder.write(AlertFile.testName, AlertFile.tests(runbook: "https://example.org/runbook"))
  }

  @Test("reads the alerts, and a configuration that loads them")
  func check() async throws {
    let rules = try await promtool(["check", "rules", AlertFile.name])
    #expect(rules.end == .exit(0), "\(rules.outputText)\(rules.errorText)")
    try folder.write(
      "prometheus.yml",
      """
      rule_files: [\(AlertFile.name)]
      scrape_configs:
        - job_name: celery
          static_configs: [{ targets: ["127.0.0.1:9808"] }]
      """)
    let config = try await promtool(["check", "config", "prometheus.yml"])
    #expect(config.end == .exit(0), "\(config.outputText)\(config.errorText)")
    #expect(config.outputText.contains("\(AlertTests.alerts.count) rules found"))
  }

  @Test("sees every alert fire when it should, and stay quiet when it should")
  func proofs() async throws {
    let run = try await promtool(["test", "rules", AlertFile.testName])
    #expect(run.end == .exit(0), "\(run.outputText.prefix(4000))\(run.errorText.prefix(4000))")
  }

  @Test(
    "notices an alert that selects nothing, one that selects too much, and one with another text",
    arguments: [
      (#"rule="stuck-task",severity="critical""#, #"rule="stuck-task",severity="crit""#),
      (#"{rule="stuck-task",severity="critical"}"#, #"{rule="stuck-task"}"#),
      ("{{ $labels.subject }}: A task runs past", "A task runs past"),
      ("celery_worker_up == 0", "celery_worker_up >= 0"),
    ])
  func notices(_ right: String, _ wrong: String) async throws {
    // Two will do, and are judged at once.
    let groups = AlertRegistry.groups.map { group in
      var group = group
      group.alerts.removeAll { $0.rule != StuckTask.id && $0.name != "CeleryWorkerDown" }
      return group
    }
    let rules = AlertFile.rules(groups, runbook: "")
    #expect(rules.contains(right))
    try folder.write(AlertFile.testName, AlertFile.tests(groups, runbook: ""))
    let both: [(String, Int32)] = [(rules, 0), (rules.replacing(right, with: wrong), 1)]
    for (text, status) in both {
      try folder.write(AlertFile.name, text)
      let run = try await promtool(["test", "rules", AlertFile.testName])
      #expect(run.end == .exit(status), "\(run.outputText)\(run.errorText)")
    }
  }

  private func promtool(_ arguments: [String]) async throws -> ProcessResult {
    try await Subprocess.run("promtool", arguments, folder: folder.path, timeout: 90)
  }
}
