import TaskmonModel
import TaskmonUnits

/// The queues: how much waits, how that changes, and who takes it.
package enum QueuesView: ConsoleView {
  package static let id = ViewID.queues
  package static let summary = "what waits, how that changes, and who takes it"
  package static let enterHint = "details"

  struct Row: Sendable {
    var queue: QueueFacts
    var track: QueueTrack?
    var trend: Double?
    var spark: String
    var headFor: Seconds?
    var consumers: Observation<[WorkerID]>
  }

  static let columns: [Column<Row>] = [
    Column("QUEUE", .fit(10, 40), help: "name") { TableCell($0.queue.name) },
    Column("READY", .fit(7, 12), .right, help: "messages waiting, all priority steps") { row in
      let ready = row.queue.ready
      return TableCell(ready.grouped, ready == 0 ? .dim : .text, number: Double(ready))
    },
    Column(
      "TREND", .fixed(8), .right, priority: 2, unit: .perSecond, help: "change over the last minute"
    ) { row in
      row.trend.map { trend($0) } ?? .unknown
    },
    Column("LAST 30m", .fixed(16), priority: 6, help: "ready messages over half an hour") { row in
      TableCell(row.spark, .info, sort: .number(row.trend ?? 0))
    },
    Column("BY PRIORITY", .fit(11, 24), priority: 5, help: "step:messages, 0 first") { row in
      priorities(row.queue)
    },
    Column("UNACKED", .fit(7, 10), .right, priority: 3, help: "delivered, not acknowledged") {
      row in
      guard case .value(let count) = row.queue.unacked else { return .unknown }
      let text = (row.queue.unackedIsEstimate ? "~" : "") + count.grouped
      return TableCell(text, count == 0 ? .dim : .text, number: Double(count))
    },
    Column(
      "OLDEST", .fixed(8), .right, priority: 4, unit: .seconds,
      help: "how long the oldest due message has waited; at least so long behind ≥"
    ) { row in
      oldest(row.queue)
    },
    Column("CONSUMERS", .fixed(9), .right, priority: 1, help: "workers that take from it") { row in
      consumers(row)
    },
    Column(
      "HEAD FOR", .fixed(8), .right, priority: 8, unit: .seconds,
      help: "the next message has not moved"
    ) { row in
      row.headFor.map { TableCell($0.compact, number: $0.value) } ?? .none
    },
    Column("NEXT TASK", .fill(12), priority: 7, help: "the task that will be taken next") { row in
      next(row.queue)
    },
  ]

  package static var heads: [ColumnHead] { columns.map(\.head) }

  package static func table(_ context: ViewContext) -> Table {
    switch context.snapshot.queues {
    case .unavailable(let reason):
      return Table(
        columns, [Row](), lead: [StyledLine(" ? The queues are not known: \(reason)", .unknown)],
        id: \.queue.name)
    case .value(let queues):
      var lead = queues.isEmpty ? [StyledLine(" No queue has been seen yet.", .dim)] : []
      if isPartial(context.snapshot) {
        lead.append(
          StyledLine(
            " ? A queue that could not be counted is missing here; why is said above.",
            .unknown))
      }
      if let line = estimates(context.snapshot) { lead.append(line) }
      let consumers = QueueConsumers.all(context)
      let rows = queues.map { queue in
        row(queue, consumers.map { $0[queue.name] ?? [] }, context)
      }
      return Table(
        columns, rows, lead: lead, id: \.queue.name, note: { note($0.queue) },
        subject: \.queue.name)
    }
  }

  package static func page(_ row: String, _ context: ViewContext) -> Page? {
    context.snapshot.queues.value?.first { $0.name == row }.map { QueuePage.page($0, context) }
  }

  /// Some queue could not be counted, so that lists and sums lack it.
  static func isPartial(_ snapshot: Snapshot) -> Bool {
    snapshot.collectors.contains { $0.name == CollectorStatus.queueLengths && $0.failure != nil }
  }

  /// Why a queue's next message is not known.
  private static func note(_ queue: QueueFacts) -> String? {
    queue.head?.reason.map { "\(queue.name): its next message is not known: \($0)" }
  }

  /// What the mark of estimates means, where there are any; JSON and CSV carry bare numbers.
  private static func estimates(_ snapshot: Snapshot) -> StyledLine? {
    let isEstimated = snapshot.queues.value?.contains {
      $0.unackedIsEstimate && $0.unacked.value ?? 0 > 0
    }
    guard isEstimated == true, case .value(let unacked) = snapshot.unacked else { return nil }
    return StyledLine(
      " ~ UNACKED is estimated from \(unacked.sample.count.grouped) of"
        + " \(unacked.count.grouped) unacknowledged messages.", .dim)
  }

  private static func oldest(_ queue: QueueFacts) -> TableCell {
    switch queue.oldest {
    case nil: .none
    case .unavailable?: .unknown
    case .value(let oldest)?:
      TableCell(
        (oldest.isLowerBound ? "≥" : "") + oldest.age.compact, number: oldest.age.value)
    }
  }

  private static func row(
    _ queue: QueueFacts, _ consumers: Observation<[WorkerID]>, _ context: ViewContext
  ) -> Row {
    let track = context.history.queues[queue.name]
    let samples = track?.ready ?? []
    return Row(
      queue: queue, track: track, trend: QueueTrend.perSecond(samples),
      spark: QueueTrend.spark(
        QueueTrend.buckets(samples, count: 16, now: context.now, window: QueueTrend.window)),
      headFor: queue.ready > 0 ? track?.headSince.map { context.age($0) } : nil,
      consumers: consumers)
  }

  /// Only what is not empty; nothing where one step is all there is.
  private static func priorities(_ queue: QueueFacts) -> TableCell {
    let filled = queue.priorities.filter { $0.ready > 0 }
    guard !filled.isEmpty, filled.contains(where: { $0.step != 0 }) else { return .none }
    let text = filled.map { "\($0.step):\($0.ready.grouped)" }.joined(separator: " ")
    return TableCell(text, sort: .text(text))
  }

  private static func trend(_ perSecond: Double) -> TableCell {
    let text = QueueTrend.text(perSecond)
    return TableCell(
      text.isEmpty ? "steady" : text, text.isEmpty ? .dim : .text, number: perSecond)
  }

  private static func consumers(_ row: Row) -> TableCell {
    guard case .value(let workers) = row.consumers else { return .unknown }
    let role: Role = workers.isEmpty && row.queue.ready > 0 ? .warning : .text
    return TableCell("\(workers.count)", role, number: Double(workers.count))
  }

  private static func next(_ queue: QueueFacts) -> TableCell {
    switch queue.head {
    case nil: .none
    case .unavailable?: .unknown
    case .value(let message)?: message.task.map { TableCell($0) } ?? .unknown
    }
  }
}
