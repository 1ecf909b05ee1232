import ArgumentParser
import CeleryProtocol
import RedisClient
import TaskmonCollector
import TaskmonConfiguration
import TaskmonHealth
import TaskmonModel
import TaskmonTerminal
import TaskmonUnits

/// `taskmon doctor`: whether everything can be seen here.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what can be seen of a broker, what cannot, and how to change that.",
    discussion: """
      Tries each command taskmon uses once, harmlessly, listens and asks for a while, and prints \
      the least ACL line. Exit 0 when all can be seen, 1 otherwise.
      """)

  @OptionGroup var connection: ConnectionOptions
  @Option(setting: "timeout") var timeout: Seconds

  /// Long enough for heartbeats and for the search for Celery's channels.
  private static let observe = Seconds(8)

  func run() throws {
    let configuration = try connection.monitorConfiguration()
    let report = try examine(configuration)
    Output.write(report.text)
    if !report.seesAll { throw CommandFailure(nil) }
  }

  private func examine(_ configuration: MonitorConfiguration) throws -> DoctorReport {
    let access: [AccessProbe.Outcome]
    do {
      let (outcomes, signal) = try Blocking.run {
        try await AccessProbe(configuration, time: SystemClock.source).run()
      }
      if let signal { Terminal.die(by: signal) }
      access = outcomes
    } catch let error as RedisError {
      return DoctorReport(
        unreachable: error.description, accessLine: accessLine(configuration, version: nil))
    }
    let (view, snapshot) = try Observing(
      configuration: configuration, thresholds: try connection.thresholds(),
      observe: Self.observe, timeout: timeout
    ).reached()
    return DoctorReport(
      snapshot, view.report, layout: configuration.layout, access: access,
      accessLine: accessLine(configuration, version: snapshot.server.value?.version))
  }

  /// Keys to read and keys to write are told apart since Redis 7; where the version is not known,
  /// the newer way is right more often.
  private func accessLine(_ configuration: MonitorConfiguration, version: String?) -> String {
    let major = version.flatMap { Int($0.prefix { $0 != "." }) } ?? 7
    return ACLRule(
      user: configuration.broker.username ?? "taskmon",
      access: configuration.isReadOnly ? .readOnly : .asking, layout: configuration.layout,
      dialect: major >= 7 ? .separateKeyRights : .commonKeyRights,
      usesSentinel: configuration.broker.usesSentinel
    ).line
  }
}
