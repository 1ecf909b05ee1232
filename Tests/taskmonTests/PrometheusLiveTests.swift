import Foundation
import TaskmonTestSupport
import Testing

/// What is shipped in `dashboards/`, in a real Prometheus that scrapes a real taskmon.
@Suite("A real Prometheus with the shipped alerts and dashboard", .tags(.live))
struct PrometheusLiveTests {
  /// What this shop has not always or not at all: messages that wait, a limit, a silence, a failure
  /// in the last minute.
  private static let absent = [
    "celery_queue_oldest_message_age_seconds", "celery_queue_drain_seconds",
    "celery_broker_memory_max_bytes", "taskmon_findings_silenced", "celery_task_failed_total",
  ]

  @Test(
    "raises an alert for each mistake of the demo and has data for every panel",
    .timeLimit(.minutes(6)))
  func demo() async throws {
    let taskmon = try Taskmon()
    let broker = try DemoBroker("show", taskmon)
    let serving = try await Serving(["--broker", try await broker.url()], taskmon: taskmon)
    let prometheus = try Prometheus(scraping: serving.port, in: taskmon.home)
    let wanted: Set = [
      "TaskmonMultipleBeats critical", "TaskmonStuckTask critical",
      "TaskmonOversizedResult critical",
    ]
    // Pending is enough: that they fire when their time has come, promtool proves.
    try await eventually(within: 150, "the alerts of three mistakes") {
      Set(try prometheus.alerts()).isSuperset(of: wanted)
    }
    // On a busy machine a rule may lack its facts for a moment, which is no alert before its time.
    let selected = try prometheus.alerts().filter {
      $0.hasPrefix("Taskmon") && $0 != "TaskmonRuleCannotJudge warning"
    }
    let page = try serving.get("/metrics").body
    #expect(Set(selected).subtracting(wanted) == [], "\(page)")

    let expressions = try Self.expressions().filter { expression in
      !Self.absent.contains { expression.contains($0) }
    }
    #expect(expressions.count > 30)
    for expression in expressions {
      try await eventually(within: 90, expression) { try prometheus.knows(expression) }
    }
    try await broker.stop()
  }

  /// Of the dashboard, with Grafana's variables filled in.
  private static func expressions() throws -> [String] {
    struct Dashboard: Decodable {
      let panels: [Panel]
      struct Panel: Decodable { let targets: [Target]? }
      struct Target: Decodable { let expr: String }
    }
    let file = URL(filePath: Fixture.folder + "/../../dashboards/overview.json")
    return try JSONDecoder().decode(Dashboard.self, from: Data(contentsOf: file)).panels
      .flatMap { $0.targets ?? [] }.map {
        $0.expr.replacing("$__rate_interval", with: "1m").replacing("$instance", with: ".*")
      }
  }
}

/// What Prometheus' API wraps every answer in.
private struct Answer<Value: Decodable>: Decodable { let data: Value }

/// A Prometheus that scrapes one taskmon each second and judges the shipped alerts.
private final class Prometheus: Sendable {
  private let port: UInt16
  private let process: Subprocess

  init(scraping taskmon: UInt16, in folder: TemporaryFolder) throws {
    port = try freePort()
    let rules = Fixture.folder + "/../../dashboards/taskmon-alerts.yaml"
    let config = try folder.write(
      "prometheus.yml",
      """
      global: { scrape_interval: 1s, evaluation_interval: 1s }
      rule_files: ["\(rules)"]
      scrape_configs:
        - job_name: celery
          static_configs: [{ targets: ["127.0.0.1:\(taskmon)"] }]
      """)
    process = try Subprocess(
      "prometheus",
      [
        "--config.file=\(config)", "--storage.tsdb.path=\(folder.path("prometheus"))",
        "--web.listen-address=127.0.0.1:\(port)",
      ])
  }

  deinit { process.kill() }

  /// `TaskmonStuckTask critical`: those whose expression holds, whether their time has come or not.
  func alerts() throws -> [String] {
    struct Alerts: Decodable {
      let alerts: [Alert]
      struct Alert: Decodable { let labels: [String: String] }
    }
    return try answer("alerts", as: Alerts.self)?.alerts.map {
      "\($0.labels["alertname"] ?? "") \($0.labels["severity"] ?? "")"
    } ?? []
  }

  /// Whether the expression gives anything now.
  func knows(_ expression: String) throws -> Bool {
    struct Result: Decodable { let result: [JSON] }
    let query = expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    return try answer("query?query=\(query)", as: Result.self)?.result.isEmpty == false
  }

  /// Nil while it has not begun to listen.
  private func answer<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value? {
    guard let reply = try? HTTPClient(port: port).get("/api/v1/\(path)"), reply.status != 503 else {
      guard process.isRunning else {
        throw SupportError("prometheus ended: \(process.errorsSoFar)")
      }
      return nil
    }
    guard reply.status == 200 else { throw SupportError("\(path): \(reply.body)") }
    return try JSONDecoder().decode(Answer<Value>.self, from: Data(reply.body.utf8)).data
  }
}
