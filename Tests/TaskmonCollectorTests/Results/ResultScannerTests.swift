import CeleryProtocol
import Foundation
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct ResultScannerTests {
  private static func pass(
    _ server: RedisServer, cost: RedisCostCounter = RedisCostCounter(),
    step: Int = 500, name: @escaping @Sendable (String) -> String? = { _ in nil }
  ) async throws -> (ResultFacts, [Int]) {
    var budget = CollectionBudget()
    budget.scanStep = step
    let progress = Collected<Int>()
    let result = try await ResultScanner(
      layout: layout, budget: budget, pace: ScanPace(time: SystemTime.source, share: 0.9),
      taskName: name
    ).pass(server.link(cost: cost)) { tally in
      progress.add(tally.facts(completedPasses: 0, at: at(0)).count)
      return true
    }
    let tally = try #require(try result?.get())
    return (tally.facts(completedPasses: 1, at: at(0)), progress.all)
  }

  @Test func `a result of five megabytes is measured by its ends`() async throws {
    let server = try await RedisServer()
    let result = String(repeating: "x", count: 5_000_000)
    try server.command(
      "SETEX", "celery-task-meta-big", "3600",
      #"{"status": "SUCCESS", "result": "\#(result)", "traceback": null, "children": [], "#
        + #""name": "reports.build", "args": [], "kwargs": {}, "worker": "w@h", "task_id": "big"}"#)
    let cost = RedisCostCounter()
    let (facts, _) = try await Self.pass(server, cost: cost)
    #expect(cost.value.bytesIn < 10 << 10)
    let largest = try #require(facts.largest.first)
    #expect(largest.task == "reports.build")
    #expect(largest.state == "SUCCESS")
    #expect(largest.size > .kibibytes(4800))
    #expect(try #require(largest.timeToLive) <= Seconds(3600))
  }

  @Test func `the name comes from events where the result has none`() async throws {
    let server = try await RedisServer()
    try server.command("SET", "celery-task-meta-1", #"{"status": "FAILURE", "result": {}}"#)
    let (facts, _) = try await Self.pass(server) { $0 == "1" ? "a.b" : nil }
    #expect(facts.tasks.map(\.task) == ["a.b"])
    #expect(facts.withoutExpiry == 1)
    #expect(facts.states == ["FAILURE": 1])
  }

  @Test func `keys of another type and other keys are no results`() async throws {
    let server = try await RedisServer()
    try server.command("RPUSH", "celery-task-meta-list", "x")
    try server.command("SET", "celery-taskset-meta-1", "{}")
    try server.command("SET", "celery-task-meta-garbage", "\u{1}\u{2}")
    let (facts, _) = try await Self.pass(server)
    #expect(facts.count == 1)
    #expect(facts.states == ["?": 1])
  }

  @Test func `a pass over many keys counts each and tells how far it is`() async throws {
    let server = try await RedisServer()
    try server.pipeline(
      (0..<1200).map { number in
        ["SET", "celery-task-meta-\(number)", "{}"].map { Array($0.utf8) }
      })
    let (facts, progress) = try await Self.pass(server, step: 100)
    #expect(facts.count == 1200)
    #expect(progress.count > 5)
    #expect(progress == progress.sorted())
  }

  @Test func `tasks that nobody knew and runs outside of workers are told by name`() async throws {
    let server = try await RedisServer()
    func meta(_ id: String, _ status: String, _ result: String, _ more: String) throws {
      try server.command(
        "SET", "celery-task-meta-\(id)",
        #"{"status": "\#(status)", "result": \#(result), "traceback": null, "children": [], "#
          + #""date_done": "2026-11-22T08:20:5\#(id)+00:00", \#(more)"task_id": "\#(id)"}"#)
    }
    let unknown = #"{"exc_type": "NotRegistered", "exc_message": ["no.such"]}"#
    try meta("1", "FAILURE", unknown, "")
    try meta("2", "FAILURE", unknown, "")
    try meta("3", "SUCCESS", "1", #""name": "a.b", "worker": "web-1", "queue": null, "#)
    try meta("4", "SUCCESS", "1", #""name": "a.b", "worker": "w@h", "queue": "celery", "#)
    let (facts, _) = try await Self.pass(server)
    let moment = Timestamp(secondsSince1970: 1_795_335_650)
    #expect(
      facts.unregistered
        == [StoredMark(name: "no.such", count: 2, latest: moment + Seconds(2), latestID: "2")])
    #expect(
      facts.eagerRuns == [
        StoredMark(
          name: "web-1", count: 1, latest: moment + Seconds(3), latestID: "3", task: "a.b")
      ])
  }

  @Test func `failures of misused event loops are told by their task`() async throws {
    let server = try await RedisServer()
    func meta(_ id: String, _ type: String, _ text: String, _ more: String = "") throws {
      let result = #"{"exc_type": "\#(type)", "exc_message": ["\#(text)"], "exc_module": "x"}"#
      try server.command(
        "SET", "celery-task-meta-\(id)",
        #"{"status": "FAILURE", "result": \#(result), "traceback": "T", "children": [], "#
          + #""date_done": "2026-11-22T08:20:5\#(id)+00:00", \#(more)"task_id": "\#(id)"}"#)
    }
    let name = #""name": "a.b", "worker": "w@h", "#
    try meta("1", "RuntimeError", "Event loop is closed", name)
    try meta(
      "2", "RuntimeError",
      "Task " + String(repeating: "x", count: 300) + " attached to a different loop", name)
    try meta("3", "EncodeError", "TypeError('Object of type coroutine is not JSON serializable')")
    try meta("4", "RuntimeError", "out of stock", name)
    try meta("5", "ValueError", "Event loop is closed", name)
    let (facts, _) = try await Self.pass(server)
    let moment = Timestamp(secondsSince1970: 1_795_335_650)
    #expect(
      facts.loopFaults == [
        StoredMark(
          name: "a.b", count: 2, latest: moment + Seconds(2), latestID: "2", task: "a.b",
          detail: "attached to a different loop"),
        StoredMark(
          name: "unknown task", count: 1, latest: moment + Seconds(3), latestID: "3",
          detail: "a coroutine was never awaited"),
      ])
  }

  @Test func `only so many small results are looked at closely`() async throws {
    let server = try await RedisServer()
    try server.pipeline(
      (0..<400).map { number in
        ["SET", "celery-task-meta-\(number)", #"{"status": "SUCCESS", "worker": "web"}"#]
          .map { Array($0.utf8) }
      })
    let (facts, _) = try await Self.pass(server)
    #expect(facts.eagerRuns.map(\.count) == [CollectionBudget().originResults])
  }

  @Test func `an empty backend has no results, which is known`() async throws {
    let (facts, _) = try await Self.pass(try await RedisServer())
    #expect(facts.count == 0)
    #expect(facts.completedPasses == 1)
  }
}
