import ArgumentParser
import Logging
import Synchronization
import TaskmonCollector
import TaskmonConfiguration
import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonServer
import TaskmonUnits

/// `taskmon serve`: metrics and health over HTTP.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serves /metrics for Prometheus, and health as JSON.")

  @OptionGroup var connection: ConnectionOptions
  @OptionGroup var silence: SilenceOptions

  @Option(setting: "listen") var listen: ListenAddress?
  @Option(setting: "allowed-hosts", parsing: .upToNextOption) var allowedHosts: [String]
  @OptionGroup var exporter: ExporterFlags

  func run() throws {
    exporter.complain()
    var connection = connection
    exporter.apply(to: &connection)
    var configuration = try connection.monitorConfiguration()
    exporter.apply(to: &configuration)
    let identity = configuration.identity
    var options = ExpositionOptions(broker: identity, build: BuildFacts.current)
    exporter.apply(to: &options)
    var logger = Logger(label: "taskmon", factory: { StreamLogHandler.standardError(label: $0) })
    logger.logLevel = exporter.logLevel ?? .notice
    let session = Session(
      configuration, thresholds: try connection.thresholds(),
      silences: try SilenceKeeper(silence, broker: identity), logger: logger)
    let latest = LatestView()
    let server = MonitorServer(
      listen: exporter.address(listen), allowedHosts: allowedHosts, options: options,
      view: { latest.served(broker: identity.url) }, logger: quiet(logger))
    let (outcome, _) = try Blocking.run { () -> ListenFailure? in
      await serve(server, session, into: latest)
    }
    if let outcome { throw CommandFailure(outcome.description) }
  }

  /// The server's own start and stop lines are ours to write.
  private func quiet(_ logger: Logger) -> Logger {
    var quiet = logger
    quiet.logLevel = .error
    return quiet
  }

  /// Observes and serves until cancelled; the first to end stops the other.
  private func serve(
    _ server: MonitorServer, _ session: Session, into latest: LatestView
  ) async -> ListenFailure? {
    await withTaskGroup(of: ListenFailure?.self) { group in
      group.addTask {
        await session.run { view in
          latest.set(view)
          return true
        }
        return nil
      }
      group.addTask {
        do {
          try await server.run { address in
            Complaint.write("listening on http://\(address)/metrics")
          }
          return nil
        } catch let failure as ListenFailure {
          return failure
        } catch {
          Complaint.write("the server stopped: \(error)")
          return nil
        }
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      await group.waitForAll()
      return first
    }
  }
}

/// The newest view, from the observing task to the server's.
final class LatestView: Sendable {
  private let view = Mutex<SessionView?>(nil)

  func set(_ new: SessionView) { view.withLock { $0 = new } }

  func served(broker: String) -> ServedState? {
    guard let view = view.withLock({ $0 }) else { return nil }
    return ServedState(
      history: view.history, report: view.report, process: ProcessReader.read(),
      healthDocument: {
        Array(
          HealthDocument(view.report, taskmon: Version.text, broker: broker).json(.pretty).utf8)
      })
  }
}

extension ListenAddress: ExpressibleByArgument {
  package init?(argument: String) { self.init(text: argument) }

  package var defaultValueDescription: String { description }
}
