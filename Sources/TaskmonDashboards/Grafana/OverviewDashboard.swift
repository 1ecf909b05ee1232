/// One screen for the question whether Celery is well: mistakes first, then what they are made of.
package enum OverviewDashboard {
  package static let fileName = "overview.json"

  package static let dashboard = Dashboard(
    uid: "taskmon-overview", title: "Celery, as taskmon sees it",
    rows: [now, findings, queues, workers, tasks, beat, results, broker, itself])

  /// The series of the chosen taskmons.
  static func chosen(_ metric: String, _ matchers: String = "") -> String {
    "\(metric){instance=~\"$instance\"\(matchers.isEmpty ? "" : "," + matchers)}"
  }

  /// How fast a counter of theirs grows, summed by these labels.
  static func pace(_ metric: String, by labels: String = "", _ matchers: String = "") -> String {
    let sum = labels.isEmpty ? "sum" : "sum by (\(labels))"
    return "\(sum) (rate(\(chosen(metric, matchers))[$__rate_interval]))"
  }

  static let severities = ["critical": "red", "warning": "orange", "info": "blue"]

  private static let now = PanelRow(
    title: "Now",
    panels: [
      number(
        "Critical", [.good(), .from(1, "red")], "Mistakes that stop work, by subject.",
        "sum(\(chosen("taskmon_findings", #"severity="critical""#)))"),
      number(
        "Warnings", [.good(), .from(1, "orange")], "Mistakes that will.",
        "sum(\(chosen("taskmon_findings", #"severity="warning""#)))"),
      number(
        "Rules that cannot judge", [.good("blue"), .from(10, "orange")],
        "Of these nothing is known, neither good nor bad; the table says which.",
        "sum(\(chosen("taskmon_rule_status", #"status="unknown""#)))"),
      number(
        "Redis answers", [.good("red"), .from(1, "green")],
        "How many of the chosen brokers do.", "sum(\(chosen("taskmon_up")))"),
      number(
        "Workers alive", [.good("red"), .from(1, "green")], "Workers whose heartbeats are heard.",
        "sum(\(chosen("celery_worker_alive")))"),
      number(
        "Messages waiting", [.good("blue")], "Ready to be taken, over all queues.",
        "sum(\(chosen("celery_queue_length")))"),
      number(
        "Running", [.good("blue")], "Tasks running now.",
        "sum(\(chosen("celery_task_running")))"),
      number(
        "Unacknowledged", [.good("blue")], "Messages that workers hold.",
        "sum(\(chosen("celery_unacked_messages")))"),
    ])

  private static func number(
    _ title: String, _ steps: [Panel.Step], _ description: String, _ expression: String
  ) -> Panel {
    Panel(
      title, .numbers(steps: steps), width: 3, height: 4, description, [Panel.Query(expression)])
  }

  private static let findings = PanelRow(
    title: "Findings",
    panels: [
      Panel(
        "Mistakes being made",
        .table(columns: [
          Panel.Column("severity", "Severity", width: 90, colours: severities),
          Panel.Column("rule", "Rule", width: 240), Panel.Column("subject", "Subject"),
          Panel.Column("antipattern", "No.", width: 60),
          Panel.Column("instance", "taskmon", width: 170),
        ]), width: 15, height: 10,
        "What is wrong, with what; `taskmon explain RULE` and the runbook say what to do.",
        [Panel.Query("sort_desc(\(chosen("taskmon_finding")))")]),
      Panel(
        "Every rule",
        .table(columns: [
          Panel.Column(
            "status", "Status", width: 90,
            colours: ["findings": "red", "healthy": "green", "unknown": "blue"]),
          Panel.Column("rule", "Rule"), Panel.Column("instance", "taskmon", width: 170),
        ]), width: 9, height: 10,
        "Unknown is not healthy: `taskmon check` says what is missing.",
        [Panel.Query("\(chosen("taskmon_rule_status")) == 1")]),
      Panel(
        "Findings over time", .curves(isStacked: true), width: 24, height: 6,
        "When mistakes came and went.",
        [
          Panel.Query(
            "sum by (rule, severity) (\(chosen("taskmon_findings"))) > 0",
            "{{severity}} {{rule}}"),
          Panel.Query(
            "sum by (rule) (\(chosen("taskmon_findings_silenced"))) > 0", "silenced {{rule}}"),
        ]),
    ])
}
