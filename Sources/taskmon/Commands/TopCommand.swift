import ArgumentParser
import TaskmonCollector
import TaskmonTUI
import TaskmonUnits

/// `taskmon top`: the console.
struct TopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top", abstract: "Shows the console; as plain text where there is no terminal.")

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var screen: ScreenOptions

  func run() throws {
    try ConsoleRun(
      configuration: try connection.monitorConfiguration(),
      thresholds: try connection.thresholds(), screen: screen
    ).run()
  }
}

/// How the console looks; shared by `top` and `demo`.
struct ScreenOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The view to open: \(ViewID.names).", valueName: "name"))
  var view: ViewID?

  @Option(help: ArgumentHelp("How often Redis is polled.", valueName: "duration"))
  var refresh = Seconds(1)

  @Flag(help: "Print one plain-text snapshot, from two polls, and end.")
  var once = false

  @Option(
    name: [.customShort("n")],
    help: ArgumentHelp("Print this many plain-text snapshots and end.", valueName: "count"))
  var count: Int?

  @Option(help: ArgumentHelp("The colours: \(ThemeName.names).", valueName: "name"))
  var theme = ThemeName.dark

  @Flag(help: "Nothing outside ASCII.")
  var ascii = false

  @Flag(help: "No colours; so does NO_COLOR.")
  var noColor = false

  func validate() throws {
    if let count, count < 1 { throw ValidationError("-n takes a count of at least 1") }
    if refresh < .milliseconds(100) {
      throw ValidationError("--refresh must be at least 100ms: Redis has other work to do")
    }
  }

  /// How many plain-text snapshots are asked for; nil for the console.
  var plainCount: Int? { count ?? (once ? 1 : nil) }
}

extension ViewID: ExpressibleByArgument {
  package init?(argument: String) { self.init(name: argument) }

  static var names: String { allCases.map(\.name).joined(separator: ", ") }
}

extension ThemeName: ExpressibleByArgument {
  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
