import Logging
import TaskmonExposition
import TaskmonHealth
import TaskmonModel
import TaskmonServer
import TaskmonUnits

/// A server on a free port of loopback, for the length of a test.
struct RunningServer: Sendable {
  let port: Int

  static let document = #"{"taskmon":"0.1.0","status":"critical"}"#
  static let hostile = "<script>\"&'</script>\u{1b}[31m"

  /// Fails when the server ends by itself, and when it does not end on cancellation.
  static func run(
    state: ServedState? = state(), allowedHosts: [String] = [],
    limits: ServerLimits = ServerLimits(),
    _ body: @escaping @Sendable (RunningServer) async throws -> Void
  ) async throws {
    let (ports, announce) = AsyncStream.makeStream(of: Int.self)
    let server = make(
      listen: ListenAddress(host: "127.0.0.1", port: 0), state: state, allowedHosts: allowedHosts,
      limits: limits)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await server.run { announce.yield($0.port) }
        announce.finish()
      }
      for await port in ports {
        try await body(RunningServer(port: port))
        break
      }
      group.cancelAll()
      try await group.waitForAll()
    }
  }

  static func make(
    listen: ListenAddress, state: ServedState?, allowedHosts: [String] = [],
    limits: ServerLimits = ServerLimits()
  ) -> MonitorServer {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return MonitorServer(
      listen: listen, allowedHosts: allowedHosts,
      options: ExpositionOptions(
        broker: BrokerIdentity(url: "redis://localhost:6379/0"),
        build: BuildInfo(version: "0.1.0", revision: "abc1234", swift: "6.3")),
      limits: limits, view: { state }, logger: logger)
  }

  static let now = Timestamp(secondsSince1970: 1_767_323_045)

  static func state(link: LinkState = .up(since: now), polledAt: Timestamp? = now) -> ServedState {
    var snapshot = Snapshot(
      takenAt: now, polledAt: polledAt, observedSince: now,
      broker: BrokerIdentity(url: "redis://localhost:6379/0"), link: link)
    snapshot.queues = .value([
      QueueFacts(name: hostile, priorities: [PriorityLength(step: 0, ready: 1_234)])
    ])
    var history = SnapshotHistory()
    history.absorb(snapshot)
    let finding = Finding(
      rule: "queue-without-consumers", severity: .critical, subject: hostile,
      message: "nobody consumes it", since: now, evidence: [], remedy: "start a worker")
    return ServedState(
      history: history, report: HealthReport(takenAt: now, observed: .zero, findings: [finding]),
      healthDocument: { Array(document.utf8) })
  }

  static let down = LinkState.down(
    LinkFailure(kind: .refused, sentence: "Redis refuses the connection.", since: now, attempts: 2))

  /// One request on a connection of its own.
  func ask(_ request: String) async throws -> Reply {
    let wire = try Wire(port: port)
    wire.send(request)
    return Reply(try await wire.readResponse(hasBody: !request.hasPrefix("HEAD")))
  }

  func get(_ path: String, _ headers: String...) async throws -> Reply {
    let lines = ["GET \(path) HTTP/1.1", "Host: localhost"] + headers
    return try await ask(lines.joined(separator: "\r\n") + "\r\n\r\n")
  }
}
