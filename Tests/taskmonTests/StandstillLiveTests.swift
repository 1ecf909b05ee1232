import Foundation
import TaskmonTestSupport
import Testing

/// A monitor that was not looking must neither lie about that time nor forget what it knew.
@Suite("A taskmon that stood still, or was cut off", .tags(.live))
struct StandstillLiveTests {
  private struct Shop {
    let redis: RedisServer
    let fleet: CeleryFleet
    /// Through the socket, whose own buffers are small.
    let stopped: Serving
    /// Never stopped.
    let reference: Serving
  }

  @Test(
    "counts the gap, counts what came late, raises no alarm, and its counters never fall",
    .timeLimit(.minutes(8)))
  func standstill() async throws {
    let redis = try await RedisServer(tcp: true)
    let fleet = try await CeleryFleet(broker: try redis.tcpURL())
    let first = try await worker("w1", of: fleet)
    let second = try await worker("w2", of: fleet)
    let taskmon = try Taskmon()
    let shop = Shop(
      redis: redis, fleet: fleet,
      stopped: try await Serving(["--broker", redis.socketURL()], taskmon: taskmon),
      reference: try await Serving(["--broker", try redis.tcpURL()], taskmon: taskmon))
    for serving in [shop.stopped, shop.reference] {
      try await eventually(within: 60, "events") { try Stream(serving).received > 0 }
    }
    _ = try await fleet.beat("shop", as: "beat", redBeat: true)
    _ = try await fleet.program("shop.py", ["300"], as: "producer")
    var watch = CounterWatch()
    try await watch.look(at: shop.stopped, for: 10)
    try await frozen(shop, &watch)
    try await cut(shop, &watch)
    try await churn(shop, first, second, &watch)
    try await exemplars(shop)
  }

  /// Everything published meanwhile is still read.
  private func frozen(_ shop: Shop, _ watch: inout CounterWatch) async throws {
    let before = try Stream(shop.stopped)
    let connection = try #require(try subscription(shop.redis))
    shop.stopped.process.send(signal: SIGSTOP)
    try await pass(seconds: 12)
    shop.stopped.process.send(signal: SIGCONT)
    try await eventually(within: 60, "the gap") {
      try Stream(shop.stopped).gaps == before.gaps + 1
    }
    let told = try CounterReading(shop.reference).overQueues
    try await eventually(within: 60, "all that came late") {
      try CounterReading(shop.stopped).overQueues.hasReached(told)
    }
    let counted = try CounterReading(shop.stopped).overQueues
    try await eventually(within: 60, "no more than came") {
      try CounterReading(shop.reference).overQueues.hasReached(counted)
    }
    let after = try Stream(shop.stopped)
    #expect(try subscription(shop.redis) == connection, "it was kept")
    #expect(after.lag > 8, "late by \(after.lag) s")
    try await watch.look(at: shop.stopped, for: 12)
  }

  /// Redis lets nobody owe it much.
  private func cut(_ shop: Shop, _ watch: inout CounterWatch) async throws {
    let before = try Stream(shop.stopped)
    let connection = try #require(try subscription(shop.redis))
    try shop.redis.command(
      "CONFIG", "SET", "client-output-buffer-limit", "pubsub 262144 0 0")
    shop.stopped.process.send(signal: SIGSTOP)
    let pad = String(repeating: "x", count: 8192)
    let event =
      #"{"body": "{\"type\": \"worker-padding\", \"hostname\": \"p@d\", \"pad\": \"\#(pad)\"}"}"#
    let publish = [
      Array("PUBLISH".utf8), Array("/0.celeryev/worker.padding".utf8), Array(event.utf8),
    ]
    for _ in 0..<20 { try shop.redis.pipeline(Array(repeating: publish, count: 50)) }
    #expect(try subscription(shop.redis) == nil, "it was cut")
    try await pass(seconds: 20)
    shop.stopped.process.send(signal: SIGCONT)
    try await eventually(within: 60, "the gap") {
      try Stream(shop.stopped).gaps > before.gaps
    }
    try await watch.look(at: shop.stopped, for: 20)
    #expect(try Stream(shop.stopped).gaps == before.gaps + 1, "one standstill is one gap")
    let newer = try subscription(shop.redis)
    #expect(newer != nil && newer != connection)
  }

  /// Names go, come back, and are killed.
  private func churn(
    _ shop: Shop, _ first: FleetMember, _ second: FleetMember, _ watch: inout CounterWatch
  ) async throws {
    async let deploy: Void = {
      try await first.stop()
      _ = try await worker("w1", as: "w1-new", of: shop.fleet)
      try second.kill9()
      _ = try await worker("w3", of: shop.fleet)
    }()
    watch.allowsAlarms = true
    try await watch.look(at: shop.stopped, for: 12)
    try await deploy
    try await watch.look(at: shop.stopped, for: 5)
    #expect(watch.last.values.keys.contains { $0.contains("celery_task_succeeded_total{") })
  }

  private func exemplars(_ shop: Shop) async throws {
    let accept = ["Accept": "application/openmetrics-text; version=1.0.0"]
    let text = try shop.stopped.get("/metrics", headers: accept).body
    let json = try await shop.fleet.output(of: "read_metrics.py", ["openmetrics"], input: text)
    let samples = try JSONDecoder().decode([SampleWithExemplar].self, from: Data(json.utf8))
    let named = samples.filter { $0.exemplar != nil }
    #expect(!named.isEmpty)
    #expect(named.allSatisfy { $0.name == "celery_task_runtime_bucket" })
    #expect(named.allSatisfy { $0.exemplar?.labels["task_id"]?.count == 36 })
    #expect(named.allSatisfy { ($0.exemplar?.value ?? 9) <= Double($0.labels["le"] ?? "") ?? 0 })
  }

  /// Redis' number of the one subscription through its socket; nil while there is none.
  private func subscription(_ redis: RedisServer) throws -> String? {
    let clients = try redis.command("CLIENT", "LIST", "TYPE", "pubsub").text ?? ""
    let own = clients.split(separator: "\n").first { $0.contains("redis.sock") }
    return own?.split(separator: " ").first.map(String.init)
  }

  private func worker(_ node: String, as name: String? = nil, of fleet: CeleryFleet) async throws
    -> FleetMember
  {
    try await fleet.worker(
      "shop", node: "\(node)@\(node)", as: name ?? node, queues: "celery,mail")
  }
}

private struct SampleWithExemplar: Decodable {
  struct Exemplar: Decodable {
    let labels: [String: String]
    let value: Double
  }

  let name: String
  let labels: [String: String]
  let exemplar: Exemplar?
}

/// What `/metrics` says of the event stream.
private struct Stream {
  let received: Double
  let gaps: Double
  let lag: Double

  init(_ serving: Serving) throws {
    let lines = try serving.get("/metrics").body.split(separator: "\n")
    func value(_ name: String) -> Double {
      let line = lines.first { $0.hasPrefix(name + " ") }
      return line?.split(separator: " ").last.flatMap { Double($0) } ?? -1
    }
    received = value("taskmon_events_received_total")
    gaps = value("taskmon_event_gaps_total")
    lag = value("taskmon_event_lag_seconds")
  }
}

/// The counters of `/metrics` that are about tasks, by name and labels.
private struct CounterReading {
  var values: [String: Double] = [:]

  init() {}

  init(_ serving: Serving) throws {
    for line in try serving.get("/metrics").body.split(separator: "\n") {
      guard line.hasPrefix("celery_task_"), let space = line.lastIndex(of: " "),
        ["_total{", "_bucket{", "_count{", "_sum{"].contains(where: { line.contains($0) }),
        !line.contains("task_executions")
      else { continue }
      values[String(line[..<space])] = Double(line[line.index(after: space)...])
    }
  }

  /// Added up over the queues: which one a task came from is told sooner to one than to another.
  var overQueues: CounterReading {
    var sums = CounterReading()
    for (name, value) in values {
      sums.values[name.replacing(#/queue_name="[^"]*"/#, with: ""), default: 0] += value
    }
    return sums
  }

  func hasReached(_ other: CounterReading) -> Bool {
    // Sums are of floating point, in the order in which events came.
    other.values.allSatisfy { name, value in values[name].map { $0 > value - 0.001 } ?? false }
  }
}

/// Looks every second for alarms, and for counters that fall.
private struct CounterWatch {
  var last = CounterReading()
  var allowsAlarms = false

  mutating func look(at serving: Serving, for seconds: Double) async throws {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      let document = try serving.health()
      let alarms = document.findings.filter { $0.severity != "info" }
      guard alarms.isEmpty || allowsAlarms else {
        throw SupportError("a false alarm: \(alarms)")
      }
      let now = try CounterReading(serving)
      guard now.hasReached(last) else {
        let fallen = last.values.filter { now.values[$0.key].map { $0 } ?? -1 < $0.value }
        throw SupportError("fallen: \(fallen.map { "\($0) to \(now.values[$0.key] ?? .nan)" })")
      }
      last = now
      try await pass(seconds: 1)
    }
  }
}
