package import TaskmonModel
import TaskmonUnits

/// Everything about a queue: lengths, the next and the newest message, who takes from it.
package enum QueuePage {
  package static func page(_ queue: QueueFacts, _ context: ViewContext) -> Page {
    var blocks: [PageBlock] = [.line(StyledLine()), .facts(lengths(queue, context))]
    blocks += [.heading("Consumers"), consumers(queue, context)]
    blocks += [.heading("Next message")] + message(queue.head, context)
    blocks += [.heading("Newest message")] + message(queue.newest, context)
    return Page("queue \(queue.name)", blocks + unacked(queue, context))
  }

  private static func lengths(_ queue: QueueFacts, _ context: ViewContext) -> [PageFact] {
    let track = context.history.queues[queue.name]
    var facts = [PageFact("ready", queue.ready.grouped)]
    if queue.priorities.count > 1 {
      let steps = queue.priorities.map { "\($0.step): \($0.ready.grouped)" }
      facts.append(PageFact("by priority (0 first)", steps.joined(separator: "   ")))
    }
    switch queue.unacked {
    case .value(let count):
      let estimate = queue.unackedIsEstimate ? "about " : ""
      facts.append(PageFact("unacked", estimate + count.grouped))
    case .unavailable(let reason): facts.append(.unknown("unacked", reason))
    }
    facts += oldest(queue)
    if let trend = QueueTrend.perSecond(track?.ready ?? []) {
      let text = QueueTrend.text(trend)
      facts.append(PageFact("trend", text.isEmpty ? "steady" : text))
    }
    if let since = track?.headSince {
      facts.append(PageFact("head unmoved since", context.moments.full(since, now: context.now)))
    }
    if let moved = track?.lastMoved {
      facts.append(PageFact("last seen taken", context.moments.full(moved, now: context.now)))
    }
    return facts
  }

  private static func oldest(_ queue: QueueFacts) -> [PageFact] {
    var facts: [PageFact] = []
    switch queue.oldest {
    case nil: break
    case .unavailable(let reason)?: facts.append(.unknown("oldest due message", reason))
    case .value(let oldest)?:
      let least = oldest.isLowerBound ? "at least " : ""
      facts.append(PageFact("oldest due message", "\(least)\(oldest.age.text) old"))
    }
    switch queue.largest {
    case nil: break
    case .unavailable(let reason)?: facts.append(.unknown("largest message", reason))
    case .value(let largest)?:
      let estimate = largest.isEstimate ? "about " : ""
      let task = largest.task.map { ", \($0)" } ?? ""
      facts.append(PageFact("largest message", estimate + largest.size.text + task))
    }
    return facts
  }

  private static let unackedColumns: [Column<UnackedMessage>] = [
    Column("TASK", .fit(12, 40), help: "name") { held in
      held.message.value?.task.map { TableCell($0) } ?? .unknown
    },
    Column("ID", .fit(8, 36), priority: 1, help: "task id") { held in
      held.message.value?.taskID.map { TableCell($0) } ?? .unknown
    },
    Column("SIZE", .fixed(8), .right, help: "of the message") { TableCell($0.size.compact) },
  ]

  /// Of those delivered longest ago, the ones that came from here.
  private static func unacked(_ queue: QueueFacts, _ context: ViewContext) -> [PageBlock] {
    guard case .value(let unacked) = context.snapshot.unacked else { return [] }
    let held = unacked.sample.filter { $0.queue == queue.name }
    guard !held.isEmpty else { return [] }
    let delivered = Column<UnackedMessage>("DELIVERED", .fixed(11), .right, help: "when") { held in
      held.deliveredAt.map { TableCell(context.moments.near($0, now: context.now)) } ?? .unknown
    }
    let title = unacked.isWhole ? "Unacknowledged" : "Unacknowledged, the longest among them"
    return [
      .heading(title),
      .table(
        Table([delivered] + unackedColumns, held, id: { $0.message.value?.deliveryTag ?? "" })),
    ]
  }

  private static func consumers(_ queue: QueueFacts, _ context: ViewContext) -> PageBlock {
    switch QueueConsumers.of(queue.name, context) {
    case .unavailable(let reason):
      .facts([.unknown("workers", reason)])
    case .value([]):
      .line(StyledLine("  no worker that is up takes from this queue", .warning))
    case .value(let workers):
      .facts(workers.map { PageFact($0.name, $0.pid.map { "pid \($0)" } ?? "") })
    }
  }

  private static func message(
    _ observation: Observation<MessageFacts>?, _ context: ViewContext
  ) -> [PageBlock] {
    switch observation {
    case nil: [.line(StyledLine("  the queue is empty", .dim))]
    case .unavailable(let reason)?: [.facts([.unknown("message", reason)])]
    case .value(let message)?: [.facts(facts(of: message, context))]
    }
  }

  private static func facts(of message: MessageFacts, _ context: ViewContext) -> [PageFact] {
    func moment(_ name: String, _ at: Timestamp?) -> PageFact? {
      at.map { PageFact(name, context.moments.full($0, now: context.now)) }
    }
    func length(_ name: String, _ limit: Seconds?) -> PageFact? {
      limit.map { PageFact(name, $0.text) }
    }
    func text(_ name: String, _ value: String?) -> PageFact? { value.map { PageFact(name, $0) } }
    let facts: [PageFact?] = [
      message.task.map { PageFact("task", $0) } ?? .unknown("task"),
      message.taskID.map { PageFact("id", $0) } ?? .unknown("id"),
      text("arguments", message.argumentsText), text("keywords", message.keywordArgumentsText),
      PageFact("priority", "\(message.priority)"), PageFact("retries", message.retries.grouped),
      moment("eta", message.eta), moment("expires", message.expires),
      length("hard limit", message.hardLimit), length("soft limit", message.softLimit),
      message.origin.map { PageFact("published by", $0) } ?? .unknown("published by"),
      PageFact("redelivered", message.redelivered ? "yes" : "no"),
      PageFact("size", message.size.text), PageFact("delivery tag", message.deliveryTag),
    ]
    return facts.compactMap(\.self)
  }
}
