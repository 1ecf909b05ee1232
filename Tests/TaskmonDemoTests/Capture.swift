import CeleryProtocol
import RedisClient
import TaskmonDemo
import TaskmonTestSupport
import TaskmonUnits
import Testing

/// What was recorded from real Celery, taken apart to be written again.
enum Capture {
  /// A queue element of `queue_elements.jsonl`.
  struct Element: Decodable {
    let label: String
    let raw: String
  }

  static func element(_ label: String, number: Int = 0) throws -> [UInt8] {
    let found = try Fixture.jsonLines("celery/queue_elements.jsonl", as: Element.self)
      .filter { $0.label == label }
    try #require(found.count > number, "no capture \(label)")
    return Array(found[number].raw.utf8)
  }

  /// The values of an element, without their order and spelling.
  static func task(_ element: [UInt8]) throws -> OutgoingTask {
    let envelope = try Envelope(decoding: element)
    let message = try TaskMessage(decoding: element)
    let body = try #require(try JSONValue(decoding: envelope.body).array)
    let headers = envelope.headers
    let limits = try #require(headers["timelimit"]?.array)
    var task = OutgoingTask(
      id: try #require(message.taskID), task: try #require(message.task),
      arguments: try #require(body.first?.array),
      keywordArguments: try #require(body[1].members),
      argumentsAreList: message.argumentsRepr?.first == "[",
      queue: try #require(message.routingKey), priority: try #require(message.priority),
      retries: try #require(message.retries), eta: message.eta, expires: message.expires,
      expiresAfterMilliseconds: envelope.properties["expiration"]?.string.flatMap(Int.init),
      hardLimit: limits.first?.int, softLimit: limits.last?.int,
      origin: try #require(message.origin), replyTo: try #require(message.replyTo),
      parentID: message.parentID, ignoresResult: headers["ignore_result"] == .bool(true),
      isFromBeat: message.isFromBeat, deliveryTag: try #require(message.deliveryTag))
    task.group = headers["group"]?.string
    task.groupIndex = headers["group_index"]?.int
    task.chord = body[2]["chord"] ?? .null
    task.isRedelivered = headers["redelivered"]?.bool ?? false
    return task
  }

  /// A published message of one of the event files.
  struct Published: Decodable {
    let channel: String
    let data: String
  }

  /// What a real worker answered to `conf` with its defaults.
  static func defaults() throws -> JSONValue {
    for line in try Fixture.lines("celery/pidbox_replies.jsonl") {
      let record = try JSONValue(decoding: line)
      guard record["method"]?.string == "conf", record["arguments"]?["with_defaults"] == true,
        let raw = record["raw"]
      else { continue }
      return try ControlReply(decoding: JSONWriter.bytes(of: raw)).answer
    }
    throw SupportError("no settings with their defaults")
  }

  /// A worker's answer of `pidbox_replies.jsonl`, written again as it lay in the list.
  static func reply(_ method: String) throws -> (element: JSONValue, worker: String) {
    for line in try Fixture.lines("celery/pidbox_replies.jsonl") {
      let record = try JSONValue(decoding: line)
      guard record["method"]?.string == method, record["arguments"] == .object([]),
        let raw = record["raw"]
      else { continue }
      let reply = try ControlReply(decoding: JSONWriter.bytes(of: raw))
      return (raw, reply.worker)
    }
    throw SupportError("no reply to \(method)")
  }
}

/// For messages of a failed expectation.
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
