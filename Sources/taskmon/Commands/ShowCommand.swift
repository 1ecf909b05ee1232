import ArgumentParser
import TaskmonConfiguration
import TaskmonHealth
import TaskmonModel
import TaskmonTUI
import TaskmonUnits

/// `taskmon show`: a table of the console, for people, scripts and spreadsheets.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Prints a table of the console as text, JSON or CSV.",
    discussion: """
      Times are UTC. JSON and CSV are those that the console saves: plain numbers, with the unit \
      in the column's name; what is not known is null, or ? in CSV.
      """)

  @Argument(help: ArgumentHelp("The table: \(ShowCommand.names).", valueName: "table"))
  var table: String

  @OptionGroup var connection: ConnectionOptions
  @Option(setting: "observe") var observe: Seconds
  @Option(setting: "format", of: .show) var format: TableFormat

  /// Every view but the findings, which `check` prints.
  private static var views: [any ConsoleView.Type] {
    ViewRegistry.all.filter { $0.id != .health }
  }

  private static var names: String { views.map { $0.id.name }.joined(separator: ", ") }

  private var view: (any ConsoleView.Type)? { Self.views.first { $0.id.name == table } }

  func validate() throws {
    guard view != nil else {
      throw ValidationError("there is no table \"\(table)\"; choose one of \(Self.names)")
    }
  }

  func run() throws {
    let (seen, snapshot) = try Observing(
      configuration: try connection.monitorConfiguration(), thresholds: try connection.thresholds(),
      observe: observe,
      timeout: Seconds(30)
    ).reached()
    let context = ViewContext(
      snapshot: snapshot, history: seen.history, report: seen.report,
      moments: MomentFormat(style: .utc), pages: { RuleRegistry.rule($0)?.page })
    guard let view else { return }
    let found = view.table(context)
    Output.write(found.text(as: format, view: view.id, of: snapshot))
    if format != .table { for note in found.notes { Complaint.write(note) } }
    if let reason = found.unknownReason { throw CommandFailure(reason) }
  }
}
