package import TaskmonExposition
import TaskmonHealth
import TaskmonUnits

extension AlertFile {
  /// What a scrape adds to every series.
  private static let scraped = [Label("job", "celery"), Label("instance", "127.0.0.1:9808")]

  /// Every alert fires on what it is for, not before its time, and stays quiet on its neighbours.
  package static func tests(
    _ groups: [AlertGroup] = AlertRegistry.groups, runbook: String
  ) -> String {
    let cases = groups.flatMap { group in
      group.isProvedTogether ? together(group, runbook) : apart(group, runbook)
    }
    return "# Written by `make dashboards`: change the code, not this file.\n#\n"
      + "# Run it here: promtool test rules \(testName)\n"
      + YAML.text(
        .object([
          .init("rule_files", .strings([name])),
          .init("evaluation_interval", .string("1m")),
          .init("tests", .array(cases)),
        ]))
  }

  private static func apart(_ group: AlertGroup, _ runbook: String) -> [OrderedJSON] {
    group.alerts.flatMap { alert in
      alert.proofs.map { test("\(alert.name): \($0.title)", [(alert, $0)], runbook) }
    }
  }

  /// Proofs of one title in one test, in which each alert must pick its own among all others.
  private static func together(_ group: AlertGroup, _ runbook: String) -> [OrderedJSON] {
    var titles: [String] = []
    var proofs: [String: [(Alert, AlertProof)]] = [:]
    for alert in group.alerts {
      for proof in alert.proofs {
        if proofs[proof.title] == nil { titles.append(proof.title) }
        proofs[proof.title, default: []].append((alert, proof))
      }
    }
    return titles.map { test("\(group.name): \($0)", proofs[$0] ?? [], runbook) }
  }

  private static func test(
    _ name: String, _ proofs: [(alert: Alert, proof: AlertProof)], _ runbook: String
  ) -> OrderedJSON {
    let ends = proofs.map { lead(of: $0.proof) + $0.alert.wait + .minutes(2) }
    let minutes = Int((ends.max() ?? .zero) / .minutes(1)) + 1
    var known: Set<String> = []
    let all = proofs.flatMap(\.proof.series).filter { known.insert($0.selector).inserted }
    return .object([
      .init("name", .string(name)),
      .init("interval", .string("1m")),
      .init("input_series", .array(all.map { series($0, minutes) })),
      .init(
        "alert_rule_test",
        .array(zip(proofs, ends).flatMap { moments($0.alert, $0.proof, end: $1, runbook) })),
    ])
  }

  /// Not a minute too early, where that can be told, and then for certain.
  private static func moments(
    _ alert: Alert, _ proof: AlertProof, end: Seconds, _ runbook: String
  ) -> [OrderedJSON] {
    let wanted = proof.labels.map { [told(alert, proof, $0, runbook)] } ?? []
    let isSteady = lead(of: proof) == .zero
    let before =
      proof.labels != nil && isSteady
      ? [moment(alert, at: alert.wait - .minutes(1), [])] : []
    return before + [moment(alert, at: end, wanted)]
  }

  private static let changesAfter = Seconds.minutes(10)

  /// How long the series need until the expression can hold.
  private static func lead(of proof: AlertProof) -> Seconds {
    proof.series.map { series -> Seconds in
      switch series.course {
      case .constant: .zero
      case .rising: .minutes(40)
      case .changing: changesAfter
      }
    }.max() ?? .zero
  }

  private static func moment(_ alert: Alert, at time: Seconds, _ told: [OrderedJSON]) -> OrderedJSON
  {
    .object([
      .init("eval_time", .string("\(Int(time / .minutes(1)))m")),
      .init("alertname", .string(alert.name)),
      .init("exp_alerts", .array(told)),
    ])
  }

  private static func told(
    _ alert: Alert, _ proof: AlertProof, _ found: [Label], _ runbook: String
  ) -> OrderedJSON {
    // What is absent was scraped from nowhere.
    let labels = found + (alert.expression.hasPrefix("absent(") ? [] : scraped)
    return .object([
      .init("exp_labels", members(labels + AlertFile.labels(of: alert))),
      .init(
        "exp_annotations",
        annotations(of: alert, runbook) { $0.text(labels: labels, value: proof.value) }),
    ])
  }

  private static func series(_ series: ProofSeries, _ minutes: Int) -> OrderedJSON {
    .object([
      .init("series", .string(selector(series.selector))),
      .init("values", .string(values(series.course, minutes))),
    ])
  }

  /// The series with the labels that a scrape adds.
  package static func selector(_ text: String) -> String {
    let added = scraped.map { "\($0.name)=\"\($0.value)\"" }.joined(separator: ",")
    guard let brace = text.firstIndex(of: "{") else { return "\(text){\(added)}" }
    return "\(text[..<brace]){\(added),\(text[text.index(after: brace)...])"
  }

  private static func values(_ course: ProofSeries.Course, _ minutes: Int) -> String {
    let before = Int(changesAfter / .minutes(1)) - 1
    return switch course {
    case .constant(let value): "\(number(value))+0x\(minutes)"
    case .rising(let first, let step):
      "\(number(first))\(step < 0 ? "-" : "+")\(number(abs(step)))x\(minutes)"
    case .changing(let first, nil): "\(number(first))+0x\(before) stale"
    case .changing(let first, let second?):
      "\(number(first))+0x\(before) \(number(second))+0x\(minutes)"
    }
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
  }
}
