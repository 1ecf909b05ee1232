import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct TaskSearchTests {
  private static func message(_ id: String, eta: String = "null", padding: Int = 0) -> String {
    #"{"body":"\#(String(repeating: "x", count: padding))","headers":{"id":"\#(id)","#
      + #""task":"a.b","eta":\#(eta),"retries":2},"properties":{"delivery_tag":"t-\#(id)"}}"#
  }

  /// Puts messages into a queue that bindings name, the first given taken first.
  private static func fill(
    _ server: RedisServer, _ ids: [String], queue: String = "celery", step: Int = 0,
    padding: Int = 0
  ) throws {
    let separator = "\u{6}\u{16}"
    try server.command(
      "SADD", "_kombu.binding.\(queue)", "\(queue)\(separator)\(separator)\(queue)")
    let key = step == 0 ? queue : "\(queue)\(separator)\(step)"
    for id in ids { try server.command("LPUSH", key, message(id, padding: padding)) }
  }

  private static func hold(_ server: RedisServer, _ id: String, since: Int) throws {
    try server.command("HSET", "unacked", "t-\(id)", "[\(message(id)),\"\",\"mail\"]")
    try server.command("ZADD", "unacked_index", "\(1_795_000_000 + since)", "t-\(id)")
  }

  private static func search(
    _ server: RedisServer, _ id: String, isReadOnly: Bool = false,
    _ change: (inout CollectionBudget) -> Void = { _ in }
  ) async throws -> TaskTrace {
    var configuration = MonitorConfiguration.quick(
      try server.url(), isReadOnly: isReadOnly, budget: change)
    configuration.visibilityTimeout = nil
    return try await TaskSearch(configuration, time: SystemTime.source).run(id)
  }

  @Test func `a message is found at its place, more urgent steps counted in`() async throws {
    let server = try await RedisServer()
    try Self.fill(server, ["m0", "m1", "m2", "m3", "m4"])
    try Self.fill(server, ["n0", "n1"], step: 3)
    try Self.fill(server, ["x"], queue: "mail")
    for (id, step, ahead) in [("m0", 0, 0), ("m3", 0, 3), ("n0", 3, 5), ("n1", 3, 6)] {
      let trace = try await Self.search(server, id)
      let found = try #require(trace.waiting.value?.first)
      #expect(trace.waiting.value?.count == 1)
      #expect(found.queue == "celery" && found.step == step && found.ahead == ahead, "\(id)")
      #expect(found.message.task == "a.b" && found.message.retries == 2)
      #expect(trace.isFound && trace.queueSearch.isWhole)
    }
  }

  @Test func `chunks of a queue are joined without a gap`() async throws {
    let server = try await RedisServer()
    try Self.fill(server, (0..<25).map { "m\($0)" })
    for id in [0, 9, 10, 11, 24] {
      let trace = try await Self.search(server, "m\(id)") { $0.searchStep = 5 }
      #expect(trace.waiting.value?.first?.ahead == id)
    }
  }

  @Test func `only so many messages are looked at, and which is said`() async throws {
    let server = try await RedisServer()
    try Self.fill(server, (0..<10).map { "m\($0)" })
    try Self.fill(server, ["x", "y"], queue: "mail")
    let missed = try await Self.search(server, "m0") { $0.searchMessages = 5 }
    #expect(missed.waiting == .value([]))
    #expect(!missed.isFound)
    #expect(
      missed.queueSearch
        == SearchExtent(
          looked: 5, total: 12,
          omissions: [
            "of the 10 messages in queue celery only the newest 3 were looked at"
          ]))
    let met = try await Self.search(server, "m7") { $0.searchMessages = 5 }
    #expect(met.waiting.value?.first?.ahead == 7)
  }

  @Test func `a queue of large messages is not read, and that is said`() async throws {
    let server = try await RedisServer()
    try Self.fill(server, ["m0", "m1"], padding: 70_000)
    let trace = try await Self.search(server, "m0")
    #expect(trace.waiting == .value([]))
    #expect(trace.queueSearch.looked == 0)
    #expect(
      trace.queueSearch.omissions.first?.hasPrefix("queue celery was not looked at: its messages")
        == true)
  }

  @Test func `what is held is found with when it was handed out`() async throws {
    let server = try await RedisServer()
    for number in 0..<12 { try Self.hold(server, "h\(number)", since: number) }
    for number in [0, 5, 11] {
      let trace = try await Self.search(server, "h\(number)") { $0.searchStep = 5 }
      let held = try #require(trace.held.value?.first)
      #expect(held.deliveredAt == at(Double(number)) && held.queue == "mail")
      #expect(trace.visibilityTimeout == .hours(1) && trace.visibilityTimeoutSource == .assumed)
    }
    let missed = try await Self.search(server, "h0") {
      $0.searchStep = 5
      $0.searchMessages = 5
    }
    #expect(missed.held == .value([]))
    #expect(
      missed.heldSearch.omissions == [
        "of the 12 unacknowledged messages only the 5 delivered last were looked at"
      ])
  }

  @Test func `the workers are asked, the one that runs it tells, and no list of ours stays`()
    async throws
  {
    let server = try await RedisServer()
    let conf = #"{"broker_transport_options": {"visibility_timeout": 90}}"#
    let worker = try ScriptedWorker("celery@w1", on: server, conf: conf)
    let other = try ScriptedWorker("celery@w2", on: server)
    worker.answer(
      "active",
      with: #"[{"id": "z"}, {"id": "r", "name": "a.b", "args": "(1,)", "kwargs": {"k": "v"}, "#
        + #""time_start": 1795000007.5, "acknowledged": true, "worker_pid": 9, "#
        + #""delivery_info": {"routing_key": "celery", "redelivered": false}}]"#)
    let trace = try await Self.search(server, "r") { $0.searchReplyWait = Seconds(10) }
    #expect(
      trace.workers
        == .value(
          AskedWorkers(
            receivers: 2, answered: ["celery@w1", "celery@w2"],
            runs: [
              WorkerRun(
                worker: "celery@w1", stage: .active, task: "a.b", startedAt: at(7.5), processID: 9,
                acknowledged: true, queue: "celery", redelivered: false, argumentsText: "(1,)",
                keywordArgumentsText: "{'k': 'v'}")
            ])))
    #expect(trace.visibilityTimeout == Seconds(90) && trace.visibilityTimeoutSource == .worker)
    #expect(other.methods() == ["ping", "conf", "active_queues", "active"])
    #expect(try server.command("KEYS", "taskmon-*") == .array([]))
  }

  /// Its arguments would come back whole.
  @Test func `who holds it is asked only where its message is known to be small`() async throws {
    let server = try await RedisServer()
    try Self.hold(server, "small", since: 1)
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.answer("query_task", with: #"{"small": ["scheduled", {"id": "small", "args": []}]}"#)
    let held = try await Self.search(server, "small") { $0.searchReplyWait = Seconds(10) }
    #expect(held.workers.value?.runs.map(\.stage) == [.scheduled])
    #expect(worker.methods().contains("query_task"))
    let asked = worker.methods().count
    _ = try await Self.search(server, "elsewhere") { $0.searchReplyWait = Seconds(10) }
    #expect(worker.methods().dropFirst(asked) == ["ping", "conf", "active_queues", "active"])
  }

  @Test func `a worker that does not answer is counted and not waited for long`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.fallSilent()
    let trace = try await Self.search(server, "x") { $0.searchReplyWait = Seconds(0.2) }
    #expect(trace.workers.value?.silent == 1)
    #expect(worker.methods() == ["ping"])
  }

  @Test func `who does not answer one question is asked no other`() async throws {
    let server = try await RedisServer()
    let mute = try ScriptedWorker("celery@w1", on: server)
    let other = try ScriptedWorker("celery@w2", on: server)
    mute.ignore("conf")
    let trace = try await Self.search(server, "x") { $0.searchReplyWait = Seconds(0.5) }
    #expect(mute.methods() == ["ping", "conf"])
    #expect(other.methods() == ["ping", "conf", "active_queues", "active"])
    #expect(trace.workers.value?.answered == ["celery@w2"])
    #expect(trace.workers.value?.silent == 1)
  }

  /// Of 64 KiB each.
  @Test(arguments: [(127, false), (128, true)])
  func `an answer that is owed takes its room`(_ limit: Int, _ isAsked: Bool) async throws {
    let server = try await RedisServer()
    let mute = try ScriptedWorker("celery@w1", on: server)
    let other = try ScriptedWorker("celery@w2", on: server)
    mute.ignore("conf")
    let trace = try await Self.search(server, "x") {
      $0.searchReplyWait = Seconds(0.5)
      $0.replyBytes = .kibibytes(limit)
    }
    #expect(other.methods().contains("active") == isAsked)
    #expect((trace.workers.value != nil) == isAsked)
    if !isAsked {
      #expect(trace.workers.reason?.contains("beside 1 still owed") == true)
    }
  }

  @Test func `an answer that cannot be read is none`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    worker.answer("active", with: "7")
    let trace = try await Self.search(server, "x") { $0.searchReplyWait = Seconds(10) }
    #expect(trace.workers.value?.answered == [] && trace.workers.value?.silent == 1)
  }

  @Test func `what the user may not read is unknown and not nothing`() async throws {
    let server = try await RedisServer()
    try Self.fill(server, ["m"])
    try Self.hold(server, "m", since: 1)
    try server.command("ACL", "SETUSER", "default", "-lrange", "-hget")
    let trace = try await Self.search(server, "m", isReadOnly: true)
    #expect(trace.waiting.reason?.contains("NOPERM") == true)
    #expect(trace.held.reason?.contains("NOPERM") == true)
    #expect(!trace.isFound)
  }

  @Test func `read-only asks nobody, and a full Redis is asked nothing either`() async throws {
    let server = try await RedisServer()
    let worker = try ScriptedWorker("celery@w1", on: server)
    let reading = try await Self.search(server, "x", isReadOnly: true)
    #expect(reading.workers == .unavailable("--read-only asks no worker"))
    try server.command("CONFIG", "SET", "maxmemory", "500kb")
    let full = try await Self.search(server, "x")
    #expect(full.workers.reason?.contains("of maxmemory") == true)
    #expect(worker.methods() == [])
  }

  private static let failure =
    #"{"status": "FAILURE", "result": {"exc_type": "ValueError", "exc_message": ["no", 7], "#
    + #""exc_module": "builtins"}, "traceback": "Traceback…", "children": [], "#
    + #""date_done": "2026-11-18T05:33:20+00:00", "parent_id": "p", "task_id": "f"}"#

  @Test func `a small result is read whole`() async throws {
    let server = try await RedisServer()
    try server.command("SETEX", "celery-task-meta-f", "600", Self.failure)
    let found = try #require(try await Self.search(server, "f").result.value ?? nil)
    #expect(found.state == "FAILURE" && found.exceptionClass == "ValueError")
    #expect(found.exceptionText == "no, 7" && found.traceback == "Traceback…")
    #expect(found.parentID == "p" && found.children == 0 && found.isWhole)
    #expect((found.timeToLive ?? .zero) > Seconds(500))
    #expect(found.doneAt != nil && found.valueText == nil)
    try server.command(
      "SET", "celery-task-meta-s", #"{"status": "SUCCESS", "result": {"exc_type": "no"}}"#)
    let success = try #require(try await Self.search(server, "s").result.value ?? nil)
    #expect(success.valueText == "{'exc_type': 'no'}" && success.exceptionClass == nil)
    #expect(success.timeToLive == nil)
  }

  @Test func `of a large result only the ends are read`() async throws {
    let server = try await RedisServer()
    let long = String(repeating: "y", count: 5_000_000)
    try server.command(
      "SETEX", "celery-task-meta-l", "60",
      #"{"status": "SUCCESS", "result": "\#(long)", "traceback": null, "name": "a.b", "#
        + #""task_id": "l"}"#)
    let before = try Self.sent(server)
    let found = try #require(try await Self.search(server, "l").result.value ?? nil)
    #expect(try Self.sent(server) - before < 100_000)
    #expect(found.state == "SUCCESS" && found.task == "a.b")
    #expect(!found.isWhole && found.valueText == nil && found.size > .mebibytes(4))
  }

  private static func sent(_ server: RedisServer) throws -> Int {
    let text = try server.command("INFO", "stats").text ?? ""
    let line = text.split(whereSeparator: \.isNewline)
      .first { $0.hasPrefix("total_net_output_bytes:") }
    return line.flatMap { Int($0.split(separator: ":")[1]) } ?? 0
  }

  @Test func `what is no JSON, or no string, is said and not guessed`() async throws {
    let server = try await RedisServer()
    try server.command("SET", "celery-task-meta-p", "\u{80}pickle")
    let pickled = try #require(try await Self.search(server, "p").result.value ?? nil)
    #expect(pickled.state == nil && pickled.valueText == nil && pickled.size == ByteCount(8))
    try server.command("RPUSH", "celery-task-meta-w", "x")
    #expect(try await Self.search(server, "w").result.reason?.contains("another type") == true)
    #expect(try await Self.search(server, "none").result == .value(nil))
    try server.command("RPUSH", "unacked", "x")
    #expect(try await Self.search(server, "none").held.reason?.contains("another type") == true)
  }

  @Test func `a Redis that is away throws`() async throws {
    let server = try await RedisServer()
    let url = try server.url()
    try await server.stop()
    await #expect(throws: RedisError.self) {
      _ = try await TaskSearch(.quick(url), time: SystemTime.source).run("x")
    }
  }
}
