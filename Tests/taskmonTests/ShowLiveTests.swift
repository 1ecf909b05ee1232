import Foundation
import TaskmonTestSupport
import Testing

@Suite("`show` prints the console's tables", .tags(.live))
struct ShowLiveTests {
  private let taskmon: Taskmon

  init() throws { taskmon = try Taskmon() }

  private struct Document: Decodable {
    let view: String
    let takenAt: String
    let rows: [[String: JSON]]
  }

  private func show(_ arguments: [String]) async throws -> ProcessResult {
    try await taskmon.run(["show"] + arguments + ["--observe", "1s"])
  }

  @Test("queues as text, as JSON and as CSV")
  func queues() async throws {
    let redis = try await RedisServer()
    try Plant.queue("=cmd()", ready: 1234, in: redis)
    let broker = ["queues", "--broker", redis.socketURL()]
    let text = try await show(broker)
    #expect(text.end == .exit(0), "\(text.errorText)")
    #expect(text.outputText.firstMatch(of: #/=cmd\(\) +1,234\b/#) != nil)
    let json = try await show(broker + ["--format", "json"])
    let document = try JSONDecoder().decode(Document.self, from: Data(json.output))
    #expect(document.view == "queues")
    #expect(document.takenAt.hasSuffix("Z"))
    #expect(document.rows.map { $0["queue"] } == [.text("=cmd()")])
    #expect(document.rows.first?["ready"] == .number(1234))
    let csv = try await show(broker + ["--format", "csv"])
    #expect(csv.outputText.hasPrefix("queue,ready,"))
    #expect(csv.outputText.contains("\r\n\"'=cmd()\",1234,"), "\(csv.outputText)")
  }

  @Test("what cannot be read ends with 1 and the reason")
  func unreadable() async throws {
    let redis = try await RedisServer(tcp: true)
    let url = try redis.tcpURL()
    try await redis.stop()
    let run = try await show(["queues", "--broker", url])
    #expect(run.end == .exit(1))
    #expect(run.outputText.isEmpty)
    #expect(run.errorText.contains("nobody listens there"))
  }

  @Test("a table that does not exist is wrong usage")
  func unknownTable() async throws {
    let run = try await show(["weather"])
    #expect(run.end == .exit(64))
    #expect(
      run.errorText.contains(
        "choose one of queues, workers, tasks, running, beat, results, audit, broker")
    )
  }
}
