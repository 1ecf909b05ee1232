import TaskmonHealth
import TaskmonModel
import TaskmonUnits

/// The tasks by name: how often, how long, how well.
package enum TasksView: ConsoleView {
  package static let id = ViewID.tasks
  package static let summary = "each task by name: how often, how long, how well, in ten minutes"
  package static let enterHint = "details"

  struct Row: Sendable {
    var task: TaskActivity
    /// What the rates are counts over; nil where no event told.
    var minute: CountedTime?
    /// The worst that was found of it.
    var severity: Severity?
    /// Results were looked at, so that a task without any has none.
    var knowsResults = true
  }

  static let columns: [Column<Row>] = counts + times

  private static let counts: [Column<Row>] = [
    Column("TASK", .fit(10, 44), help: "name; coloured where something was found") { row in
      TableCell(row.task.name, role(row))
    },
    Column(
      "SENT", .fixed(6), .right, priority: 8, unit: .perSecond,
      help: "published, over a minute; ? where publishers do not tell (task_send_sent_event)"
    ) { row in
      row.task.facts?.total.counts.sent == 0 ? .unknown : rate(row, \.sent)
    },
    Column(
      "DONE", .fixed(6), .right, priority: 1, unit: .perSecond,
      help: "succeeded or failed, over a minute"
    ) { row in
      rate(row, \.completed)
    },
    Column("LAST 10m", .fixed(10), priority: 10, help: "done in each of the last ten minutes") {
      row in
      guard let facts = row.task.facts else { return .unknown }
      let bars = QueueTrend.spark(facts.completedByMinute.map { Double($0) })
      return TableCell(
        bars, .info, sort: .number(Double(facts.completedByMinute.reduce(0, &+))))
    },
    Column("RUNNING", .fixed(7), .right, priority: 2, help: "right now") { row in
      row.task.isRest ? .none : count(row.task.running)
    },
    Column("FAILED", .fit(6, 9), .right, priority: 5, help: "for good, in ten minutes") { row in
      count(row.task.facts?.recent.counts.failed)
    },
    Column(
      "FAILING", .fixed(7), .right, help: "percent of those done in ten minutes that failed"
    ) { row in
      failing(row.task)
    },
    Column("RETRIED", .fit(7, 9), .right, priority: 6, help: "attempts, in ten minutes") { row in
      count(row.task.facts?.recent.counts.retried)
    },
  ]

  private static let times: [Column<Row>] = [
    Column("P50", .fixed(6), .right, priority: 11, unit: .seconds, help: "half ran no longer") {
      time($0.task, \.runtime?.p50)
    },
    Column(
      "P95", .fixed(6), .right, priority: 3, unit: .seconds, help: "95 of 100 ran no longer"
    ) {
      time($0.task, \.runtime?.p95)
    },
    Column(
      "P99", .fixed(6), .right, priority: 7, unit: .seconds, help: "99 of 100 ran no longer"
    ) {
      time($0.task, \.runtime?.p99)
    },
    Column(
      "WAIT", .fixed(6), .right, priority: 4, unit: .seconds,
      help: "95 of 100 waited no longer to begin"
    ) {
      time($0.task, \.wait?.p95)
    },
    Column(
      "RESULT", .fixed(7), .right, priority: 12, unit: .bytes, help: "stored results, on average"
    ) { row in
      guard let sizes = row.task.results, sizes.count > 0 else {
        return row.knowsResults || row.task.isRest ? .none : .unknown
      }
      let average = ByteCount(sizes.totalSize.value / Int64(sizes.count))
      return TableCell(average.compact, number: Double(average.value))
    },
    Column("RUNS", .fit(5, 12), .right, priority: 13, help: "since the workers started") { row in
      row.task.isRest ? .none : count(row.task.executed)
    },
    Column("WHY IT FAILED", .fill(13), priority: 9, help: "exceptions, in ten minutes") { row in
      guard let recent = row.task.facts?.recent else { return .unknown }
      return recent.failures.byCount().map { TableCell($0) } ?? .none
    },
  ]

  package static var heads: [ColumnHead] { columns.map(\.head) }

  package static func table(_ context: ViewContext) -> Table {
    let minute = context.snapshot.tasks.value?.minute
    let worst = severities(context.report)
    let knowsResults = (context.snapshot.results.value?.completedPasses ?? 0) > 0
    let rows = TaskActivity.all(context).map { task in
      Row(task: task, minute: minute, severity: worst[task.name], knowsResults: knowsResults)
    }
    return Table(
      columns, rows, lead: lead(context), id: { rowID($0.task) }, group: { $0.task.isRest ? 1 : 0 },
      subject: { $0.task.isRest ? nil : $0.task.name })
  }

  package static func page(_ row: String, _ context: ViewContext) -> Page? {
    TaskActivity.all(context).first { rowID($0) == row }.map {
      TaskPage.page($0, context)
    }
  }

  private static func rowID(_ task: TaskActivity) -> String {
    task.isRest ? "rest" : "task \(task.name)"
  }

  private static func severities(_ report: HealthReport) -> [String: Severity] {
    Dictionary(
      report.present.map { ($0.subject, $0.severity) }, uniquingKeysWith: { max($0, $1) })
  }

  private static func role(_ row: Row) -> Role {
    switch row.severity {
    case .critical?: .critical
    case .warning?: .warning
    case .info?, nil: row.task.isRest ? .dim : .text
    }
  }

  // MARK: Cells

  private static func rate(_ row: Row, _ count: KeyPath<TaskCounts, Int>) -> TableCell {
    guard let facts = row.task.facts,
      let perSecond = row.minute?.rate(of: facts.minute[keyPath: count])
    else { return .unknown }
    return TableCell(
      TaskText.rate(perSecond), perSecond == 0 ? .dim : .text, number: perSecond)
  }

  private static func count(_ count: Int?) -> TableCell {
    guard let count else { return .unknown }
    return TableCell(count.grouped, count == 0 ? .dim : .text, number: Double(count))
  }

  private static func failing(_ task: TaskActivity) -> TableCell {
    guard task.facts != nil else { return .unknown }
    guard let share = task.failedShare else { return .none }
    return TableCell(
      TaskText.percent(share), share == 0 ? .dim : .text, number: share * 100)
  }

  private static func time(
    _ task: TaskActivity, _ length: KeyPath<TaskFacts, Seconds?>
  ) -> TableCell {
    guard let facts = task.facts else { return .unknown }
    guard let length = facts[keyPath: length] else { return .none }
    return TableCell(TaskText.duration(length), number: length.value)
  }

  // MARK: Above the table

  private static func lead(_ context: ViewContext) -> [StyledLine] {
    switch context.snapshot.tasks {
    case .unavailable(let reason):
      return [StyledLine(" ? What tasks do is not known: \(reason)", .unknown)]
    case .value(let statistics):
      return [sum(statistics)] + quiet(context)
    }
  }

  private static func sum(_ statistics: TaskStatistics) -> StyledLine {
    let counts = statistics.recentSum
    var line = StyledLine(" \(counts.completed.grouped)", .text, bold: true)
    line.append(" done in \(statistics.recent.heard.text)")
    line.append(", \(counts.failed.grouped) failed", counts.failed == 0 ? .dim : .text)
    line.append(", \(counts.retried.grouped) retried", counts.retried == 0 ? .dim : .text)
    if counts.revoked > 0 {
      line.append(", \(counts.revoked.grouped) revoked or expired")
    }
    if counts.duplicates > 0 {
      line.append(", \(counts.duplicates.grouped) ran twice", .warning)
    }
    return line
  }

  /// Who does not tell.
  static func quiet(_ context: ViewContext) -> [StyledLine] {
    let silent = Fleet.quiet(context).count { $0.sendsTaskEvents == .value(false) }
    guard silent > 0 else { return [] }
    let who = silent == 1 ? "1 worker sends" : "\(silent) workers send"
    return [
      StyledLine(
        " ? \(who) no task events: what they do is only in RUNS; E asks them to send some",
        .unknown)
    ]
  }
}
