import CeleryProtocol
import RedisClient
import TaskmonDemo
import TaskmonUnits

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Measures taskmon's event path and `redis-cli`, one after the other, on the same stream.
struct EventBench {
  private let settings: Settings

  init(_ settings: Settings) { self.settings = settings }

  func run() async throws {
    let path = getenv("PATH").map { String(cString: $0) }
    let temporary = getenv("TMPDIR").map { String(cString: $0) }
    let server = try await DemoServer.start(
      searchPath: path, temporary: temporary, time: Clock.source)
    // The flood comes faster than anybody reads; what is measured is how soon all of it is read.
    _ = try RawRedis(socket: server.socketPath).ask(
      "CONFIG SET client-output-buffer-limit \"pubsub 0 0 0\"", until: "OK")
    print("\(settings.events) events, \(settings.batch) a message")
    print(row("", ["events/s", "messages/s", "us CPU/event", "lost", "peak MiB", "tasks"]))
    do {
      try await measureTaskmon(server)
      try await measureClient(server)
    } catch {
      await server.stop(time: Clock.source)
      throw error
    }
    await server.stop(time: Clock.source)
  }

  private func measureTaskmon(_ server: DemoServer) async throws {
    let listener = try Part(
      CommandLine.arguments[0], settings.arguments(for: "listen", socket: server.socketPath))
    try await waitForSubscriber(server)
    let published = try publish(server)
    let heard = listener.numbers()
    let cost = listener.cost()
    guard heard.count == 4 else { throw BenchError("the listener failed: \(heard)") }
    let lost = Double(settings.events) - heard[0]
    report("taskmon", took: heard[3] - published, cost, lost: "\(Int(lost))", tasks: heard[2])
  }

  /// It counts nothing itself: Redis says when it has been sent everything, or was cut off.
  private func measureClient(_ server: DemoServer) async throws {
    let pattern = KeyLayout(database: 0).eventPattern.text
    let client = try Part(
      "redis-cli", ["-s", server.socketPath, "PSUBSCRIBE", pattern], keepsOutput: false)
    try await waitForSubscriber(server)
    let published = try publish(server)
    let redis = try RawRedis(socket: server.socketPath)
    var isThere = true
    while true {
      let clients = try redis.ask("CLIENT LIST", until: "cmd=client|list")
      let line = clients.split(separator: "\n").first { $0.contains(" psub=1 ") }
      isThere = line != nil
      guard let line, !line.contains(" omem=0 ") else { break }
      try await Clock.source.sleep(.milliseconds(2))
    }
    let ended = Clock.uptime
    client.stop()
    let cost = client.cost()
    report(
      "redis-cli > /dev/null", took: ended - published, cost, lost: isThere ? "0" : "cut off",
      tasks: nil)
  }

  /// When the flood began; returns when Redis has taken all of it.
  private func publish(_ server: DemoServer) throws -> Double {
    let publisher = try Part(
      CommandLine.arguments[0], settings.arguments(for: "publish", socket: server.socketPath))
    let times = publisher.numbers()
    _ = publisher.cost()
    guard times.count == 2 else { throw BenchError("the publisher failed: \(times)") }
    return times[0]
  }

  private func waitForSubscriber(_ server: DemoServer) async throws {
    let redis = try RawRedis(socket: server.socketPath)
    let deadline = Clock.uptime + 10
    while try !redis.ask("PUBSUB NUMPAT", until: "\n").contains(":1") {
      guard Clock.uptime < deadline else { throw BenchError("nobody subscribed within 10 s") }
      try await Clock.source.sleep(.milliseconds(5))
    }
  }

  private func report(
    _ name: String, took: Double, _ cost: Part.Cost, lost: String, tasks: Double?
  ) {
    let events = Double(settings.events)
    let rate = events / max(took, 0.000_001)
    print(
      row(
        name,
        [
          whole(rate), whole(rate / Double(settings.batch)), hundredths(cost.cpu / events * 1e6),
          lost, hundredths(cost.peakMemory / 1_048_576), tasks.map(whole) ?? "-",
        ]))
  }

  private func row(_ name: String, _ cells: [String]) -> String {
    padded(name, 24, left: false) + cells.map { padded($0, 14, left: true) }.joined()
  }

  private func padded(_ text: String, _ width: Int, left: Bool) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return left ? space + text : text + space
  }

  private func whole(_ value: Double) -> String { String(Int(value.rounded())) }

  private func hundredths(_ value: Double) -> String {
    String((value * 100).rounded() / 100)
  }
}
