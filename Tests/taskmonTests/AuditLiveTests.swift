import Foundation
import TaskmonTestSupport
import Testing

/// What holds for tasks and who says so, as real workers tell it; what one worker holds.
@Suite("Audit and worker pages beside real workers", .tags(.live))
struct AuditLiveTests {
  private let taskmon: Taskmon

  init() throws { taskmon = try Taskmon() }

  private struct Document: Decodable {
    let view: String
    let rows: [[String: JSON]]
  }

  private func audit(_ url: String) async throws -> [String: [String: JSON]] {
    var found: [String: [String: JSON]] = [:]
    try await eventually(within: 90, "both workers have told their tasks") {
      let run = try await taskmon.run(
        ["show", "audit", "--broker", url, "--observe", "1s", "--format", "json"])
      guard run.end == .exit(0) else { return false }
      let document = try JSONDecoder().decode(Document.self, from: Data(run.output))
      found = Dictionary(
        document.rows.compactMap { row in row["task"]?.text.map { ($0, row) } },
        uniquingKeysWith: { $1 })
      return found.count == 5 && found.values.allSatisfy { $0["workers"] == .number(2) }
    }
    return found
  }

  @Test("every option of the code is in its row, and a task's own limit comes before its pool's")
  func options() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url)
    _ = try await fleet.worker(
      "audited", node: "strict@audit", as: "strict", queues: "celery",
      pool: ["-c", "1", "--time-limit", "2"])
    _ = try await fleet.worker(
      "audited", node: "loose@audit", as: "loose", queues: "loose",
      pool: ["-c", "1", "-P", "threads"])
    // It runs for five seconds in a pool whose limit is two.
    #expect(try await fleet.output(of: "audited.py", ["outlast"]) == "outlasted\n")

    let rows = try await audit(url)
    func values(_ task: String, _ keys: String...) -> [JSON?] {
      keys.map { rows["audited.\(task)"]?[$0] }
    }
    let options = ["ack_late", "requeue", "retries", "soft_seconds", "result", "rate"]
    func told(_ task: String) -> [JSON?] { options.map { rows["audited.\(task)"]?[$0] } }
    #expect(
      told("bare")
        == [.text("no"), .text("no"), .text("no"), .text("none"), .text("2h"), .text("none")])
    #expect(values("bare", "verdict", "hard_seconds") == [.text("fragile"), .text("none|2s")])
    #expect(
      told("guarded")
        == [
          .text("yes"), .text("yes"), .text("auto 5"), .number(50), .text("2h"), .text("100/m"),
        ])
    #expect(values("guarded", "hard_seconds") == [.number(60)])
    #expect(
      told("stubborn")
        == [.text("no"), .text("no"), .text("endless"), .text("none"), .text("no"), .text("none")])
    #expect(values("stubborn", "verdict") == [.text("no limit")])
    #expect(
      values("outstays", "verdict", "hard_seconds", "runs")
        == [.text("may run twice"), .number(7200), .number(1)])
    #expect(values("linger", "verdict", "hard_seconds") == [.text("limit idle"), .number(900)])
  }

  @Test("a worker's page tells what it has reserved and scheduled, a run's who says its limit")
  func pages() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    let fleet = try await CeleryFleet(broker: url)
    _ = try await fleet.worker(
      "audited", node: "strict@audit", as: "strict", queues: "celery", pool: ["-c", "1"])
    _ = try await fleet.output(of: "audited.py", ["hold"])
    let terminal = try await Tmux(columns: 140, rows: 100, environment: taskmon.environment)
    try await terminal.enter("\(Taskmon.path) top --view workers --broker \(url)")
    try await terminal.shows("the worker", within: 90) {
      $0.contains("strict@audit") && $0.contains("prefork")
    }
    try await terminal.press("Enter")
    let page = try await terminal.shows("what it holds", within: 60) { screen in
      ["the-reserved", "the-scheduled", "visibility_timeout", "audited.stubborn"].allSatisfy {
        screen.contains($0)
      }
    }
    #expect(page.firstMatch(of: #/audited\.guarded +the-reserved +celery +no/#) != nil, "\(page)")
    #expect(
      page.firstMatch(of: #/audited\.linger +the-scheduled +\d\d:\d\d:\d\d +celery/#) != nil,
      "\(page)")
    #expect(page.firstMatch(of: #/audited\.linger +the-run +[\d.]+% of 15m/#) != nil, "\(page)")
    // Behind the prefix of a namespace, as a Django project has them.
    #expect(page.firstMatch(of: #/visibility_timeout +30m/#) != nil, "\(page)")
    #expect(page.firstMatch(of: #/worker_prefetch_multiplier +2\n/#) != nil, "\(page)")
    #expect(page.firstMatch(of: #/result_expires +2h/#) != nil, "\(page)")

    try await terminal.type("5")
    try await terminal.shows("the run", within: 60) { $0.contains("the-run") }
    try await terminal.press("Enter")
    let run = try await terminal.shows("its limits", within: 60) {
      $0.contains("of it gone: the task's own time_limit") && $0.contains("pid of its process")
    }
    #expect(run.contains("never: it is acknowledged, and lost if its worker dies"), "\(run)")
    #expect(run.firstMatch(of: #/pid of its process +\d+/#) != nil, "\(run)")
    try await terminal.type("qq")
    try await eventually(within: 30, "no list of ours is left") {
      try redis.command("KEYS", "taskmon-*") == .array([])
    }

    let trace = try await taskmon.run(["task", "the-reserved", "--broker", url])
    #expect(trace.outputText.contains("1m: time_limit in its message"), "\(trace.outputText)")
    #expect(trace.outputText.contains("30m, as a worker is configured"), "\(trace.outputText)")
    let silent = try await Tmux(columns: 100, rows: 60, environment: taskmon.environment)
    try await silent.enter("\(Taskmon.path) top --view workers --broker \(url) --read-only")
    try await silent.shows("the worker", within: 60) { $0.contains("strict@audit") }
    try await silent.press("Enter")
    try await silent.shows("not asked: --read-only asks no worker", within: 60)
    try await silent.type("qq")
  }
}
