import Foundation
import TaskmonTestSupport
import Testing

@Suite("What is known is not told again", .tags(.live))
struct SilenceLiveTests {
  private static let finding = "warning broker-evicts broker"
  private let taskmon: Taskmon

  init() throws { taskmon = try Taskmon() }

  /// A Celery on a Redis that may evict its queues: a finding that is there at once.
  private func evicting() async throws -> RedisServer {
    let redis = try await RedisServer()
    try Plant.queue("celery", ready: 1, in: redis)
    _ = try redis.command("CONFIG", "SET", "maxmemory", "1gb")
    _ = try redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    return redis
  }

  private func check(_ redis: RedisServer, _ arguments: [String] = []) async throws -> CheckRun {
    try await taskmon.check(
      ["--broker", redis.socketURL(), "--observe", "1s", "--rule", "broker-evicts"] + arguments)
  }

  @Test("a silence of the command line or of the file counts for nothing, and is shown")
  func configured() async throws {
    let redis = try await evicting()
    let loud = try await check(redis)
    #expect(loud.status == 1)
    #expect(loud.document.findings.map(\.headline) == [Self.finding])
    #expect(loud.document.silenced.isEmpty)

    let flag = "broker-evicts[broker] until 2999-01-01 because it is a cache"
    let quiet = try await check(redis, ["--silence", flag])
    #expect(quiet.status == 0)
    #expect(quiet.document.findings.isEmpty)
    #expect(quiet.document.silenced.map(\.headline) == [Self.finding])
    #expect(quiet.document.status == "healthy")

    let file = try taskmon.home.write(
      "c.yaml",
      """
      silence:
        - {rule: broker-evicts, until: 2999-01-01, reason: it is a cache}
      """)
    #expect(chmod(file, 0o600) == 0)
    #expect(try await check(redis, ["--config", file]).status == 0)

    let over = "broker-evicts until 2026-01-01 because it was a cache"
    #expect(try await check(redis, ["--silence", over]).status == 1)
    let text = try await taskmon.run(
      [
        "check", "--broker", redis.socketURL(), "--observe", "1s", "--state", "none", "--rule",
        "broker-evicts", "--silence", flag,
      ])
    #expect(text.outputText.contains("TASKMON OK - 0 findings, 1 silenced; the rule was judged"))
    #expect(
      text.outputText.contains(
        "silenced broker-evicts broker: until 2999-01-01T00:00:00Z because it is a cache"))
  }

  @Test("what is no silence is refused before anything is looked at")
  func refused() async throws {
    let run = try await taskmon.run(["check", "--silence", "broker-evicts"])
    #expect(run.end == .exit(3))
    #expect(run.errorText.contains("--silence: \"broker-evicts\" is no silence; write"))
  }

  /// What the console says to a silence of the finding under its cursor.
  private func silence(_ redis: RedisServer, in file: String, until answer: String) async throws {
    let terminal = try await Tmux(columns: 160, rows: 30, environment: taskmon.environment)
    try await terminal.enter(
      "\(Taskmon.path) top --broker \(redis.socketURL()) --silence-file \(file)")
    try await terminal.shows("broker-evicts", within: 60)
    try await terminal.type("a")
    try await terminal.shows("until it ends")
    try await terminal.press("Down", "Enter")
    try await terminal.shows("because:")
    try await terminal.type("it is a cache")
    try await terminal.press("Enter")
    try await terminal.shows(answer, within: 10)
    try await terminal.type("q")
    try await terminal.shows("READY>") { $0.split(separator: "\n").last == "READY>" }
  }

  @Test("the console says where a silence is kept, and goes on where another holds its file")
  func typed() async throws {
    let redis = try await evicting()
    try await silence(redis, in: "none", until: ", in the memory of this taskmon only")
    let file = taskmon.home.path("silences.json")
    let lock = open("\(file).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    try #require(lock >= 0 && flock(lock, LOCK_EX) == 0)
    try await silence(
      redis, in: file, until: "another taskmon holds \(file): nothing was changed")
    #expect(!FileManager.default.fileExists(atPath: file))
    close(lock)
    try await silence(redis, in: file, until: ", in check and serve too")
    #expect(try String(contentsOfFile: file, encoding: .utf8).contains("it is a cache"))
  }

  @Test("a daemon takes what is silenced out of its findings, and counts it apart")
  func served() async throws {
    let redis = try await evicting()
    let serving = try await Serving(
      [
        "--broker", redis.socketURL(), "--silence",
        "broker-evicts until 2999-01-01 because it is a cache",
      ], taskmon: taskmon)
    let metrics = try serving.get("/metrics").body
    #expect(metrics.contains("\ntaskmon_findings_silenced{rule=\"broker-evicts\"} 1\n"))
    #expect(!metrics.contains("taskmon_finding{rule=\"broker-evicts\""))
    #expect(metrics.contains("taskmon_rule_status{rule=\"broker-evicts\",status=\"findings\"} 1\n"))
    let asked = try await taskmon.check(["--from", "http://127.0.0.1:\(serving.port)"])
    #expect(asked.document.silenced.map(\.headline) == [Self.finding])
  }
}
