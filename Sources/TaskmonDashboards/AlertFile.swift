package import TaskmonExposition
import TaskmonHealth
import TaskmonUnits

/// The Prometheus rule file, and the file with which promtool proves it.
package enum AlertFile {
  package static let name = "taskmon-alerts.yaml"
  package static let testName = "taskmon-alerts-test.yaml"

  /// `runbook` is the address of the runbook, to which each alert adds its heading.
  package static func rules(
    _ groups: [AlertGroup] = AlertRegistry.groups, runbook: String
  ) -> String {
    let comment = """
      # Written by `make dashboards`: change the code, not this file.
      #
      # Load it in prometheus.yml: rule_files: [\(name)]. The runbook beside it says what each
      # alert means and what to do.

      """
    let written = groups.map { group in
      OrderedJSON.object([
        .init("name", .string(group.name)),
        .init("rules", .array(group.alerts.map { rule($0, runbook) })),
      ])
    }
    let text = YAML.text(.object([.init("groups", .array(written))]))
    return groups.reduce(comment + text) { text, group in
      text.replacing(
        "  - name: \(group.name)\n", with: "  # \(group.summary)\n  - name: \(group.name)\n")
    }
  }

  private static func rule(_ alert: Alert, _ runbook: String) -> OrderedJSON {
    .object([
      .init("alert", .string(alert.name)),
      .init("expr", .string(alert.expression)),
      .init("for", .string(alert.wait.compact)),
      .init("labels", members(labels(of: alert))),
      .init("annotations", annotations(of: alert, runbook) { $0.template }),
    ])
  }

  static func labels(of alert: Alert) -> [Label] {
    [Label("severity", alert.severity.rawValue)] + alert.labels
  }

  static func annotations(
    of alert: Alert, _ runbook: String, _ text: (AlertText) -> String
  ) -> OrderedJSON {
    .object([
      .init("summary", .string(text(alert.summary))),
      .init("description", .string(text(alert.description))),
      .init("runbook_url", .string("\(runbook)#\(alert.anchor)")),
    ])
  }

  /// An empty label is none.
  static func members(_ labels: [Label]) -> OrderedJSON {
    .object(labels.filter { !$0.value.isEmpty }.map { .init($0.name, .string($0.value)) })
  }
}
