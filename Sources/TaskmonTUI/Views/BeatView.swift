import TaskmonModel
import TaskmonUnits

/// The schedule: what is due when, who publishes it, and who holds the lock.
package enum BeatView: ConsoleView {
  package static let id = ViewID.beat
  package static let summary = "what is due when, who publishes it, who holds the lock"
  package static let enterHint = "details"

  struct Row: Sendable {
    var entry: ScheduleEntry
    var facts: EntryFacts
    var now: Timestamp
    var moments: MomentFormat
  }

  static let columns: [Column<Row>] = [
    Column("ENTRY", .fit(10, 34), help: "name in the schedule") { row in
      TableCell(row.entry.name, row.entry.isEnabled ? .text : .dim)
    },
    Column("TASK", .fill(12), priority: 5, help: "the task it sends") { row in
      TableCell(row.entry.task, row.entry.isEnabled ? .text : .dim)
    },
    Column("SCHEDULE", .fit(9, 20), priority: 2, help: "interval, or crontab fields") { row in
      row.entry.schedule == .unknown ? .unknown : TableCell(row.entry.schedule.text)
    },
    Column("LAST", .fit(8, 11), .right, priority: 1, help: "last sent, or last seen arriving") {
      row in
      row.facts.last.map {
        TableCell(row.moments.near($0, now: row.now), moment: $0)
      } ?? .unknown
    },
    Column("NEXT", .fit(8, 11), .right, priority: 4, help: "due next") { row in
      guard row.entry.isEnabled else { return TableCell("off", .dim, sort: .unknown) }
      return row.facts.due.map {
        TableCell(row.moments.near($0, now: row.now), moment: $0)
      } ?? .unknown
    },
    Column("LATE BY", .fixed(7), .right, unit: .seconds, help: "overdue for") { row in late(row) },
    Column("RUNS", .fit(5, 10), .right, priority: 6, help: "times sent, as RedBeat counts") { row in
      row.entry.runCount.map { TableCell($0.grouped, number: Double($0)) } ?? .unknown
    },
    Column("PUBLISHERS", .fixed(10), .right, priority: 3, help: "processes seen to send it") {
      row in
      let count = row.facts.publishers.count
      guard count > 0 else { return .unknown }
      return TableCell("\(count)", count > 1 ? .warning : .text, number: Double(count))
    },
  ]

  package static var heads: [ColumnHead] { columns.map(\.head) }

  package static func table(_ context: ViewContext) -> Table {
    let lead = [BeatStatus(context).line(context)]
    switch context.snapshot.beat.entries {
    case .unavailable(let reason):
      let unknown = StyledLine(" ? The schedule is not known: \(reason)", .unknown)
      return Table(columns, [Row](), lead: lead + [unknown], id: \.entry.name)
    case .value(let entries):
      let empty = StyledLine(" The schedule has no entry.", .dim)
      return Table(
        columns, entries.map { row($0, context) }, lead: entries.isEmpty ? lead + [empty] : lead,
        id: \.entry.name, subject: \.entry.name)
    }
  }

  package static func page(_ row: String, _ context: ViewContext) -> Page? {
    context.snapshot.beat.entries.value?.first { $0.name == row }.map {
      EntryPage.page($0, context)
    }
  }

  private static func row(_ entry: ScheduleEntry, _ context: ViewContext) -> Row {
    Row(
      entry: entry, facts: EntryFacts(entry, context), now: context.now, moments: context.moments)
  }

  private static func late(_ row: Row) -> TableCell {
    guard row.entry.isEnabled else { return .none }
    guard let due = row.facts.due else { return .unknown }
    let late = row.now - due
    guard late > Seconds(1) else { return TableCell("-", .dim, number: 0) }
    let role: Role = late > EntryFacts.grace ? .warning : .text
    return TableCell(late.compact, role, number: late.value)
  }
}
