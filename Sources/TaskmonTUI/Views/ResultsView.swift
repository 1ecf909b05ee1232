import TaskmonModel
import TaskmonUnits

/// The stored results: by task, failures by their class, the largest of all, then chords that wait
/// for their parts.
package enum ResultsView: ConsoleView {
  package static let id = ViewID.results
  package static let summary = "what tasks leave in the result backend, and chords that wait"
  package static let enterHint = "details"

  enum Row: Sendable {
    case task(TaskResultSizes)
    case failure(String, Int)
    case result(StoredResult)
    case chord(ChordFacts)

    var id: String {
      switch self {
      case .task(let sizes): "task \(sizes.task)"
      case .failure(let name, _): "failure \(name)"
      case .result(let result): "result \(result.taskID)"
      case .chord(let chord): "chord \(chord.groupID)"
      }
    }

    var group: Int {
      switch self {
      case .task: 0
      case .failure: 1
      case .result: 2
      case .chord: 3
      }
    }

    /// What is copied: a result is asked for by its id.
    var subject: String {
      switch self {
      case .task(let sizes): sizes.task
      case .failure(let name, _): name
      case .result(let result): result.taskID
      case .chord(let chord): chord.groupID
      }
    }
  }

  static let columns: [Column<Row>] = [
    Column("TASK", .fit(8, 40), help: "the task that left it") { task($0) },
    Column("RESULT", .fill(10), help: "all of a task, failures of a class, one, or a chord") {
      row in
      switch row {
      case .task: TableCell("all", .dim)
      case .failure(let name, _): TableCell("failed: \(name)")
      case .result(let result): TableCell(result.taskID)
      case .chord(let chord): TableCell("chord \(chord.groupID)")
      }
    },
    Column("COUNT", .fit(5, 12), .right, priority: 3, help: "results of the task or class") {
      count($0)
    },
    Column("BYTES", .fit(6, 9), .right, unit: .bytes, help: "stored, in all or for the one") {
      row in
      switch row {
      case .task(let sizes): bytes(sizes.totalSize)
      case .result(let result): bytes(result.size)
      case .failure, .chord: .none
      }
    },
    Column("LARGEST", .fixed(8), .right, priority: 2, unit: .bytes, help: "the task's largest") {
      row in
      guard case .task(let sizes) = row else { return .none }
      return bytes(sizes.largest)
    },
    Column("STATE", .fit(7, 14), priority: 1, help: "as stored; parts done of a chord's") {
      state($0)
    },
    Column("EXPIRES", .fit(7, 9), .right, priority: 4, unit: .seconds, help: "in so long") {
      expiry($0)
    },
  ]

  package static var heads: [ColumnHead] { columns.map(\.head) }

  package static func table(_ context: ViewContext) -> Table {
    let chords = (context.snapshot.chords.value ?? []).map { Row.chord($0) }
    var rows = chords
    if case .value(let facts) = context.snapshot.results {
      rows =
        facts.tasks.map { .task($0) } + failures(facts) + facts.largest.map { .result($0) } + chords
    }
    return Table(
      columns, rows, lead: lead(context), id: \.id, group: \.group, subject: \.subject)
  }

  package static func page(_ row: String, _ context: ViewContext) -> Page? {
    let chords = context.snapshot.chords.value ?? []
    if let chord = chords.first(where: { Row.chord($0).id == row }) {
      return ResultPage.page(chord, context)
    }
    guard case .value(let facts) = context.snapshot.results else { return nil }
    if let sizes = facts.tasks.first(where: { Row.task($0).id == row }) {
      return ResultPage.page(sizes, of: facts, context)
    }
    if let name = facts.failures.keys.first(where: { Row.failure($0, 0).id == row }) {
      return ResultPage.page(failures: name, of: facts, context)
    }
    return facts.largest.first { Row.result($0).id == row }.map { ResultPage.page($0, context) }
  }

  private static func lead(_ context: ViewContext) -> [StyledLine] {
    switch context.snapshot.results {
    case .unavailable(let reason):
      return [StyledLine(" ? The results are not known: \(reason)", .unknown)]
    case .value(let facts):
      var line = StyledLine(" \(facts.count.grouped)", .text, bold: true)
      line.append(facts.count == 1 ? " result" : " results")
      line.append(", \(facts.totalSize.text)")
      if facts.groups > 0 {
        line.append(", \(facts.groups.grouped)" + (facts.groups == 1 ? " group" : " groups"))
      }
      if facts.withoutExpiry > 0 { line.append(", \(facts.withoutExpiry.grouped) never expire") }
      let states = facts.states.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(5)
      for (state, count) in states { line.append("  \(state) \(count.grouped)", .dim) }
      line.append("  read \(context.age(facts.updatedAt).text) ago", .dim)
      guard facts.completedPasses == 0 else { return [line] }
      let partial = " ? The first pass over the results is under way: these are the least there are"
      return [line, StyledLine(partial, .unknown)]
    }
  }

  /// The most frequent first.
  private static func failures(_ facts: ResultFacts) -> [Row] {
    facts.failures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { .failure($0.key, $0.value) }
  }

  private static func count(_ row: Row) -> TableCell {
    switch row {
    case .task(let sizes): TableCell(sizes.count.grouped, number: Double(sizes.count))
    case .failure(_, let count): TableCell(count.grouped, number: Double(count))
    case .result, .chord: .none
    }
  }

  private static func task(_ row: Row) -> TableCell {
    let name: String? =
      switch row {
      case .task(let sizes): sizes.task
      case .failure: "any task"
      case .result(let result): result.task
      case .chord(let chord): chord.task
      }
    return name.map { TableCell($0) } ?? .unknown
  }

  private static func state(_ row: Row) -> TableCell {
    switch row {
    case .task: .none
    case .failure: TableCell("FAILURE")
    case .result(let result): result.state.map { TableCell($0) } ?? .unknown
    case .chord(let chord): TableCell("\(chord.done)/\(chord.size) done", .info)
    }
  }

  private static func expiry(_ row: Row) -> TableCell {
    switch row {
    case .task, .failure: .none
    case .result(let result): ResultPage.expiry(result.timeToLive)
    case .chord(let chord): ResultPage.expiry(chord.timeToLive)
    }
  }

  private static func bytes(_ size: ByteCount) -> TableCell {
    TableCell(size.compact, number: Double(size.value))
  }
}
