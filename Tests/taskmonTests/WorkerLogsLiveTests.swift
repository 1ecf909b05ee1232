import Foundation
import TaskmonTestSupport
import Testing

/// Workers whose tasks print and workers whose tasks log, followed through the rotation of their
/// logs: by one that observes all the time, and by one that looks now and then.
@Suite("Workers' logs of real Celery", .tags(.live))
struct WorkerLogsLiveTests {
  private struct Desk {
    let fleet: CeleryFleet
    let logs: TemporaryFolder

    func worker(_ app: String, _ name: String) async throws {
      _ = try await fleet.worker(
        app, node: "\(name)@desk", as: name, queues: name, logFile: logs.path("\(name).log"))
    }

    /// Sends a task, and waits until so many of its kind have ended.
    func run(_ queue: String, _ task: String, _ count: Int, endingAs total: Int) async throws {
      _ = try await fleet.output(of: "talkative.py", [queue, "\(task):\(count)"])
      try await eventually(within: 60, "\(total) ends of \(task)") {
        try written(queue).components(separatedBy: "] succeeded in ").count - 1 == total
      }
    }

    /// In all files a log was ever in.
    private func written(_ name: String) throws -> String {
      try FileManager.default.contentsOfDirectory(atPath: logs.path)
        .filter { $0.hasPrefix(name) && !$0.hasSuffix(".copy") }.map(logs.read).joined()
    }

    /// As logrotate does it by default; the worker makes the new file when it next writes.
    func rename(_ name: String) {
      #expect(Foundation.rename(logs.path("\(name).log"), logs.path("\(name).log.1")) == 0)
    }

    /// As logrotate does it with copytruncate.
    func copyAndTruncate(_ name: String) throws {
      try FileManager.default.copyItem(
        atPath: logs.path("\(name).log"), toPath: logs.path("\(name).log.1"))
      #expect(truncate(logs.path("\(name).log"), 0) == 0)
    }
  }

  private static let prints = [
    "warning print-in-task loud@desk", "warning print-in-task named@desk",
  ]

  private static func lines(_ document: HealthReading) -> [String: Double] {
    let found = document.findings.filter { $0.rule == "print-in-task" }
    return Dictionary(
      found.map { ($0.subject, $0.evidence["lines"]?.number ?? -1) }, uniquingKeysWith: { $1 })
  }

  private static func headlines(_ document: HealthReading) -> [String] {
    document.headlines.filter { $0.contains("print-in-task") }
  }

  @Test("prints are told from logs, whatever happens to the files", .timeLimit(.minutes(6)))
  func printing() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    let desk = Desk(fleet: try await CeleryFleet(broker: url), logs: try TemporaryFolder())
    let pattern = desk.logs.path("*.log")
    let taskmon = try Taskmon()
    let serving = try await Serving(
      ["--broker", url, "--worker-log", pattern], taskmon: taskmon)
    try await desk.worker("talkative", "loud")
    try await desk.worker("talkative", "calm")
    try await desk.worker("talkative:named", "named")
    try await desk.worker("talkative:named", "clear")

    try await desk.run("calm", "note", 20, endingAs: 1)
    try await desk.run("clear", "consult", 20, endingAs: 1)
    try await desk.run("loud", "shout", 3, endingAs: 1)
    try await desk.run("named", "mutter", 1, endingAs: 1)
    try await Vigil(serving).finds("print-in-task", since: .now)
    try await eventually(within: 60, "both who print") {
      Self.headlines(try serving.health()) == Self.prints
    }
    let document = try serving.health()
    // One print of three values is five lines of the log.
    #expect(Self.lines(document) == ["loud@desk": 15, "named@desk": 1])
    #expect(
      document.finding("print-in-task")?.evidence["tasks"] == .list([.text("talkative.shout 15")]))

    let check = [
      "--broker", url, "--worker-log", pattern, "--observe", "1s", "--rule", "print-in-task",
    ]
    let state = taskmon.home.path("state.json")
    var run = try await taskmon.check(check, state: state, timeout: 90)
    #expect(Self.lines(run.document) == ["loud@desk": 15, "named@desk": 1], "\(run)")
    #expect(run.status == 1)

    try await desk.run("loud", "shout", 1, endingAs: 2)
    desk.rename("loud")
    try desk.copyAndTruncate("named")
    try await desk.run("loud", "shout", 1, endingAs: 3)
    try await desk.run("named", "mutter", 2, endingAs: 2)
    let wanted = ["loud@desk": 25.0, "named@desk": 3]
    try await eventually(within: 90, "what came after the rotation") {
      Self.lines(try serving.health()) == wanted
    }
    run = try await taskmon.check(check, state: state, timeout: 90)
    #expect(Self.lines(run.document) == wanted, "\(run)")
    #expect(Self.headlines(try serving.health()) == Self.prints)

    // What was printed stays where it is.
    let kept = try String(contentsOfFile: state, encoding: .utf8)
    #expect(!kept.contains("the report") && !kept.contains("of its own"))
  }

  @Test("without a log the rule says how to make it judge", .timeLimit(.minutes(2)))
  func missing() async throws {
    let redis = try await RedisServer(tcp: true)
    try redis.command("SADD", "_kombu.binding.celery", "celery\u{6}\u{16}\u{6}\u{16}celery")
    let taskmon = try Taskmon()
    let check = ["--broker", try redis.tcpURL(), "--observe", "0s", "--rule", "print-in-task"]
    let none = try await taskmon.check(check)
    #expect(
      none.document.unknown.map(\.missing) == ["no worker log is read: give --worker-log GLOB"])
    let pattern = taskmon.home.path("*.log")
    let empty = try await taskmon.check(check, environment: ["TASKMON_WORKER_LOG": pattern])
    #expect(empty.document.unknown.map(\.missing) == ["no file matches \(pattern)"])
    _ = try taskmon.home.write("config.yaml", "worker-log: [\(pattern), /nowhere/x.log]\n")
    let file = try await taskmon.check(check + ["--config", taskmon.home.path("config.yaml")])
    #expect(file.document.unknown.map(\.missing) == ["no file matches \(pattern)"])
  }
}
