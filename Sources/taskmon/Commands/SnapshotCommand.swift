import ArgumentParser
import TaskmonConfiguration
import TaskmonModel
import TaskmonUnits

/// `taskmon snapshot`: everything known of one moment, as JSON.
struct SnapshotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot", abstract: "Prints one snapshot as JSON.")

  @OptionGroup var connection: ConnectionOptions

  @Option(setting: "observe") var observe: Seconds

  func run() throws {
    var snapshot = try Observing(
      configuration: try connection.monitorConfiguration(),
      thresholds: try connection.thresholds(), observe: observe, timeout: Seconds(30)
    ).reached().snapshot
    snapshot.withholdArguments()
    Output.write(try JSONText.pretty(snapshot) + "\n")
  }
}
