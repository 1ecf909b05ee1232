import ArgumentParser
import TaskmonCollector
import TaskmonConfiguration
import TaskmonTUI
import TaskmonUnits

/// `taskmon top`: the console.
struct TopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top", abstract: "Shows the console; as plain text where there is no terminal.")

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var silence: SilenceOptions
  @OptionGroup var screen: ScreenOptions
  @Option(setting: "replay") var replay: String?
  @Flag(setting: "allow-control") var allowControl: Bool

  func validate() throws {
    guard !(allowControl && connection.readOnly) else {
      throw ValidationError(
        "--allow-control changes tasks, workers and queues, which --read-only forbids: give one of "
          + "the two")
    }
  }

  func run() throws {
    if let replay {
      return try ConsoleReplay(
        snapshot: try SnapshotFile.read(replay), thresholds: try connection.thresholds(),
        screen: screen
      ).run()
    }
    var configuration = try connection.monitorConfiguration()
    configuration.allowsControl = allowControl
    try ConsoleRun(
      configuration: configuration, thresholds: try connection.thresholds(),
      silences: try SilenceKeeper(silence, broker: configuration.identity), screen: screen
    ).run()
  }
}

/// How the console looks; shared by `top` and `demo`.
struct ScreenOptions: ParsableArguments {
  @Option(setting: "view") var view: ViewID?
  @Option(setting: "refresh") var refresh: Seconds
  @Flag(setting: "once") var once: Bool

  @Option(
    name: [.customShort("n")],
    help: ArgumentHelp("Print this many plain-text snapshots and end.", valueName: "count"))
  var count: Int?

  @Option(setting: "theme") var theme: ThemeName
  @Flag(setting: "ascii") var ascii: Bool
  @Flag(setting: "no-color") var noColor: Bool

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

  /// The names, and not the numbers of the keys.
  package static var allValueStrings: [String] { allCases.map(\.name) }
}

extension ThemeName: ExpressibleByArgument {}
