import CeleryProtocol
import Foundation
import RedisClient
import TaskmonUnits
import Testing

@Suite("What an operator may send")
struct OperatorCommandTests {
  private static let layout = KeyLayout(database: 2, globalPrefix: "px:")
  private static let expires = Timestamp(secondsSince1970: 1795334915.5)

  private static func command(_ method: OperatorCommand.Method, to nodes: [String] = ["w1@vm"])
    -> OperatorCommand
  {
    OperatorCommand(
      method, to: nodes, owner: "own", ticket: "tick", expires: expires, layout: layout)
  }

  private static func revoke(_ id: String, terminates: Bool) -> OperatorCommand {
    OperatorCommand(
      revoking: id, terminates: terminates, owner: "own", ticket: "tick", expires: expires,
      layout: layout)
  }

  private static func texts(_ command: OperatorCommand) -> [String] {
    command.arguments.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("A revocation goes to everybody, on the channel of questions, and is answered to our list")
  func revocation() throws {
    let arguments = Self.texts(Self.revoke("3f2a", terminates: true))
    #expect(arguments.prefix(2) == ["PUBLISH", "px:/2.celery.pidbox"])
    let envelope = try Envelope(decoding: Array(arguments[2].utf8))
    #expect(envelope.headers == ["clock": 0, "expires": 1795334915.5])
    #expect(
      String(decoding: envelope.body, as: UTF8.self)
        == #"{"method": "revoke", "arguments": {"task_id": "3f2a", "terminate": true, "#
        + #""signal": "SIGTERM"}, "destination": null, "pattern": null, "matcher": null, "#
        + #""ticket": "tick", "reply_to": {"exchange": "", "#
        + #""routing_key": "taskmon-own.reply.celery.pidbox"}}"#)
    #expect(OperatorCommand.right == .act)
  }

  @Test("It says what Celery's own revocations say")
  func captured() throws {
    var compared = 0
    for row in try Fixture.rows("events.jsonl", as: Fixture.Published.self)
    where row.channel.hasSuffix(".pidbox") {
      let captured = try Envelope(decoding: row.payload)
      let body = try captured.json()
      guard body["method"] == "revoke", let id = body["arguments"]?["task_id"]?.string,
        let terminates = body["arguments"]?["terminate"]?.bool
      else { continue }
      let ours = try Envelope(
        decoding: Array(Self.texts(Self.revoke(id, terminates: terminates))[2].utf8))
      let own = try ours.json()
      for key in ["method", "arguments", "destination", "pattern", "matcher"] {
        #expect(own[key] == body[key], "\(key)")
      }
      for key in ["delivery_mode", "delivery_info", "priority", "body_encoding"] {
        #expect(ours.properties[key] == captured.properties[key], "\(key)")
      }
      compared += 1
    }
    #expect(compared == 3)
  }

  @Test(
    "Each change of a worker is told as Celery understands it",
    arguments: [
      (.shutdown, "shutdown", "{}"),
      (
        .rateLimit(task: "a.b", rate: "10/m"), "rate_limit",
        #"{"task_name": "a.b", "rate_limit": "10/m"}"#
      ),
      (
        .timeLimit(task: "a.b", soft: Seconds(1.5), hard: nil), "time_limit",
        #"{"task_name": "a.b", "hard": null, "soft": 1.5}"#
      ),
      (.poolGrow(by: 3), "pool_grow", #"{"n": 3}"#),
      (.poolShrink(by: 1), "pool_shrink", #"{"n": 1}"#),
      (
        .addConsumer(queue: "mail"), "add_consumer",
        #"{"queue": "mail", "exchange": null, "exchange_type": "direct", "routing_key": null}"#
      ),
      (.cancelConsumer(queue: "mail"), "cancel_consumer", #"{"queue": "mail"}"#),
    ] as [(OperatorCommand.Method, String, String)])
  func methods(_ method: OperatorCommand.Method, _ name: String, _ arguments: String) throws {
    let texts = Self.texts(Self.command(method, to: ["w1@vm", "w2@vm"]))
    #expect(texts.prefix(2) == ["PUBLISH", "px:/2.celery.pidbox"])
    let body = String(
      decoding: try Envelope(decoding: Array(texts[2].utf8)).body, as: UTF8.self)
    #expect(
      body.hasPrefix(
        #"{"method": "\#(name)", "arguments": \#(arguments), "destination": ["w1@vm", "w2@vm"], "#))
  }

  @Test("No name is nobody: an empty list would be everybody to a worker")
  func nobody() throws {
    let shutdown = try Envelope(
      decoding: Array(Self.texts(Self.command(.shutdown, to: []))[2].utf8)
    ).json()
    #expect(shutdown["destination"] == [""])
    let events = WorkerChange(
      .enableEvents, to: [], owner: "o", ticket: "t", expires: Self.expires, layout: Self.layout)
    #expect(try Envelope(decoding: events.arguments[2]).json()["destination"] == [""])
  }

  @Test("A purge counts and removes the list of each priority step at once")
  func purge() {
    let layout = KeyLayout(
      database: 0, globalPrefix: "px:", separator: ":", prioritySteps: [0, 5])
    #expect(
      OperatorCommand.purge("mail", layout).map(Self.texts) == [
        ["MULTI"], ["LLEN", "px:mail"], ["UNLINK", "px:mail"], ["LLEN", "px:mail:5"],
        ["UNLINK", "px:mail:5"], ["EXEC"],
      ])
    #expect(
      OperatorCommand.purge("mail", layout, atOnce: false).map(Self.texts) == [
        ["LLEN", "px:mail"], ["UNLINK", "px:mail"], ["LLEN", "px:mail:5"],
        ["UNLINK", "px:mail:5"],
      ])
  }

  @Test("What was removed is the sum of the lengths, and a refusal is none")
  func removed() throws {
    let queued = RedisReply.status("QUEUED")
    #expect(
      try OperatorCommand.removed([
        .status("OK"), queued, queued, queued, queued,
        .array([.integer(12), .integer(1), .integer(0), .integer(0)]),
      ]) == 12)
    #expect(
      try OperatorCommand.removed([.integer(12), .integer(1), .integer(3), .integer(1)]) == 15)
    let error = RedisServerError(message: "NOPERM no")
    #expect(throws: PurgeRefusal(error: error)) {
      try OperatorCommand.removed([.status("OK"), .error(error), .error(error)])
    }
    #expect(throws: PurgeRefusal(error: error)) {
      try OperatorCommand.removed([.status("OK"), queued, .array([.error(error)])])
    }
    #expect(throws: PurgeRefusal(error: error)) {
      try OperatorCommand.removed([.integer(0), .integer(0), .integer(3), .error(error)])
    }
    let half: [RedisReply] = [.integer(2), .integer(1), .integer(3), .error(error)]
    #expect(throws: PurgeRefusal(error: error, isPartial: true)) {
      try OperatorCommand.removed(half)
    }
    #expect(throws: PurgeRefusal(error: error, isPartial: true)) {
      try OperatorCommand.removed([.status("OK"), queued, queued, queued, queued, .array(half)])
    }
  }
}
