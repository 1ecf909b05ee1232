import TaskmonUnits

/// What `taskmon rules` and `taskmon explain` print.
package enum RuleCatalogue {
  package enum Format: String, Sendable, CaseIterable {
    case table, json
  }

  /// Every rule with its thresholds in force and where they come from; ends with a line feed.
  package static func text(
    _ format: Format, rules: [any Rule.Type] = RuleRegistry.all,
    thresholds: ThresholdOverrides = ThresholdOverrides()
  ) -> String {
    switch format {
    case .table: table(rules, thresholds)
    case .json: OrderedJSON.array(rules.map { json($0, thresholds) }).text(.pretty) + "\n"
    }
  }

  /// The table of a README: a row per rule, in Markdown; ends with a line feed.
  package static func markdown(rules: [any Rule.Type] = RuleRegistry.all) -> String {
    let rows = rules.map { rule in
      let thresholds = rule.thresholds.map { "`\($0.name)` \($0.text(of: $0.defaultValue))" }
      let cells = [
        "`\(rule.id)`", rule.antipattern.label, rule.kind.rawValue,
        rule.needs.map(\.text).joined(separator: ", "), thresholds.joined(separator: ", "),
        rule.page.summary,
      ]
      return "| \(cells.joined(separator: " | ")) |"
    }
    let head = [
      "| rule | no. | kind | needs | thresholds | what is wrong |", "|---|---|---|---|---|---|",
    ]
    return (head + rows).joined(separator: "\n") + "\n"
  }

  /// The whole page of one rule, wrapped to a width of at least 40 columns; ends with a line feed.
  package static func page(
    _ rule: any Rule.Type, thresholds: ThresholdOverrides = ThresholdOverrides(), width: Int = 80
  ) -> String {
    let width = max(40, width)
    let page = rule.page
    var lines = ["\(rule.id) - \(title(of: rule))", ""]
    lines += TextWrap.lines(page.summary, width: width)
    let sections = [
      ("Why it hurts", page.whyItHurts), ("How it is detected", page.detection),
      ("What cannot be seen", page.blindSpots), ("How to confirm it", page.confirm),
      ("How to see one", demonstration(of: rule.id)),
      ("What to do", page.remedy), ("How to silence it", Silence.instruction(for: rule.id)),
    ]
    for (heading, text) in sections {
      lines += ["", heading, ""] + TextWrap.lines(text, width: width, indent: 2)
    }
    lines += ["", "Judged by", ""]
    lines += TextWrap.lines(needs(of: rule), width: width, indent: 2)
    let slots = slots(of: rule, thresholds)
    if !slots.isEmpty { lines += ["", "Thresholds", ""] }
    for slot in slots {
      lines.append("  \(slot.name) = \(slot.text) (\(slot.origin.rawValue))")
      lines += TextWrap.lines(slot.help, width: width, indent: 6)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// How to see what a rule names without having it, in the words of its page.
  package static func demonstration(of rule: RuleID) -> String {
    """
    On a Redis of its own with a simulated fleet, both gone at the end:

        taskmon demo \(rule)
    """
  }

  /// The sentence for a rule name that does not exist.
  package static func unknownRule(
    _ name: String, rules: [any Rule.Type] = RuleRegistry.all
  ) -> String {
    ThresholdError.unknownRule(
      name, nearest: NearestName.of(name, among: rules.map { $0.id.rawValue })
    ).sentence
  }

  /// `antipattern 7, no time limits; something is happening`.
  package static func title(of rule: any Rule.Type) -> String {
    let kind = rule.kind == .incident ? "something is happening" : "a setting or habit"
    return switch rule.antipattern {
    case .antipattern(let number): "antipattern \(number), \(rule.antipattern.title); \(kind)"
    case .goldenRule(let number): "golden rule \(number), \(rule.antipattern.title); \(kind)"
    case .incident: kind
    }
  }

  private static func needs(of rule: any Rule.Type) -> String {
    "Needs: " + rule.needs.map(\.text).joined(separator: ", ") + "."
  }
}

/// One line of `taskmon rules`: a threshold for all subjects or for one.
private struct ThresholdSlot {
  /// `hard-margin`, or `[billing.sync].hard-margin`.
  var name: String
  var subject: String?
  var threshold: Threshold
  var value: Double
  var origin: ThresholdOverrides.Origin

  var text: String { threshold.text(of: value) }
  var help: String { threshold.help }
}

extension RuleCatalogue {
  private static func slots(
    of rule: any Rule.Type, _ overrides: ThresholdOverrides
  ) -> [ThresholdSlot] {
    let values = overrides.values(for: rule)
    var slots = rule.thresholds.map { threshold in
      ThresholdSlot(
        name: threshold.name, subject: nil, threshold: threshold,
        value: values.number(threshold.name),
        origin: overrides.origin(of: threshold.name, rule: rule.id))
    }
    for subject in overrides.subjects(of: rule.id) {
      for threshold in rule.thresholds
      where overrides.isSet(threshold.name, rule: rule.id, subject: subject) {
        slots.append(
          ThresholdSlot(
            name: "[\(subject)].\(threshold.name)", subject: subject, threshold: threshold,
            value: values.number(threshold.name, for: subject),
            origin: overrides.origin(of: threshold.name, rule: rule.id, subject: subject)))
      }
    }
    return slots
  }

  private static func table(
    _ rules: [any Rule.Type], _ overrides: ThresholdOverrides
  ) -> String {
    var rows = [["RULE", "NO", "KIND", "NEEDS", "THRESHOLD", "VALUE", "FROM"]]
    for rule in rules {
      let own = [
        rule.id.rawValue, rule.antipattern.label, rule.kind.rawValue,
        rule.needs.map(\.text).joined(separator: ", "),
      ]
      let slots = slots(of: rule, overrides)
      if slots.isEmpty { rows.append(own + ["-", "-", "-"]) }
      for (index, slot) in slots.enumerated() {
        let lead = index == 0 ? own : ["", "", "", ""]
        rows.append(lead + [slot.name, slot.text, slot.origin.rawValue])
      }
    }
    return aligned(rows)
  }

  private static func aligned(_ rows: [[String]]) -> String {
    let widths = (rows.first ?? []).indices.map { column in
      rows.map { $0[column].count }.max() ?? 0
    }
    return rows.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed()) + "\n"
    }.joined()
  }

  private static func json(
    _ rule: any Rule.Type, _ overrides: ThresholdOverrides
  ) -> OrderedJSON {
    let label = rule.antipattern.label
    let antipattern: OrderedJSON =
      label.isEmpty ? .null : Int(label).map { .number(Double($0)) } ?? .string(label)
    let slots = slots(of: rule, overrides).map { slot in
      OrderedJSON.object([
        .init("name", .string(slot.threshold.name)),
        .init("subject", slot.subject.map { .string($0) } ?? .null),
        .init("value", .number(slot.value)),
        .init("unit", .string(slot.threshold.unit.rawValue)),
        .init("origin", .string(slot.origin.rawValue)),
        .init("help", .string(slot.help)),
      ])
    }
    return .object([
      .init("id", .string(rule.id.rawValue)),
      .init("antipattern", antipattern),
      .init("kind", .string(rule.kind.rawValue)),
      .init("needs", .strings(rule.needs.map(\.text))),
      .init("severities", .strings(rule.severities.map(\.rawValue))),
      .init("summary", .string(rule.page.summary)),
      .init("thresholds", .array(slots)),
    ])
  }
}
