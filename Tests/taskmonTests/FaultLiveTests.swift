import Foundation
import TaskmonTestSupport
import Testing

/// A Redis that is away, shut, elsewhere or full of rubbish is an ordinary Tuesday.
@Suite("Faults are said and survived", .tags(.live))
struct FaultLiveTests {
  @Test("no Redis: critical, exit 2, no number that is not known; then it comes, and all is well")
  func absentThenPresent() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    try await redis.stop()
    let taskmon = try Taskmon()
    let run = try await taskmon.check(["--broker", url, "--observe", "2s"])
    #expect(run.status == 2)
    #expect(run.document.headlines == ["critical broker-unreachable broker"])
    let message = run.document.finding("broker-unreachable")?.message ?? ""
    #expect(message.contains("nobody listens"), "\(message)")

    let serving = try await Serving(["--broker", url], taskmon: taskmon)
    #expect(try serving.get("/-/ready").status == 503)
    let metrics = try serving.get("/metrics")
    #expect(metrics.status == 200)
    #expect(hasSample(metrics.body, "taskmon_up", 0))
    #expect(!metrics.body.contains("\ncelery_queue_length"), "\(metrics.body)")
    try await redis.restart()
    try Plant.queue("celery", ready: 3, in: redis)
    try await eventually(within: 60, "recovery") {
      hasSample(try serving.get("/metrics").body, "taskmon_up", 1)
    }
    try await eventually(within: 60, "the queue") {
      hasSample(try serving.get("/metrics").body, "celery_queue_length", 3)
    }
    #expect(try serving.get("/-/ready").status == 200)
  }

  @Test("killed and back: the console keeps the last good data, says STALE, and recovers")
  func killedAndBack() async throws {
    let redis = try await RedisServer(tcp: true)
    try Plant.queue("orders", ready: 37, in: redis)
    let taskmon = try Taskmon()
    let terminal = try await Tmux(columns: 120, rows: 30, environment: taskmon.environment)
    try await terminal.enter(
      "\(Taskmon.path) top --view queues --broker \(try redis.tcpURL()); echo EXIT $?")
    let row = #/orders\s+37\b/#
    try await terminal.shows("the queue", within: 60) { $0.firstMatch(of: row) != nil }
    try await redis.kill9()
    try await terminal.shows("STALE and the last good data", within: 60) {
      $0.contains("STALE") && $0.firstMatch(of: row) != nil
    }
    try await redis.restart()
    try Plant.queue("orders", ready: 5, in: redis)
    try await terminal.shows("fresh data", within: 60) {
      !$0.contains("STALE") && $0.firstMatch(of: #/orders\s+5\b/#) != nil
    }
    try await terminal.press("q")
    try await terminal.shows("EXIT 0")
  }

  @Test("a wrong password is said, and never shown")
  func wrongPassword() async throws {
    let redis = try await RedisServer(tcp: true, password: "right-word")
    let url = "redis://:wrong-word@127.0.0.1:\(redis.port ?? 0)/0"
    let run = try await Taskmon().check(["--observe", "2s"], environment: ["TASKMON_BROKER": url])
    #expect(run.status == 2)
    #expect(run.document.headlines == ["critical broker-unreachable broker"])
    let message = (run.document.finding("broker-unreachable")?.message ?? "").lowercased()
    #expect(message.contains("password") || message.contains("auth"), "\(message)")
    let all = "\(run.document) \(run.errors)"
    #expect(!all.contains("wrong-word"), "\(all)")
    let right = try await Taskmon().check(
      ["--observe", "2s"], environment: ["TASKMON_BROKER": try redis.tcpURL()])
    #expect(right.document.headlines.contains { $0.contains("broker-unreachable") } == false)
  }

  @Test(
    "a database that does not exist is said; one without Celery is unknown, and says where it is")
  func wrongDatabase() async throws {
    let redis = try await RedisServer(tcp: true)
    let taskmon = try Taskmon()
    let none = try await taskmon.check(
      ["--broker", try redis.tcpURL(database: 99), "--observe", "2s"])
    #expect(none.status == 2)
    let message = none.document.finding("broker-unreachable")?.message ?? ""
    #expect(message.contains("99"), "\(message)")

    try Plant.queue("celery", ready: 3, in: redis)
    let other = try await taskmon.check(
      ["--broker", try redis.tcpURL(database: 5), "--observe", "6s"])
    #expect(other.status == 3)
    #expect(other.document.status == "unknown")
    #expect(other.document.healthy.allSatisfy { $0 == "broker-unreachable" })
    let gate = other.document.findings.map(\.rule) + other.document.unknown.map(\.rule)
    #expect(gate.contains("no-celery-here"), "\(other.document)")
    let said = other.document.findings.map(\.message) + other.document.unknown.map(\.missing)
    #expect(said.contains { $0.contains("/0") || $0.contains("db 0") }, "\(said)")
  }

  @Test("a key of the wrong type costs its own facts only, and is no zero")
  func wrongType() async throws {
    let redis = try await RedisServer(tcp: true)
    try Plant.queue("good", ready: 4, in: redis)
    try Plant.queue("bad", ready: 0, in: redis)
    try redis.command("SET", "bad", "a string")
    try redis.command("SET", "unacked", "a string")
    try redis.command("LPUSH", "unacked_index", "a list")
    try redis.command("SADD", "_kombu.binding_deadlines", "a set")
    try redis.command("SADD", "redbeat::schedule", "a set")
    try redis.command("LPUSH", "redbeat::lock", "a list")
    try redis.command("LPUSH", "celery-task-meta-x", "a list")
    let serving = try await Serving(["--broker", try redis.tcpURL()], taskmon: try Taskmon())
    try await eventually(within: 60, "the good queue") {
      hasSample(try serving.get("/metrics").body, "celery_queue_length", 4)
    }
    let body = try serving.get("/metrics").body
    #expect(body.contains("queue_name=\"good\""))
    #expect(!body.contains("celery_queue_length{queue_name=\"bad\""), "\(body)")
    #expect(!body.contains("\ncelery_unacked_oldest_age_seconds"), "\(body)")
    #expect(!body.contains("\ncelery_beat_lock_held 0"), "\(body)")
    #expect(try await serving.stop() == .exit(0))
  }

  @Test("garbage in a queue and on the event channel is counted and harms nothing")
  func garbage() async throws {
    let redis = try await RedisServer(tcp: true)
    try Plant.queue("celery", ready: 2, in: redis)
    for garbage in Self.garbage { try redis.command(bytes: [b("LPUSH"), b("celery"), garbage]) }
    for garbage in Self.garbage { try redis.command(bytes: [b("RPUSH"), b("celery"), garbage]) }
    let serving = try await Serving(["--broker", try redis.tcpURL()], taskmon: try Taskmon())
    let expected = 2 + 2 * Self.garbage.count
    try await eventually(within: 60, "the queue's length") {
      hasSample(try serving.get("/metrics").body, "celery_queue_length", expected)
    }
    try await eventually(within: 60, "garbage counted as undecodable") {
      for garbage in Self.garbage {
        try redis.command(bytes: [b("PUBLISH"), b("/0.celeryev/worker.heartbeat"), garbage])
      }
      let found = try serving.get("/metrics").body.firstMatch(
        of: #/\ntaskmon_events_undecodable_total(?:\{[^}]*\})? (\d+)/#)
      return (found.flatMap { Int($0.output.1) } ?? 0) >= Self.garbage.count
    }
    #expect(try serving.health().findings.allSatisfy { $0.severity != "critical" })
    #expect(try await serving.stop() == .exit(0))
  }

  static let garbage: [[UInt8]] = [
    [], [0, 1, 2, 255], Array("{".utf8), Array("[]".utf8), Array("null".utf8),
    Array("{\"body\": 7, \"headers\": [], \"properties\": \"x\"}".utf8),
    Array("{\"body\": \"!!!\", \"properties\": {\"body_encoding\": \"base64\"}}".utf8),
    Array(String(repeating: "[", count: 100_000).utf8),
    Array("{\"headers\": {\"id\": \"\\u001b[31m\", \"task\": \"\\ud800\"}}".utf8),
  ]

  private func b(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// Whether a series of that name has that value.
  private func hasSample(_ exposition: String, _ name: String, _ value: Int) -> Bool {
    exposition.split(separator: "\n").contains {
      $0.hasPrefix(name) && ($0.hasSuffix(" \(value)") || $0.hasSuffix(" \(value).0"))
    }
  }
}
