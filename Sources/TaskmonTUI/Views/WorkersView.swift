package import TaskmonModel
import TaskmonUnits

/// The workers: who is there, and how busy.
package enum WorkersView: ConsoleView {
  package static let id = ViewID.workers
  package static let summary = "who is there, how busy, and for which queues"
  package static let enterHint = "details"

  struct Row: Sendable {
    var worker: WorkerFacts
    var state: WorkerState
    var heardFor: Seconds?
  }

  static let columns: [Column<Row>] = [
    Column("WORKER", .fit(12, 36), help: "node name") { TableCell($0.worker.id.name) },
    Column("PID", .fit(5, 8), .right, priority: 9, help: "process id") { row in
      row.worker.id.pid.map { TableCell("\($0)", .dim, number: Double($0)) } ?? .unknown
    },
    Column("STATE", .fixed(7), help: "online, late, silent, lost, offline") { row in
      TableCell(row.state.rawValue, row.state.role)
    },
    Column("HEARD", .fixed(6), .right, priority: 1, unit: .seconds, help: "since its last event") {
      row in
      row.heardFor.map { TableCell($0.compact, number: $0.value) } ?? .none
    },
    Column("BUSY", .fixed(7), .right, priority: 2, help: "tasks running / slots") { row in
      busy(row.worker)
    },
    Column("PREFETCHED", .fixed(10), .right, priority: 7, help: "held and not started") { row in
      row.worker.prefetched.map { TableCell($0.grouped, number: Double($0)) } ?? .unknown
    },
    Column("DONE", .fit(6, 12), .right, priority: 3, help: "tasks since it started") { row in
      row.worker.processed.map { TableCell($0.grouped, number: Double($0)) } ?? .unknown
    },
    Column("LOAD", .fixed(5), .right, priority: 8, help: "load average of its host, 1 minute") {
      row in
      load(row.worker)
    },
    Column("QUEUES", .fill(10), priority: 4, help: "the queues it takes from") { row in
      guard case .value(let queues) = row.worker.queues else { return .unknown }
      return queues.isEmpty ? .none : TableCell(queues.joined(separator: " "))
    },
    Column("POOL", .fixed(8), priority: 5, help: "how it runs tasks") { row in
      row.worker.stats.value.map { TableCell($0.pool.rawValue) } ?? .unknown
    },
    Column("VERSION", .fit(7, 12), priority: 10, help: "version of Celery") { row in
      row.worker.softwareVersion.map { TableCell($0) } ?? .unknown
    },
    Column("UPTIME", .fixed(7), .right, priority: 6, unit: .seconds, help: "since it started") {
      row in
      row.worker.uptime.map { TableCell($0.compact, number: $0.value) } ?? .unknown
    },
  ]

  package static var heads: [ColumnHead] { columns.map(\.head) }

  package static func table(_ context: ViewContext) -> Table {
    switch context.snapshot.workers {
    case .unavailable(let reason):
      return Table(
        columns, [Row](), lead: [StyledLine(" ? The workers are not known: \(reason)", .unknown)],
        id: { rowID($0.worker.id) })
    case .value(let workers):
      return Table(
        columns, workers.map { row($0, context) }, lead: lead(workers, context),
        id: { rowID($0.worker.id) }, subject: \.worker.id.name)
    }
  }

  package static func page(_ row: String, _ context: ViewContext) -> Page? {
    context.snapshot.workers.value?.first { rowID($0.id) == row }.map {
      WorkerPage.page($0, context)
    }
  }

  package static func worker(_ row: String, _ context: ViewContext) -> WorkerID? {
    context.snapshot.workers.value?.first {
      rowID($0.id) == row && WorkerState.of($0, context).isUp
    }?.id
  }

  private static func row(_ worker: WorkerFacts, _ context: ViewContext) -> Row {
    Row(
      worker: worker, state: WorkerState.of(worker, context),
      heardFor: worker.lastHeard.map { context.age($0) })
  }

  private static func rowID(_ id: WorkerID) -> String { "\(id.name) \(id.pid ?? 0)" }

  private static func lead(_ workers: [WorkerFacts], _ context: ViewContext) -> [StyledLine] {
    if let reason = context.snapshot.inspection.suspended {
      return [StyledLine(" Workers are not asked: \(reason)", .warning)]
    }
    return workers.isEmpty ? [StyledLine(" No worker has been heard yet.", .dim)] : []
  }

  private static func busy(_ worker: WorkerFacts) -> TableCell {
    let active = Fleet.busy(worker)
    guard active != nil || worker.stats.value?.slots != nil else { return .unknown }
    let slots = worker.stats.value?.slots
    let text = "\(active.map { "\($0)" } ?? "?")/\(slots.map { "\($0)" } ?? "?")"
    return TableCell(text, sort: active.map { .number(Double($0)) } ?? .unknown)
  }

  private static func load(_ worker: WorkerFacts) -> TableCell {
    guard let load = worker.loadAverage?.first, load.isFinite, abs(load) < 1e6 else {
      return .unknown
    }
    return TableCell("\((load * 10).rounded() / 10)", number: load)
  }
}
