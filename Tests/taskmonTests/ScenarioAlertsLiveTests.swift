import Foundation
import TaskmonTestSupport
import Testing

/// The alerts that are shipped fire on what taskmon really says of each scenario of the demo.
@Suite("Each scenario sets off its alerts", .tags(.live))
struct ScenarioAlertsLiveTests {
  @Test("and no other", .timeLimit(.minutes(10)), arguments: try await ScenarioPages.names())
  func alerts(_ scenario: String) async throws {
    let page = try await ScenarioPages.shared.page(of: scenario)
    let folder = try TemporaryFolder()
    try folder.write("alerts.yaml", try Self.shipped("taskmon-alerts.yaml"))
    try folder.write("test.yaml", Self.proof(page))
    let run = try await Subprocess.run(
      "promtool", ["test", "rules", "test.yaml"], folder: folder.path)
    #expect(run.end == .exit(0), "\(run.outputText)\(run.errorText)")
  }

  private static func shipped(_ name: String) throws -> String {
    try String(contentsOfFile: Fixture.folder + "/../../dashboards/" + name, encoding: .utf8)
  }

  /// The page stays as it is for half an hour, and every finding above info is an alert by then.
  ///
  /// Alerts on bare numbers are left out: what they make of a demo says nothing of findings.
  private static func proof(_ page: ScenarioPage) throws -> String {
    let scraped = #"job="celery",instance="127.0.0.1:9808""#
    let series = page.series.filter { $0.hasPrefix("taskmon_") }.map { line in
      let parts = line.split(separator: " ")
      let value = parts.last.map(String.init) ?? ""
      let selector = line.dropLast(value.count + 1)
      let brace = selector.firstIndex(of: "{")
      let labelled =
        brace.map { "\(selector[..<$0]){\(scraped),\(selector[selector.index(after: $0)...])" }
        ?? "\(selector){\(scraped)}"
      return "  - series: '\(labelled.replacing("'", with: "''"))'\n    values: '\(value)+0x30'\n"
    }
    let firing = try page.findings.filter { $0.severity != "info" }.map { finding in
      let labels = """
        {alertname="\(try alert(for: finding))",rule="\(finding.rule)",\
        severity="\(finding.severity)",subject="\(finding.subject)"}
        """
      return "    - labels: '\(labels.replacing("'", with: "''"))'\n      value: 1\n"
    }
    // What cannot be judged at all is an alert of its own, beside those on findings.
    let unjudged =
      page.health.status == "unknown"
      ? [
        "    - labels: '{alertname=\"TaskmonSeesNoCelery\",rule=\"no-celery-here\","
          + "severity=\"warning\"}'\n      value: 1\n"
      ] : []
    let expected = firing + unjudged
    return """
      rule_files: [alerts.yaml]
      evaluation_interval: 1m
      tests:
      - interval: 1m
        input_series:
      \(series.joined())
        promql_expr_test:
        - expr: sum by (alertname, rule, severity, subject) (ALERTS{alertstate="firing"})
          eval_time: 20m
          exp_samples:\(expected.isEmpty ? " []\n" : "\n" + expected.joined())
      """
  }

  /// As the shipped file has it.
  private static func alert(for finding: ScenarioPage.Finding) throws -> String {
    let text = try shipped("taskmon-alerts.yaml")
    let selector = #"{rule="\#(finding.rule)",severity="\#(finding.severity)"}"#
    let before = try #require(text.firstRange(of: selector), "no alert on \(selector)").lowerBound
    let name = try #require(text[..<before].matches(of: #/- alert: (\w+)/#).last)
    return String(name.output.1)
  }
}
