import TaskmonModel
import TaskmonUnits

/// Everything about one fact of the broker: what it means, and what it is made of.
package enum BrokerPage {
  package static func page(_ fact: BrokerFact, _ context: ViewContext) -> Page {
    let blocks: [PageBlock] = [
      .line(StyledLine()), .facts([PageFact(fact.name, fact.cell.text, fact.cell.role)]),
      .line(StyledLine()), .prose(fact.meaning),
    ]
    return Page("\(fact.part.rawValue): \(fact.name)", blocks + parts(fact, context))
  }

  private static func parts(_ fact: BrokerFact, _ context: ViewContext) -> [PageBlock] {
    switch fact.part {
    case .cost: commands(context)
    case .events: kinds(context)
    case .collector: run(fact, context)
    case .keys: replyLists(context)
    case .server, .memory, .persistence, .clients, .workers: []
    }
  }

  private struct Sent: Sendable {
    var command: String
    var count: Int
    var rate: String?
  }

  private static let columns: [Column<Sent>] = [
    Column("COMMAND", .fit(12, 30), help: "as sent") { TableCell($0.command) },
    Column("SENT", .fit(8, 16), .right, help: "since taskmon started") {
      TableCell($0.count.grouped)
    },
    Column("A SECOND", .fixed(9), .right, help: "on average") { sent in
      sent.rate.map { TableCell($0) } ?? .unknown
    },
  ]

  private static func commands(_ context: ViewContext) -> [PageBlock] {
    let sent = context.snapshot.cost.commands.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { name, count in
        Sent(
          command: name, count: count, rate: BrokerFact.perSecond(Double(count), context))
      }
    guard !sent.isEmpty else { return [] }
    return [.heading("Commands taskmon sent"), .table(Table(columns, sent, id: \.command))]
  }

  private static func kinds(_ context: ViewContext) -> [PageBlock] {
    let counts = context.snapshot.events.taskEventCounts
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    guard !counts.isEmpty else { return [] }
    return [
      .heading("Task events by kind"), .facts(counts.map { PageFact($0.key, $0.value.grouped) }),
    ]
  }

  private static func run(_ fact: BrokerFact, _ context: ViewContext) -> [PageBlock] {
    guard let status = context.snapshot.collectors.first(where: { $0.words == fact.name }) else {
      return []
    }
    return [
      .heading("Last run"),
      .facts([
        PageFact("at", context.moments.full(status.ranAt, now: context.now)),
        PageFact("took", status.took),
        status.failure.map { PageFact("failed", $0, .critical) } ?? PageFact("failed", "no"),
      ]),
    ]
  }

  private static func replyLists(_ context: ViewContext) -> [PageBlock] {
    guard case .value(let lists) = context.snapshot.replyLists, lists.count > 0 else { return [] }
    return [
      .heading("Reply lists left behind"),
      .facts([
        PageFact("lists", lists.count.grouped), PageFact("bytes", lists.totalSize.text),
        lists.largest.map { PageFact("largest", $0) } ?? .unknown("largest"),
        PageFact("without expiry", lists.withoutExpiry.grouped),
      ]),
    ]
  }
}
