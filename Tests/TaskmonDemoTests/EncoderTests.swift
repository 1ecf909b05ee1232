import CeleryProtocol
import RedisClient
import TaskmonDemo
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite struct MessageEncoderTests {
  @Test(
    "writes the same bytes as a real publisher",
    arguments: [
      "plain delay", "countdown+expires", "priority=5", "priority=9", "queue=high prio=2",
      "decorated task: limits, ignore_result, priority 6", "call-time limits",
      "two PersistentScheduler beats publishing the same schedule",
      "retry republish, attempt 1 (self.retry countdown=1)",
      "retry republish, attempt 2 (self.retry countdown=1)", "group", "chord",
      "long arg (argsrepr truncated)",
      "restored after visibility_timeout (redelivered flags set)",
    ])
  func sameBytes(label: String) throws {
    let real = try Capture.element(label)
    let written = MessageEncoder.element(try Capture.task(real))
    #expect(text(written) == text(real))
  }
}

@Suite struct EventEncoderTests {
  private typealias Sender = EventEncoder.Sender

  /// Reads one event's own fields back and writes it again.
  private func again(_ event: JSONValue) throws -> JSONValue? {
    let sender = Sender(
      hostname: try #require(event["hostname"]?.string), pid: try #require(event["pid"]?.int))
    let clock = try #require(event["clock"]?.int)
    let moment = Timestamp(secondsSince1970: try #require(event["timestamp"]?.double))
    let id = event["uuid"]?.string ?? ""
    let fault = (event["exception"]?.string ?? "", event["traceback"]?.string)
    let step: EventEncoder.Step
    switch event["type"]?.string {
    case "worker-online":
      return EventEncoder.online(sender, clock: clock, pulse: try pulse(event), at: moment)
    case "worker-heartbeat":
      return EventEncoder.heartbeat(sender, clock: clock, pulse: try pulse(event), at: moment)
    case "task-sent":
      return EventEncoder.sent(sender, clock: clock, task: try task(event), at: moment)
    case "task-received":
      return EventEncoder.received(sender, clock: clock, task: try task(event), at: moment)
    case "task-started": step = .started
    case "task-succeeded":
      step = .succeeded(
        result: try #require(event["result"]?.string),
        runtime: try #require(event["runtime"]?.double))
    case "task-failed":
      guard let traceback = fault.1 else { return nil }
      step = .failed(exception: fault.0, traceback: traceback)
    case "task-retried":
      step = .retried(exception: fault.0, traceback: try #require(fault.1))
    case "task-revoked":
      guard event["expired"] == true else { return nil }
      step = .expired
    default: return nil
    }
    return EventEncoder.step(step, of: id, sender, clock: clock, at: moment)
  }

  private func pulse(_ event: JSONValue) throws -> EventEncoder.Pulse {
    EventEncoder.Pulse(
      active: try #require(event["active"]?.int), processed: try #require(event["processed"]?.int),
      loadAverage: try #require(event["loadavg"]?.array).compactMap(\.double))
  }

  /// Arguments only as far as they are whole numbers; nil where the repr says otherwise.
  private func task(_ event: JSONValue) throws -> OutgoingTask {
    let repr = try #require(event["args"]?.string)
    let numbers = repr.dropFirst().dropLast().split(whereSeparator: { ", ".contains($0) })
      .map { Int64($0).map(JSONValue.integer) ?? .string(String($0)) }
    let id = try #require(event["uuid"]?.string)
    return OutgoingTask(
      id: id, task: try #require(event["name"]?.string), arguments: numbers,
      argumentsAreList: repr.first == "[", queue: event["queue"]?.string ?? "",
      retries: try #require(event["retries"]?.int), eta: try moment(event["eta"]),
      expires: try moment(event["expires"]), origin: "", replyTo: "",
      parentID: event["parent_id"]?.string, deliveryTag: "")
  }

  /// By way of a message, which is where the decoder reads such times.
  private func moment(_ value: JSONValue?) throws -> Timestamp? {
    guard let text = value?.string else { return nil }
    let message: JSONValue = ["body": "", "headers": ["eta": .string(text)], "properties": [:]]
    return try TaskMessage(decoding: JSONWriter.bytes(of: message)).eta
  }

  /// What a hand-written reading of reprs gives back: arguments other than whole numbers differ.
  private func isComparable(_ event: JSONValue) -> Bool {
    guard let repr = event["args"]?.string else { return true }
    return event["kwargs"]?.string == "{}" && event["root_id"] == event["uuid"]
      && repr.allSatisfy { "()[], 0123456789".contains($0) }
  }

  @Test func writesTheSameBytesAsRealWorkersAndPublishers() throws {
    let layout = KeyLayout(database: 0)
    var compared: [String: Int] = [:]
    for line in try Fixture.jsonLines("celery/events.jsonl", as: Capture.Published.self)
    where line.channel.hasPrefix("/0.celeryev/") {
      let envelope = try Envelope(decoding: Array(line.data.utf8))
      let body = try JSONValue(decoding: envelope.body)
      let events = body.array ?? [body]
      guard events.allSatisfy(isComparable) else { continue }
      let written = try events.compactMap(again)
      guard written.count == events.count, let first = events.first else { continue }
      let routingKey = String(line.channel.dropFirst("/0.celeryev/".count))
      let message = EventEncoder.message(
        body.array == nil ? written[0] : .array(written),
        from: try #require(first["hostname"]?.string), routingKey: routingKey,
        deliveryTag: try #require(envelope.properties["delivery_tag"]?.string), layout: layout)
      #expect(text(message) == line.data)
      #expect(layout.eventChannel(routingKey: routingKey) == RedisKey(line.channel))
      for event in events { compared[event["type"]?.string ?? "", default: 0] += 1 }
    }
    #expect(
      compared.keys.sorted() == [
        "task-failed", "task-received", "task-retried", "task-revoked", "task-sent",
        "task-started", "task-succeeded", "worker-heartbeat", "worker-online",
      ])
    #expect(compared.values.allSatisfy { $0 >= 1 }, "\(compared)")
    #expect(compared.values.reduce(0, +) > 700, "\(compared)")
  }
}

@Suite struct ResultEncoderTests {
  @Test func writesTheSameBytesAsTheRealBackend() throws {
    var compared = 0
    for line in try Fixture.lines("celery/result_metas.jsonl") {
      let record = try JSONValue(decoding: line)
      let value = try #require(record["value"]?.string)
      guard let meta = try? JSONValue(decoding: Array(value.utf8)), meta["group_id"] == nil,
        let status = meta["status"]?.string, meta["children"] == .array([])
      else { continue }
      let written = ResultEncoder.value(
        ResultEncoder.Meta(
          status: status, result: try #require(meta["result"]),
          traceback: meta["traceback"]?.string, doneAt: try moment(meta["date_done"]),
          parentID: meta["parent_id"]?.string, taskID: try #require(meta["task_id"]?.string)))
      #expect(text(written) == value)
      compared += 1
    }
    #expect(compared > 150)
  }

  @Test func writesTheSameBytesWithExtendedResults() throws {
    var compared = 0
    let file = "celery/events_global_keyprefix_result_extended.jsonl"
    for line in try Fixture.jsonLines(file, as: Capture.Published.self)
    where line.channel.hasPrefix("rx:celery-task-meta-") {
      let meta = try JSONValue(decoding: Array(line.data.utf8))
      guard meta["group_id"] == nil else { continue }
      let extended = ResultEncoder.Extended(
        name: try #require(meta["name"]?.string), arguments: try #require(meta["args"]?.array),
        keywordArguments: try #require(meta["kwargs"]?.members),
        worker: try #require(meta["worker"]?.string), retries: try #require(meta["retries"]?.int),
        queue: try #require(meta["queue"]?.string))
      let written = ResultEncoder.value(
        ResultEncoder.Meta(
          status: try #require(meta["status"]?.string), result: try #require(meta["result"]),
          traceback: meta["traceback"]?.string,
          children: (meta["children"]?.array ?? []).compactMap {
            $0.array?.first?.array?.first?.string
          },
          doneAt: try moment(meta["date_done"]),
          parentID: meta["parent_id"]?.string, extended: extended,
          taskID: try #require(meta["task_id"]?.string)))
      #expect(text(written) == line.data)
      compared += 1
    }
    #expect(compared > 10)
  }

  private func moment(_ value: JSONValue?) throws -> Timestamp? {
    guard let text = value?.string else { return nil }
    let message: JSONValue = ["body": "", "headers": ["eta": .string(text)], "properties": [:]]
    return try TaskMessage(decoding: JSONWriter.bytes(of: message)).eta
  }
}
