import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// The registered tasks and what holds for each: the worst first.
package enum AuditView: ConsoleView {
  package static let id = ViewID.audit
  package static let summary = "what holds for each registered task, the worst first"
  package static let enterHint = "who says so"

  struct Row: Sendable {
    var task: TaskAudit
    var visibility: Seconds
  }

  static let columns: [Column<Row>] = [
    Column("TASK", .fit(12, 44), help: "name") { TableCell($0.task.name) },
    Column("VERDICT", .fixed(14), help: "the worst that its options make possible") { row in
      verdict(row.task)
    },
    Column("ACK LATE", .fixed(8), priority: 3, help: "acknowledged when it has run: acks_late") {
      cell($0.task, .acksLate)
    },
    Column(
      "REQUEUE", .fixed(7), priority: 5,
      help: "back into its queue when its process is killed: reject_on_worker_lost"
    ) { cell($0.task, .requeues) },
    Column("RETRIES", .fixed(8), priority: 2, help: "by itself, at most: autoretry_for") {
      cell($0.task, .retries)
    },
    Column("SOFT", .fixed(7), .right, priority: 4, unit: .seconds, help: "soft time limit") {
      cell($0.task, .softLimit)
    },
    Column("HARD", .fixed(7), .right, priority: 1, unit: .seconds, help: "hard time limit") {
      cell($0.task, .hardLimit)
    },
    Column("RESULT", .fixed(10), .right, priority: 6, help: "how long its result is kept") {
      cell($0.task, .result)
    },
    Column("RATE", .fixed(8), .right, priority: 8, help: "rate limit of each worker") {
      cell($0.task, .rate)
    },
    Column("RUNS", .fit(5, 12), .right, priority: 7, help: "since the workers started") { row in
      row.task.runs.map { TableCell($0.grouped, number: Double($0)) } ?? .unknown
    },
    Column("WORKERS", .fixed(7), .right, priority: 9, help: "that have registered it") { row in
      let count = Set(row.task.variants.flatMap(\.workers)).count
      return TableCell(count.grouped, number: Double(count))
    },
  ]

  package static var heads: [ColumnHead] { columns.map(\.head) }

  package static func table(_ context: ViewContext) -> Table {
    let audit = Audit(context.history, context.snapshot)
    let rows = audit.tasks.map { Row(task: $0, visibility: audit.visibilityTimeout) }
    return Table(
      columns, rows, lead: lead(audit), id: \.task.name,
      note: { row in
        row.task.verdict.map { "\(row.task.name): \($0.sentence(row.visibility))" }
      }, subject: \.task.name)
  }

  package static func page(_ row: String, _ context: ViewContext) -> Page? {
    let audit = Audit(context.history, context.snapshot, of: row)
    return audit.tasks.first.map { AuditPage.page($0, audit, context) }
  }

  private static func lead(_ audit: Audit) -> [StyledLine] {
    if let gap = audit.gap {
      return [StyledLine(" ? What is registered is not known: \(gap)", .unknown)]
    }
    if let (name, reason) = audit.silent.min(by: { $0.key < $1.key }) {
      let others = audit.silent.count > 1 ? " and \(audit.silent.count - 1) more" : ""
      return [
        StyledLine(" The tasks of \(name)\(others) are not in this: \(reason)", .unknown)
      ]
    }
    return audit.tasks.isEmpty
      ? [StyledLine(" No worker has a task registered but Celery's own.", .dim)] : []
  }

  private static func verdict(_ task: TaskAudit) -> TableCell {
    guard let fault = task.verdict else {
      return TableCell(TaskAudit.Fault.fine, .good, sort: .number(99))
    }
    if fault == .unknown { return .unknown }
    return TableCell(fault.word, fault.role, sort: .number(Double(fault.rawValue)))
  }

  /// One value, or both where two kinds of workers differ.
  static func cell(_ task: TaskAudit, _ option: PolicyOption) -> TableCell {
    var values: [PolicyOption.Told] = []
    for variant in task.variants {
      guard case .value(let told) = option.told(variant.policy) else { return .unknown }
      if !values.contains(where: { $0.short == told.short }) { values.append(told) }
    }
    guard let first = values.first else { return .unknown }
    guard values.count == 1 else {
      let both = values.map(\.short).joined(separator: "|")
      return TableCell(values.count == 2 && both.count <= 8 ? both : "differs", .warning)
    }
    let role: Role = first.isBare ? .dim : .text
    guard let amount = first.amount else { return TableCell(first.short, role) }
    return amount.isFinite
      ? TableCell(first.short, role, number: amount)
      : TableCell(first.short, role, sort: .number(amount))
  }
}
