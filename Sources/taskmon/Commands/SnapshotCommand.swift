import ArgumentParser
import Logging
import TaskmonHealth
import TaskmonModel
import TaskmonTerminal
import TaskmonUnits

/// `taskmon snapshot`: everything known of one moment, as JSON.
struct SnapshotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot", abstract: "Prints one snapshot as JSON.")

  @OptionGroup var connection: ConnectionOptions

  @Option(help: ArgumentHelp("How long to observe first.", valueName: "duration"))
  var observe = Seconds(10)

  func run() throws {
    let configuration = try connection.monitorConfiguration()
    let observation = Observing(
      configuration: configuration, thresholds: ThresholdOverrides(), observe: observe,
      timeout: Seconds(30))
    let (view, signal) = try Blocking.run { await observation.run() }
    if let signal { Terminal.die(by: signal) }
    guard var snapshot = view?.history.latest, snapshot.polledAt != nil else {
      throw CommandFailure(
        view?.history.latest?.link.failure?.sentence ?? "no snapshot of Redis could be taken")
    }
    snapshot.withholdArguments()
    Output.write(try JSONText.pretty(snapshot) + "\n")
  }
}
