import TaskmonModel
import TaskmonUnits

/// The Redis server: what it is, what threatens it, and what taskmon costs it.
package enum BrokerView: ConsoleView {
  package static let id = ViewID.broker
  package static let summary = "the Redis server, what threatens it, and what taskmon costs it"
  package static let enterHint = "what it means"

  static let columns: [Column<BrokerFact>] = [
    Column("PART", .fixed(11), priority: 2, help: "what of the broker") { fact in
      TableCell(fact.part.rawValue, .dim)
    },
    Column("FACT", .fit(12, 30), help: "what is told") { TableCell($0.name, .label) },
    Column("VALUE", .fit(12, 44), help: "as read") { $0.cell },
    Column("MEANS", .fill(20), priority: 1, help: "why it matters") { fact in
      TableCell(fact.meaning, .dim)
    },
  ]

  package static var heads: [ColumnHead] { columns.map(\.head) }

  package static func table(_ context: ViewContext) -> Table {
    var lead: [StyledLine] = []
    if case .unavailable(let reason) = context.snapshot.server {
      lead = [StyledLine(" ? The server's state is not known: \(reason)", .unknown)]
    }
    return Table(
      columns, BrokerFact.all(context), lead: lead, notesRepeatCells: true, id: \.id,
      group: \.part.group, note: \.sentence, subject: \.cell.text)
  }

  package static func page(_ row: String, _ context: ViewContext) -> Page? {
    BrokerFact.all(context).first { $0.id == row }.map { BrokerPage.page($0, context) }
  }
}
