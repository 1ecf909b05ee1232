package import TaskmonHealth
import TaskmonUnits

/// What is wrong: a finding per row, worst first, and below them what could not be judged.
package enum HealthView: ConsoleView {
  package static let id = ViewID.health
  package static let summary = "what is wrong, worst first, and what could not be judged"
  package static let enterHint = "explain"

  enum Row: Sendable {
    case finding(Finding, age: Seconds)
    case unknown(UnknownRule)

    var rule: RuleID {
      switch self {
      case .finding(let finding, _): finding.rule
      case .unknown(let rule): rule.rule
      }
    }

    var id: String {
      switch self {
      case .finding(let finding, _): "\(finding.rule) \(finding.subject)"
      case .unknown(let rule): "\(rule.rule)"
      }
    }

    var subject: String {
      switch self {
      case .finding(let finding, _): finding.subject
      case .unknown(let rule): rule.rule.rawValue
      }
    }

    /// The row's own words, for where its column is too narrow.
    var sentence: String {
      switch self {
      case .finding(let finding, _): "\(finding.subject): \(finding.message)"
      case .unknown(let rule): "\(rule.rule) needs: \(rule.missing)"
      }
    }

    var group: Int {
      switch self {
      case .finding(let finding, _):
        finding.endedAt != nil ? 2 : finding.silence != nil ? 1 : 0
      case .unknown: 3
      }
    }
  }

  static let columns: [Column<Row>] = [
    Column("SEVERITY", .fixed(8), help: "critical, warning, info, silenced, ended or unknown") {
      row in
      severity(row)
    },
    Column("RULE", .fit(12, 26), help: "the mistake by name") { row in
      TableCell(row.rule.rawValue, row.group == 0 ? .text : .dim)
    },
    Column("SUBJECT", .fit(8, 32), help: "queue, worker, task or schedule entry") { row in
      guard case .finding(let finding, _) = row else { return .none }
      return TableCell(finding.subject, row.group == 0 ? .text : .dim)
    },
    Column("SINCE", .fixed(6), .right, priority: 1, unit: .seconds, help: "for how long") { row in
      guard case .finding(_, let age) = row else { return .none }
      return TableCell(age.compact, row.group == 0 ? .text : .dim, number: age.value)
    },
    Column("WHAT", .fill(16), help: "the finding in one sentence; what is missing") { row in
      switch row {
      case .finding(let finding, _):
        TableCell(finding.message, row.group == 0 ? .text : .dim)
      case .unknown(let rule):
        TableCell(rule.missing, .unknown)
      }
    },
  ]

  package static var heads: [ColumnHead] { columns.map(\.head) }

  package static func table(_ context: ViewContext) -> Table {
    let findings = context.report.findings.map { finding in
      Row.finding(finding, age: context.age(finding.since))
    }
    return Table(
      columns, findings + context.report.unknown.map { Row.unknown($0) },
      lead: [verdict(context.report)], notesRepeatCells: true, id: \.id, group: \.group,
      note: \.sentence, subject: \.subject)
  }

  /// One sentence on the whole: what was found, what is well, what could not be judged.
  package static func verdict(_ report: HealthReport) -> StyledLine {
    let judged = report.healthy.count + Set(report.holding.map(\.rule)).count
    var line = StyledLine()
    if !report.present.isEmpty {
      let count = report.present.count
      line.append(" \(count) \(count == 1 ? "finding" : "findings")", .text, bold: true)
      line.append(
        ", \(plural(report.healthy.count, "other rule")) healthy", .dim)
    } else if judged > 0 {
      line.append(" Nothing found: ", .good, bold: true)
      line.append("\(plural(judged, "rule")) judged, all healthy", .good)
    } else {
      line.append(" No rule could judge; each says below what is missing", .unknown, bold: true)
    }
    if !report.silenced.isEmpty {
      line.append(", \(report.silenced.count) silenced", .dim)
    }
    if judged > 0 && !report.unknown.isEmpty {
      line.append(", \(report.unknown.count) could not be judged", .unknown)
    }
    return line
  }

  package static func page(_ row: String, _ context: ViewContext) -> Page? {
    if let finding = context.report.findings.first(where: {
      Row.finding($0, age: .zero).id == row
    }) {
      return FindingPage.page(finding, context)
    }
    return context.report.unknown.first { $0.rule.rawValue == row }.map {
      FindingPage.page($0, context)
    }
  }

  private static func severity(_ row: Row) -> TableCell {
    guard case .finding(let finding, _) = row else {
      return TableCell("unknown", .unknown, sort: .number(5))
    }
    guard finding.endedAt == nil else { return TableCell("ended", .dim, sort: .number(4)) }
    guard finding.silence == nil else { return TableCell("silenced", .dim, sort: .number(3)) }
    return switch finding.severity {
    case .critical: TableCell("CRITICAL", .critical, sort: .number(0))
    case .warning: TableCell("WARNING", .warning, sort: .number(1))
    case .info: TableCell("info", .info, sort: .number(2))
    }
  }

  private static func plural(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }
}
