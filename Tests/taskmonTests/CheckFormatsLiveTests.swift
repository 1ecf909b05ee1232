import Foundation
import TaskmonTestSupport
import Testing

@Suite("`check` answers everybody", .tags(.live))
struct CheckFormatsLiveTests {
  private let taskmon: Taskmon

  init() throws { taskmon = try Taskmon() }

  /// A port on which nobody listens, and so a finding that is there at once.
  private static func nobody() throws -> String { "redis://127.0.0.1:\(try freePort())/0" }

  private func check(
    _ arguments: [String], state: String = "none"
  ) async throws -> ProcessResult {
    try await taskmon.run(["check", "--observe", "1s", "--state", state] + arguments)
  }

  @Test("Nagios gets one line with numbers, then a line per finding, and its exit code")
  func nagios() async throws {
    let down = try await check(["--broker", try Self.nobody(), "--format", "nagios"])
    #expect(down.end == .exit(2))
    let lines = down.outputText.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.first?.hasPrefix("TASKMON CRITICAL - 1 critical; ") == true)
    #expect(lines.first?.contains("; broker-unreachable broker: ") == true)
    #expect(lines.first?.contains(" | critical=1;;0 warning=0;0; unknown=") == true)

    let redis = try await RedisServer()
    try Plant.queue("celery", ready: 7, in: redis)
    let up = try await check(["--broker", redis.socketURL(), "--format", "nagios"])
    #expect(up.outputText.contains(" queued=7 unacked=0"), "\(up.outputText)")
  }

  @Test("node_exporter gets metrics that do not collide with its own")
  func prometheus() async throws {
    let redis = try await RedisServer()
    try Plant.queue("celery", ready: 7, in: redis)
    let run = try await check(["--broker", redis.socketURL(), "--format", "prometheus"])
    #expect(run.outputText.contains("\ncelery_queue_length{queue_name=\"celery\"} 7\n"))
    #expect(!run.outputText.contains("\nprocess_"))
  }

  @Test("a daemon is asked instead of Redis, and its judgement is the answer")
  func from() async throws {
    let serving = try await Serving(["--broker", try Self.nobody()], taskmon: taskmon)
    try await eventually(within: 30, "a judgement") {
      try serving.get("/api/v1/health").body.contains("broker-unreachable")
    }
    let url = "http://127.0.0.1:\(serving.port)"
    let run = try await taskmon.check(["--from", url])
    #expect(run.status == 2)
    #expect(run.document.headlines == ["critical broker-unreachable broker"])
    let quiet = try await check(["--from", url, "--rule", "stuck-task", "--format", "nagios"])
    #expect(quiet.end == .exit(2), "a broker that is away passes every filter")
    let metrics = try await check(["--from", url, "--format", "prometheus"])
    #expect(metrics.end == .exit(3))
    #expect(metrics.errorText.contains("scrape /metrics"))
  }

  @Test("a daemon that cannot be asked is unknown, and why is said")
  func noDaemon() async throws {
    let nobody = try await check(["--from", "http://127.0.0.1:\(try freePort())"])
    #expect(nobody.end == .exit(3))
    #expect(nobody.errorText.contains("nobody listens there"))
    let redis = try await RedisServer(tcp: true)
    let stranger = try await check(
      ["--from", "http://127.0.0.1:\(redis.port ?? 0)", "--timeout", "2s"])
    #expect(stranger.end == .exit(3))
    #expect(stranger.errorText.contains("no whole HTTP answer"), "\(stranger.errorText)")
    for url in ["https://h:1", "h:1", "http://", "http://u:p@h:1", "http://h:99999"] {
      let wrong = try await check(["--from", url])
      #expect(wrong.end == .exit(3))
      #expect(wrong.errorText.contains("taskmon: --from: "), "\(url): \(wrong.errorText)")
    }
  }

  @Test("a snapshot of another time is judged and shown again")
  func replay() async throws {
    let redis = try await RedisServer()
    try Plant.queue("orders", ready: 7, in: redis)
    let snapshot = try await taskmon.run(
      ["snapshot", "--observe", "1s", "--broker", redis.socketURL()])
    #expect(snapshot.end == .exit(0), "\(snapshot.errorText)")
    let file = try taskmon.home.write("s.json", snapshot.outputText)
    try await redis.stop()
    let run = try await check(["--replay", file, "--format", "nagios"])
    #expect(run.outputText.contains(" queued=7 "), "\(run.outputText)\(run.errorText)")
    let top = try await taskmon.run(["top", "--replay", file, "--once"])
    #expect(top.end == .exit(0))
    #expect(top.outputText.firstMatch(of: #/orders +7\b/#) != nil, "\(top.outputText)")
    #expect(top.outputText.contains("replay of "))
    #expect(!top.outputText.contains("STALE"))
    let wrong = try await check(["--replay", try taskmon.home.write("x.json", "{}")])
    #expect(wrong.end == .exit(3))
    #expect(wrong.errorText.contains("this is no snapshot"))
    let both = try await check(["--replay", file, "--from", "http://h:1"])
    #expect(both.end == .exit(3))
  }

  @Test("the command runs when a finding appears and when it ends, and again where it failed")
  func exec() async throws {
    let redis = try await RedisServer(tcp: true)
    try Plant.queue("celery", ready: 1, in: redis)
    try await redis.stop()
    let state = taskmon.home.path("state.json")
    let told = taskmon.home.path("told")
    func run(_ command: String) async throws -> ProcessResult {
      try await check(
        ["--broker", try redis.tcpURL(), "--rule", "broker-unreachable", "--exec", command],
        state: state)
    }
    func tellings() -> Int {
      ((try? taskmon.home.read("told")) ?? "").components(separatedBy: "\"taskmon\":").count - 1
    }
    let failed = try await run("cat >> \(told); echo noise; exit 3")
    #expect(failed.end == .exit(2))
    #expect(failed.errorText.contains("--exec: the command ended with 3; it is tried again"))
    #expect(!failed.outputText.contains("noise"))
    #expect(tellings() == 1)
    _ = try await run("cat >> \(told)")
    #expect(tellings() == 2)
    _ = try await run("cat >> \(told)")
    #expect(tellings() == 2)
    try await redis.restart()
    let up = try await run("cat >> \(told)")
    #expect(!up.outputText.contains("CRITICAL"))
    #expect(tellings() == 3)
    _ = try await run("cat >> \(told)")
    #expect(tellings() == 3)
  }
}
