import TaskmonModel
import TaskmonUnits

/// The tasks running now: those past their limit first, then the longest.
package enum RunningView: ConsoleView {
  package static let id = ViewID.running
  package static let summary = "what runs now, past its limit first, then the longest"
  package static let enterHint = "details"

  struct Row: Sendable {
    var run: RunningTask
    var length: Seconds
    var since: String

    /// How much of its limit is gone, 1 for all of it; nil where it has none, or none is known.
    var share: Double? {
      run.limits.effective.map { $0 > .zero ? length / $0 : .infinity }
    }
  }

  static let columns: [Column<Row>] = [
    Column("TASK", .fit(10, 40), help: "name") { row in
      row.run.task.map { TableCell($0) } ?? .unknown
    },
    Column(
      "FOR", .fixed(7), .right, unit: .seconds,
      help: "how long it runs; ~ where its end may have gone unheard"
    ) { row in
      let text = (row.run.confirmedAt == nil ? "~" : "") + TaskText.duration(row.length)
      return TableCell(text, number: row.length.value)
    },
    Column(
      "LIMIT", .fixed(7), .right, priority: 2, unit: .seconds, help: "hard, else soft time limit"
    ) { row in
      limit(row.run.limits)
    },
    Column("OF LIMIT", .fixed(14), priority: 1, help: "percent of its limit that is gone") { row in
      share(row)
    },
    Column("WORKER", .fit(10, 30), priority: 3, help: "node name") { row in
      TableCell(row.run.worker.name)
    },
    Column("ID", .fit(8, 36), priority: 4, help: "task id") { TableCell($0.run.id) },
    Column("SINCE", .fit(8, 11), .right, priority: 5, help: "by the worker's clock") { row in
      TableCell(row.since, moment: row.run.startedAt)
    },
    Column(
      "ACKED", .fixed(5), priority: 6, help: "yes: already acknowledged, lost if the worker dies"
    ) { row in
      row.run.acknowledged.map { TableCell($0 ? "yes" : "no") } ?? .unknown
    },
    Column("RETRIES", .fixed(7), .right, priority: 7, help: "attempts before this one") { row in
      row.run.retries.map { TableCell("\($0)", $0 == 0 ? .dim : .text, number: Double($0)) }
        ?? .unknown
    },
    Column(
      "USUAL", .fixed(7), .right, priority: 8, unit: .seconds, help: "99 of 100 ran no longer"
    ) { row in
      row.run.usual.map { TableCell(TaskText.duration($0.p99), number: $0.p99.value) } ?? .unknown
    },
    Column("CHILD", .fit(5, 8), .right, priority: 11, help: "pid of the process it runs in") {
      row in
      row.run.childPID.map { TableCell("\($0)", .dim, number: Double($0)) } ?? .unknown
    },
    Column("QUEUE", .fit(6, 20), priority: 10, help: "where it came from") { row in
      row.run.queue.map { TableCell($0) } ?? .unknown
    },
    Column("ARGUMENTS", .fill(10), priority: 9, help: "as the worker prints them") { row in
      row.run.arguments.map { TableCell($0) } ?? .unknown
    },
  ]

  package static var heads: [ColumnHead] { columns.map(\.head) }

  package static func table(_ context: ViewContext) -> Table {
    switch context.snapshot.running {
    case .unavailable(let reason):
      return Table(
        columns, [Row](), lead: [StyledLine(" ? What runs is not known: \(reason)", .unknown)],
        id: \.run.id)
    case .value(let running):
      return Table(
        columns, rows(running, context), lead: lead(running, context), id: { rowID($0.run) },
        note: note, subject: \.run.id)
    }
  }

  package static func page(_ row: String, _ context: ViewContext) -> Page? {
    context.snapshot.running.value?.first { rowID($0) == row }.map { RunPage.page($0, context) }
  }

  /// A task handed out twice runs twice under one id.
  private static func rowID(_ run: RunningTask) -> String { "\(run.id) \(run.worker.name)" }

  private static func rows(_ running: [RunningTask], _ context: ViewContext) -> [Row] {
    let rows = running.map { run in
      Row(
        run: run, length: context.age(run.startedAt),
        since: context.moments.near(run.startedAt, now: context.now))
    }
    return rows.sorted { left, right in
      let (first, second) = ((left.share ?? 0) >= 1, (right.share ?? 0) >= 1)
      if first != second { return first }
      if left.length != right.length { return left.length > right.length }
      return left.run.id < right.run.id
    }
  }

  private static func lead(_ running: [RunningTask], _ context: ViewContext) -> [StyledLine] {
    if running.isEmpty {
      let isKnown = TasksView.quiet(context).isEmpty && UntoldRuns(context).isEmpty
      let known = isKnown ? "" : " as far as is known"
      return [StyledLine(" No task runs\(known).", .dim)]
    }
    if let reason = context.snapshot.inspection.suspended {
      return [StyledLine(" Workers are not asked, so some may be missing: \(reason)", .warning)]
    }
    return []
  }

  /// What its columns may have cut.
  private static func note(_ row: Row) -> String? {
    let arguments = row.run.arguments.map { "  \($0)" } ?? ""
    return "\(row.run.id)\(arguments)"
  }

  private static func limit(_ limits: TaskLimits) -> TableCell {
    guard let limit = limits.effective else {
      return limits.isKnown ? TableCell("none", .dim, sort: .number(.infinity)) : .unknown
    }
    return TableCell(limit.compact, number: limit.value)
  }

  private static let barCells = 8

  /// `██████·· 63%`.
  private static func share(_ row: Row) -> TableCell {
    guard let share = row.share else { return row.run.limits.isKnown ? .none : .unknown }
    let filled = Int((min(max(0, share), 1) * Double(barCells)).rounded(.down))
    let bar =
      String(repeating: "█", count: filled)
      + String(repeating: "·", count: barCells - filled)
    let role: Role = share >= 1 ? .critical : share >= 0.8 ? .warning : .info
    return TableCell("\(bar) \(TaskText.percent(share))", role, number: share * 100)
  }
}

extension TaskLimits {
  /// The hard limit, which ends a run; else the soft one.
  var effective: Seconds? { hard ?? soft }
}

extension RunningTask {
  var arguments: String? { TaskText.arguments(argumentsText, keywordArgumentsText) }
}
