import Foundation
import Logging
import RedisClient
import Synchronization
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// A monitor at work, with every snapshot it has given.
private final class Watched: Sendable {
  private struct State {
    var latest: Snapshot?
    var isDone = false
    var breaches: [String] = []
  }

  private let state = Mutex(State())

  var latest: Snapshot? { state.withLock { $0.latest } }
  var firstRoundsDone: Bool { state.withLock { $0.isDone } }
  var breaches: [String] { state.withLock { $0.breaches } }

  func take(_ update: MonitorUpdate) {
    state.withLock { state in
      state.latest = update.history.latest
      state.isDone = update.firstRoundsDone
      guard let snapshot = update.history.latest else { return }
      if snapshot.polledAt == nil {
        let read =
          snapshot.queues.value != nil || snapshot.unacked.value != nil
          || snapshot.server.value != nil || snapshot.presence.value != nil
        if read { state.breaches.append("a fact that was never read") }
      }
    }
  }
}

@Suite struct MonitorTests {
  private static func configuration(
    _ url: RedisURL, isReadOnly: Bool = false
  ) -> MonitorConfiguration {
    var budget = CollectionBudget()
    budget.discoveryPause = Seconds(0.2)
    budget.resultPause = Seconds(0.2)
    budget.replyWait = Seconds(0.1)
    return MonitorConfiguration(
      broker: url, isReadOnly: isReadOnly, pollInterval: Seconds(0.1),
      inspectInterval: Seconds(0.5), budget: budget, limits: .quick)
  }

  /// Runs a monitor while `body` looks at it, then cancels it and waits for its end.
  private static func observe(
    _ configuration: MonitorConfiguration,
    _ body: @escaping @Sendable (Watched) async throws -> Void
  ) async throws {
    let monitor = Monitor(
      configuration, time: SystemTime.source,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let watched = Watched()
    let reader = Task { for await update in monitor.updates { watched.take(update) } }
    let runner = Task { await monitor.run() }
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await body(watched)) } catch { outcome = .failure(error) }
    runner.cancel()
    await runner.value
    await reader.value
    #expect(watched.breaches == [])
    try outcome.get()
  }

  private static func clients(_ server: RedisServer) throws -> Int {
    try server.command("CLIENT", "LIST").text?.split(separator: "\n").count ?? 0
  }

  @Test func `it begins before Redis is there and recovers by itself`() async throws {
    let server = try await RedisServer()
    try await server.stop()
    try await Self.observe(Self.configuration(try server.url())) { watched in
      try await eventually("told that Redis is away") { watched.latest?.link.failure != nil }
      #expect(watched.latest?.queues.value == nil)
      #expect(watched.latest?.workers.value == nil)
      try await server.restart()
      try await eventually("facts") { watched.latest?.server.value != nil }
      try await eventually("first rounds") { watched.firstRoundsDone }
      #expect(watched.latest?.link.isUp == true)
      #expect(watched.latest?.results.value?.count == 0)
    }
  }

  @Test func `while Redis is away the last facts stay and their age grows`() async throws {
    let server = try await RedisServer()
    try server.command("SADD", "_kombu.binding.celery", "celery\u{6}\u{16}\u{6}\u{16}celery")
    try server.command("SETEX", "celery-task-meta-1", "60", "{}")
    try server.pipeline(
      (0..<7).map { ["LPUSH", "celery", "garbage \($0)"].map { Array($0.utf8) } })
    try await Self.observe(Self.configuration(try server.url())) { watched in
      try await eventually("the queue") { watched.latest?.queues.value?.first?.ready == 7 }
      try await eventually("a pass") { watched.latest?.results.value?.completedPasses ?? 0 > 0 }
      #expect(watched.latest?.queues.value?.first?.head?.reason?.contains("not a Celery") == true)
      let before = try #require(watched.latest?.server.value?.runID)
      try await server.kill9()
      try await eventually("told that Redis is away") { watched.latest?.link.failure != nil }
      let polled = watched.latest?.polledAt
      try await eventually("age") { (watched.latest?.age ?? .zero) > Seconds(0.5) }
      #expect(watched.latest?.polledAt == polled)
      #expect(watched.latest?.queues.value?.first?.ready == 7)
      #expect(watched.latest?.results.value?.count == 1)
      try await server.restart()
      try await eventually("the new server") {
        watched.latest?.server.value.map { $0.runID != before } == true
      }
      try await eventually("the true length") { watched.latest?.queues.value?.first?.ready == 0 }
      try await eventually("events again") { watched.latest?.events.connectedSince != nil }
      #expect(watched.latest?.events.gaps ?? 0 > 0)
    }
  }

  @Test func `a wrong password is a sentence without it`() async throws {
    let server = try await RedisServer(password: "right")
    let wrong = RedisURL(
      location: .plain(.unix(path: server.socketPath)), password: Secret("wr0ng-one"))
    try await Self.observe(Self.configuration(wrong)) { watched in
      try await eventually("told") { watched.latest?.link.failure != nil }
      #expect(watched.latest?.link.failure?.kind == .authentication)
      #expect(watched.latest?.link.failure?.sentence.contains("wr0ng-one") == false)
    }
  }

  @Test func `garbage on the event channel is counted, and a true event beside it is heard`()
    async throws
  {
    let server = try await RedisServer()
    let online = try #require(try Capture.published("events.jsonl").first)
    try await Self.observe(Self.configuration(try server.url())) { watched in
      try await eventually("listening") { watched.latest?.events.connectedSince != nil }
      for garbage in ["", "\u{0}\u{1}", "{", #"{"body": "!"}"#, "[1]"] {
        try server.command("PUBLISH", "/0.celeryev/task.multi", garbage)
      }
      try server.command("PUBLISH", online.channel, online.data)
      try await eventually("counted") { watched.latest?.events.undecodable == 5 }
      try await eventually("heard") { watched.latest?.events.received == 1 }
      #expect(watched.latest?.workers.value?.map(\.id.name) == ["w1@vm"])
    }
  }

  @Test func `what workers published is summed up in the snapshot`() async throws {
    let server = try await RedisServer()
    let published = try Capture.published("events.jsonl")
    try await Self.observe(Self.configuration(try server.url())) { watched in
      try await eventually("listening") { watched.latest?.events.connectedSince != nil }
      #expect(watched.latest?.tasks.value?.tasks == [])
      for one in published { try server.command("PUBLISH", one.channel, one.data) }
      try await eventually("summed up") {
        watched.latest?.tasks.value?.tasks.reduce(0) { $0 + $1.total.counts.received } == 211
      }
      let snapshot = try #require(watched.latest)
      let tasks = try #require(snapshot.tasks.value)
      #expect(tasks[task: "labapp.add"]?.recent.counts.received == 129)
      #expect(tasks.recent.heard > .zero)
      // Of the twelve retries of one task the latest ten are kept.
      #expect(tasks.failures.count == 55 && tasks.failures.allSatisfy { $0.message != nil })
      #expect(tasks.failures.filter { !$0.isRetry }.count == 39)
      #expect(tasks.runs.filter { $0.task == "labapp.add" }.count == 10)
      #expect(snapshot.workers.value?.allSatisfy { $0.events?.taskEvents ?? 0 > 100 } == true)
      #expect(snapshot.events.taskEventCounts["task-failed"] == 39)
      #expect(snapshot.running.value?.map(\.task) == ["labapp.ignore_it"])
    }
  }

  @Test func `events on another channel variant are found`() async throws {
    let server = try await RedisServer()
    let online = try #require(try Capture.published("events.jsonl").first)
    try await Self.observe(Self.configuration(try server.url())) { watched in
      try await eventually(within: 30, "heard on the bare channel") {
        try server.command("PUBLISH", "/0.celeryev", online.data)
        return watched.latest?.events.received ?? 0 > 0
      }
      #expect(watched.latest?.events.pattern == "/0.celeryev")
    }
  }

  @Test func `RedBeat's entries are read as soon as its schedule is seen`() async throws {
    let server = try await RedisServer()
    try await Self.observe(Self.configuration(try server.url())) { watched in
      try await eventually("rounds") { watched.firstRoundsDone }
      #expect(watched.latest?.beat.redBeat == .value(nil))
      try server.command(
        "HSET", "redbeat:e", "definition",
        #"{"name": "e", "task": "a.b", "args": [], "kwargs": {}, "enabled": true, "#
          + #""schedule": {"__type__": "interval", "every": 2.0}}"#)
      try server.command("ZADD", "redbeat::schedule", "1795335453", "redbeat:e")
      try await eventually("the entry") {
        watched.latest?.beat.entries.value?.map(\.name) == ["e"]
      }
    }
  }

  private static let writes = [
    "append", "del", "expire", "hset", "lpush", "ltrim", "multi", "pexpire", "publish", "rpush",
    "sadd", "set", "setex", "srem", "unlink", "zadd", "zrem", "eval", "config|set", "script|load",
  ]

  @Test func `read-only means that nothing at all is written`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    try server.command("RPUSH", "taskmon-left.reply.celery.pidbox", "x")
    try server.command("CONFIG", "RESETSTAT")
    try await Self.observe(Self.configuration(try server.url(), isReadOnly: true)) { watched in
      try await eventually("rounds") { watched.firstRoundsDone }
      let polled = try #require(watched.latest?.polledAt)
      try await eventually("more polls") {
        (watched.latest?.polledAt ?? polled) - polled > Seconds(1)
      }
      #expect(watched.latest?.inspection.suspended == "--read-only asks no worker")
    }
    let statistics = ServerInfo(text: try server.command("INFO", "commandstats").text ?? "")
    #expect(statistics["cmdstat_info"] != nil)
    for name in Self.writes {
      #expect(statistics["cmdstat_\(name)"] == nil, "\(name) was sent")
    }
    #expect(worker.methods() == [])
    #expect(try server.command("EXISTS", "taskmon-left.reply.celery.pidbox").integer == 1)
  }

  @Test func `it asks, sweeps, and leaves nothing behind`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    try server.command("RPUSH", "taskmon-left.reply.celery.pidbox", "x")
    let clients = try Self.clients(server)
    try await Self.observe(Self.configuration(try server.url())) { watched in
      try await eventually("answers") {
        watched.latest?.workers.value?.first?.queues == .value(["celery"])
      }
      try await eventually("the queue it names") {
        watched.latest?.queues.value?.map(\.name) == ["celery"]
      }
      try await eventually("swept") {
        try server.command("EXISTS", "taskmon-left.reply.celery.pidbox").integer == 0
      }
    }
    #expect(worker.methods().contains("registered"))
    #expect(try server.command("DBSIZE").integer == 0)
    try await eventually("every connection is closed") { try Self.clients(server) == clients }
  }

  @Test func `it ends promptly while Redis hangs`() async throws {
    let server = try await RedisServer()
    var configuration = Self.configuration(try server.url())
    configuration.limits.batchDeadline = Seconds(3600)
    configuration.limits.connectTimeout = Seconds(3600)
    let frozen = configuration
    try await confirmation { ended in
      try await Self.observe(frozen) { watched in
        try await eventually("facts") { watched.latest?.server.value != nil }
        server.suspend()
        let polled = watched.latest?.polledAt
        try await eventually("the screen goes on while the poll hangs") {
          watched.latest.map { $0.polledAt == polled && ($0.age ?? .zero) > Seconds(1.5) } == true
        }
      }
      ended()
    }
    server.resume()
  }
}
