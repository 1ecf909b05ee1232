import CeleryProtocol
import Foundation
import RedisClient
import Synchronization
import TaskmonDemo
import TaskmonTestSupport
import TaskmonUnits
import Testing

/// A fleet on its private Redis, watched from outside by code of the test's own.
final class Stage: Sendable {
  let session: DemoSession
  let url: String
  let socket: String
  private let life: Task<Void, any Error>

  init(_ options: DemoOptions) async throws {
    session = DemoSession(options: options, time: SystemTime.source)
    let environment = ProcessInfo.processInfo.environment
    url = try await session.start(
      searchPath: environment["PATH"], temporary: environment["TMPDIR"])
    socket = String(url.dropFirst("redis+socket://".count).prefix { $0 != "?" })
    let session = session
    life = Task { try await session.run() }
  }

  func command(_ words: String...) throws -> WireValue {
    let client = try WireClient(socket: socket)
    return try client.pipeline([words.map { Array($0.utf8) }]).first ?? .null
  }

  func connection() async throws -> RedisConnection {
    let connection = RedisConnection(
      url: RedisURL(location: .plain(.unix(path: socket))), time: SystemTime.source,
      allows: [.read, .replyList, .control])
    try await connection.connect()
    return connection
  }

  func end() async throws {
    life.cancel()
    let result = await life.result
    await session.stop()
    try result.get()
  }
}

@Suite struct SessionTests {
  private func options(_ scenario: String) throws -> DemoOptions {
    DemoOptions(scenario: try #require(ScenarioRegistry.named(scenario)), seed: 3)
  }

  /// Runs `body` beside a living fleet and ends it whatever happens.
  private func perform(
    _ scenario: String, _ body: (Stage) async throws -> Void
  ) async throws {
    let stage = try await Stage(try options(scenario))
    do {
      try await body(stage)
    } catch {
      try await stage.end()
      throw error
    }
    try await stage.end()
    #expect(!FileManager.default.fileExists(atPath: stage.socket))
  }

  @Test func keysAreWhatCeleryLeaves() async throws {
    try await perform("healthy") { stage in
      let kinds = [
        "_kombu.binding.celery": "set", "_kombu.binding_permanent.celery": "set",
        "_kombu.binding.reports": "set", "_kombu.binding.celery.pidbox": "set",
        "_kombu.binding.celeryev": "set", "_kombu.binding_deadlines": "zset",
        "redbeat::lock": "string", "redbeat::schedule": "zset", "redbeat::statics": "set",
        "redbeat:flush-outbox": "hash",
      ]
      for (key, kind) in kinds { #expect(try stage.command("TYPE", key).text == kind, "\(key)") }
      let member = try stage.command("SMEMBERS", "_kombu.binding.billing").array?.first?.text
      #expect(member == "billing\u{6}\u{16}\u{6}\u{16}billing")
      try await eventually("unacked and its index") {
        try stage.command("TYPE", "unacked").text == "hash"
          && stage.command("TYPE", "unacked_index").text == "zset"
      }
      let ttl = try #require(try stage.command("PTTL", "redbeat::lock").integer)
      #expect((20_000...25_000).contains(ttl))
      let stored = try await eventuallyValue("a stored result") {
        try stage.command("SCAN", "0", "MATCH", "celery-task-meta-*", "COUNT", "10000")
          .array?.last?.array?.first?.text
      }
      #expect((3000...3600).contains(try stage.command("TTL", stored).integer ?? 0))
      let tag = try await eventuallyValue("an unacknowledged message") {
        try stage.command("HRANDFIELD", "unacked").text
      }
      if let value = try stage.command("HGET", "unacked", tag).text {
        let entry = try UnackedEntry(decoding: Array(value.utf8))
        #expect(entry.message.deliveryTag == tag)
        #expect(entry.exchange == "")
      }
    }
  }

  @Test func eventsAreHeardAndQueuesStayShort() async throws {
    try await perform("healthy") { stage in
      let heard = Mutex<[String: Int]>([:])
      let url = RedisURL(location: .plain(.unix(path: stage.socket)))
      let ears = RedisSubscription(
        url: url, time: SystemTime.source, patterns: [KeyLayout(database: 0).eventPattern])
      let listening = Task {
        await ears.run(
          onMessages: { bytes, places, _ in
            var scanner = EventScanner()
            for place in places {
              let decoded = try? scanner.scan(bytes.extracting(place.payload)) { event, body in
                let kind = name(of: event.event(in: body).kind)
                heard.withLock { $0[kind, default: 0] += 1 }
              }
              if decoded == nil { heard.withLock { $0["broken", default: 0] += 1 } }
            }
          }, onSignal: { _ in })
      }
      let wanted = [
        "workerHeartbeat", "taskSent", "taskReceived", "taskStarted", "taskSucceeded",
      ]
      try await eventually("events of every common kind") {
        heard.withLock { counts in wanted.allSatisfy { (counts[$0] ?? 0) >= 5 } }
      }
      listening.cancel()
      _ = await listening.result
      #expect(heard.withLock { $0["broken"] } == nil)
      for queue in ["celery", "billing", "emails", "reports"] {
        #expect((try stage.command("LLEN", queue).integer ?? 0) < 500)
      }
    }
  }

  @Test func everyWorkerAnswersIntoAList() async throws {
    try await perform("stuck-task") { stage in
      let layout = KeyLayout(database: 0)
      let connection = try await stage.connection()
      let list = layout.replyList(owner: "11111111-2222-4333-8444-555555555555")
      let request = ControlRequest(
        .active, owner: "11111111-2222-4333-8444-555555555555", ticket: "ticket-1",
        expires: SystemTime.source.now() + .seconds(30), layout: layout)
      // Each worker listens on a connection of its own, as real ones do.
      try await eventually("four listeners") {
        try stage.command("PUBSUB", "NUMPAT").integer == 1
          && stage.command("CLIENT", "LIST").text?.components(separatedBy: "psub=1").count == 5
      }
      let receivers = try await connection.send([request])
      #expect(receivers == [.integer(4)])
      try await eventually("four answers") {
        try stage.command("LLEN", list.text).integer == 4
      }
      let elements = try stage.command("LRANGE", list.text, "0", "-1").array ?? []
      var running: [String] = []
      for element in elements {
        let reply = try ControlReply(decoding: Array((element.text ?? "").utf8))
        #expect(reply.ticket == "ticket-1")
        running += try ActiveTasksReply(reply.answer).tasks.compactMap(\.name)
      }
      #expect(running.contains("reports.export"))
    }
  }

  @Test func anAnswerByTheReplyExchangeFollowsItsBinding() async throws {
    try await perform("healthy") { stage in
      let layout = KeyLayout(database: 0)
      let owner = "99999999-2222-4333-8444-555555555555"
      let queue = "\(owner).reply.celery.pidbox"
      let separator = "\u{6}\u{16}"
      _ = try stage.command(
        "SADD", layout.binding(exchange: layout.replyExchange).text,
        owner + separator + separator + queue)
      try await eventually("four listeners") {
        try stage.command("CLIENT", "LIST").text?.components(separatedBy: "psub=1").count == 5
      }
      let request = EnvelopeWriter.envelope(
        body: [
          "method": "ping", "arguments": [:], "destination": ["celery@worker-2"],
          "pattern": nil, "matcher": nil, "ticket": "ticket-2",
          "reply_to": ["exchange": "reply.celery.pidbox", "routing_key": .string(owner)],
        ], headers: ["clock": 0],
        properties: EnvelopeWriter.Properties(
          deliveryMode: 2, exchange: "celery.pidbox", routingKey: "", deliveryTag: "d"))
      _ = try stage.command(
        "PUBLISH", layout.controlChannel.text, String(decoding: request, as: UTF8.self))
      try await eventually("an answer") { try stage.command("LLEN", queue).integer == 1 }
      let element = try #require(try stage.command("LINDEX", queue, "0").text)
      let reply = try ControlReply(decoding: Array(element.utf8))
      #expect(reply.worker == "celery@worker-2")
      #expect(reply.answer == ["ok": "pong"])
    }
  }

  @Test func runEndsWithTheErrorOfRedisWhenItIsGone() async throws {
    let session = DemoSession(options: try options("healthy"), time: SystemTime.source)
    let url = try await session.start(searchPath: nil, temporary: nil)
    let socket = String(url.dropFirst("redis+socket://".count).prefix { $0 != "?" })
    let life = Task { try await session.run() }
    _ = try? WireClient(socket: socket).command("SHUTDOWN", "NOSAVE")
    await #expect(throws: RedisError.self) { try await life.value }
    await session.stop()
    #expect(!FileManager.default.fileExists(atPath: socket))
  }
}

/// The name of the case, for counting.
private func name(of kind: CeleryEvent.Kind) -> String {
  String("\(kind)".prefix { $0 != "(" })
}
