package import TaskmonExposition
package import TaskmonHealth
import TaskmonUnits

/// What somebody reads who was woken: what it is, how to see it, what to do, and then why.
package enum Runbook {
  package static let name = "runbook.md"

  package static func text(
    rules: [any Rule.Type] = RuleRegistry.all, groups: [AlertGroup] = AlertRegistry.groups
  ) -> String {
    let alerts = groups.flatMap(\.alerts)
    var lines = RunbookIntroduction.lines + ["", "## All alerts", ""] + index(alerts)
    for alert in alerts where alert.rule == nil { lines += [""] + section(alert) }
    for rule in rules { lines += [""] + section(rule, alerts.filter { $0.rule == rule.id }) }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func index(_ alerts: [Alert]) -> [String] {
    var names: [String] = []
    for alert in alerts where !names.contains(alert.name) { names.append(alert.name) }
    return Markdown.table(
      ["alert", "tells", "what is wrong"],
      names.compactMap { name in
        let same = alerts.filter { $0.name == name }
        guard let first = same.first else { return nil }
        return ["[\(name)](#\(first.anchor))", waits(same), sentence(first)]
      })
  }

  /// `critical after 1m, warning after 5m`.
  private static func waits(_ alerts: [Alert]) -> String {
    alerts.map { "\($0.severity.rawValue) after \($0.wait.compact)" }.joined(separator: ", ")
  }

  private static func sentence(_ alert: Alert) -> String {
    alert.rule.flatMap(RuleRegistry.rule)?.page.summary
      ?? alert.description.parts.compactMap { part in
        if case .text(let text) = part { text } else { nil }
      }.joined()
  }
}

extension Runbook {
  /// An alert that no rule stands behind.
  private static func section(_ alert: Alert) -> [String] {
    ["## \(alert.name)", ""] + Markdown.prose(sentence(alert))
      + ["", "Alert: `\(alert.name)`, \(waits([alert])).", "", "**What to do**", ""]
      + Markdown.prose(alert.advice) + ["", "**In Prometheus**", ""]
      + Markdown.code(alert.expression, "promql")
  }

  private static func section(_ rule: any Rule.Type, _ alerts: [Alert]) -> [String] {
    let page = rule.page
    var lines = ["## \(rule.id)", ""] + Markdown.prose(page.summary) + [""]
    lines += Markdown.prose(told(rule, alerts))
    let parts = [
      ("See it", page.confirm), ("What to do", page.remedy), ("Why it hurts", page.whyItHurts),
      ("How it is detected", page.detection), ("What cannot be seen", page.blindSpots),
      ("How to see one", RuleCatalogue.demonstration(of: rule.id)),
      ("How to silence it", Silence.instruction(for: rule.id)),
    ]
    for (title, text) in parts { lines += ["", "**\(title)**", ""] + Markdown.prose(text) }
    lines += ["", "**In Prometheus**", ""] + Markdown.code(queries(rule), "promql")
    return lines + thresholds(rule)
  }

  private static func told(_ rule: any Rule.Type, _ alerts: [Alert]) -> String {
    let title = RuleCatalogue.title(of: rule)
    let kind = title.prefix(1).uppercased() + title.dropFirst() + "."
    let alert =
      alerts.first.map { "Alert: `\($0.name)`, \(waits(alerts))." }
      ?? "No alert: it is shown on the dashboard and in `taskmon check`, and nobody is told."
    return "\(kind) \(alert)"
  }

  private static func queries(_ rule: any Rule.Type) -> String {
    """
    # the subjects, and whether the rule can judge at all
    taskmon_finding{rule="\(rule.id)"}
    taskmon_rule_status{rule="\(rule.id)"} == 1
    """
  }

  private static func thresholds(_ rule: any Rule.Type) -> [String] {
    guard let first = rule.thresholds.first else { return [] }
    let rows = rule.thresholds.map {
      ["`\($0.name)`", $0.text(of: $0.defaultValue), $0.help]
    }
    let example = "--set \(rule.id).\(first.name)=\(first.text(of: first.defaultValue))"
    return ["", "**Thresholds** (`\(example.replacing(" KiB", with: "KiB"))`)", ""]
      + Markdown.table(["name", "default", "what it says"], rows)
  }
}
