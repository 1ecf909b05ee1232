import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct ServerWatchTests {
  private static func look(
    _ runID: String = "a", flushes: Int? = 0, full: Int? = 0, keys: Int? = 10,
    others: [Int: Int] = [:]
  ) -> ServerFacts {
    ServerFacts(
      version: "7.0.15", runID: runID, uptime: Seconds(9), usedMemory: .mebibytes(1),
      connectedClients: 1, flushes: flushes, fullFlushes: full, keys: keys, databases: others)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let before: ServerFacts
    let after: ServerFacts
    let change: ServerWatch.Change?
  }

  static let cases = [
    Case(
      testDescription: "nothing happened", before: look(), after: look(keys: 0), change: nil),
    Case(
      testDescription: "another process", before: look(), after: look("b"), change: .replaced),
    Case(
      testDescription: "another process after a flush", before: look(flushes: 7, full: 7),
      after: look("b"), change: .replaced),
    Case(
      testDescription: "FLUSHALL, refilled at once", before: look(),
      after: look(flushes: 1, full: 1), change: .emptied),
    Case(
      testDescription: "FLUSHDB of the broker's database", before: look(),
      after: look(flushes: 1, keys: 0), change: .emptied),
    Case(
      testDescription: "FLUSHDB of the results' database", before: look(others: [1: 8]),
      after: look(flushes: 1), change: .emptied),
    Case(
      testDescription: "FLUSHDB of somebody's cache", before: look(others: [5: 8]),
      after: look(flushes: 1), change: nil),
    Case(
      testDescription: "statistics reset", before: look(flushes: 3, full: 2), after: look(),
      change: nil),
    Case(
      testDescription: "statistics not readable", before: look(flushes: nil, full: nil),
      after: look(flushes: 3, full: 3), change: nil),
  ]

  @Test(arguments: cases) func `it tells a change from an ordinary day`(_ example: Case) {
    var watch = ServerWatch(database: 0)
    #expect(watch.absorb(example.before, databases: [0, 1]) == nil)
    #expect(watch.absorb(example.after, databases: [0, 1]) == example.change)
    #expect(watch.absorb(example.after, databases: [0, 1]) == nil)
  }

  /// A server with one message and three results.
  private static func fill(_ server: RedisServer) throws {
    try server.command("SADD", "_kombu.binding.celery", "celery\u{6}\u{16}\u{6}\u{16}celery")
    try server.command("LPUSH", "celery", #"{"headers":{"id":"1"},"properties":{}}"#)
    for id in 1...3 { try server.command("SETEX", "celery-task-meta-\(id)", "60", "{}") }
  }

  enum Loss: String, CaseIterable { case restart, flush }

  @Test(arguments: Loss.allCases)
  func `what the old server held is never shown as the new one's`(_ loss: Loss) async throws {
    let server = try await RedisServer()
    try Self.fill(server)
    // The pause is so long that only the loss itself can begin a new pass.
    let configuration = MonitorConfiguration.quick(try server.url()) {
      $0.resultPause = Seconds(3600)
      $0.discoveryPause = Seconds(3600)
    }
    let first = try server.command("INFO", "server").text.map(ServerInfo.init)?["run_id"]
    try await ObservedMonitor.observe(
      configuration,
      invariant: { snapshot in
        guard let facts = snapshot.server.value else { return nil }
        let isLost = facts.runID != first || facts.fullFlushes ?? 0 > 0
        return isLost && snapshot.results.value?.count ?? 0 > 0 ? "results of the lost" : nil
      }
    ) { monitor in
      try await eventually("a pass") { monitor.latest?.results.value?.completedPasses ?? 0 > 0 }
      try await eventually("the head") {
        monitor.latest?.queues.value?.first?.head?.value?.taskID == "1"
      }
      try await eventually("bindings") { monitor.latest?.presence.value?.scanComplete == true }
      switch loss {
      case .restart: try await server.restart()
      case .flush: try server.command("FLUSHALL")
      }
      try await eventually("the loss is seen") {
        monitor.latest?.queues.value?.first.map { $0.ready == 0 && $0.head == nil } == true
      }
      try await eventually("a new pass over what is left") {
        monitor.latest?.results.value.map { $0.completedPasses > 0 && $0.count == 0 } == true
      }
      try await eventually("a new scan of the bindings") {
        monitor.latest?.presence.value?.scanComplete == true
      }
    }
  }

  @Test func `results on another server outlive the broker's restart`() async throws {
    let broker = try await RedisServer()
    let backend = try await RedisServer()
    try Self.fill(backend)
    var configuration = MonitorConfiguration.quick(try broker.url()) {
      $0.resultPause = Seconds(3600)
    }
    configuration.backend = try backend.url()
    try await ObservedMonitor.observe(configuration) { monitor in
      try await eventually("a pass") { monitor.latest?.results.value?.completedPasses ?? 0 > 0 }
      let before = try #require(monitor.latest?.server.value?.runID)
      try await broker.restart()
      try await eventually("the new broker") {
        monitor.latest?.server.value.map { $0.runID != before } == true
      }
      #expect(monitor.latest?.results.value?.count == 3)
    }
  }
}
