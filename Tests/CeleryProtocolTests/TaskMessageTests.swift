import CeleryProtocol
import RedisClient
import TaskmonUnits
import Testing

struct TaskMessageTests {
  @Test("every captured element says what another decoder reads in it")
  func readsEveryElement() throws {
    let rows = try Fixture.rows("queue_elements.jsonl", as: Fixture.Element.self)
    #expect(rows.count == 37)
    let lines = try rows.flatMap { row in
      let message = try TaskMessage(decoding: row.bytes)
      #expect(message.size == ByteCount(row.bytes.count))
      #expect(message.exchange == "")
      return [row.label] + message.lines.map { "  " + $0 }
    }
    let expected = messageTable.split(separator: "\n", omittingEmptySubsequences: false)
    for (found, wanted) in zip(lines, expected) { #expect(found == wanted) }
    #expect(lines.count == expected.count)
  }

  @Test("an element's list is the step its priority falls to")
  func agreesWithItsKey() throws {
    let layout = KeyLayout(database: 0)
    for row in try Fixture.rows("queue_elements.jsonl", as: Fixture.Element.self) {
      let message = try TaskMessage(decoding: row.bytes)
      let found = try #require(layout.queue(ofListKey: RedisKey(row.key)))
      let priority = try #require(message.priority)
      #expect(found.queue.text == message.routingKey)
      #expect(found.step == layout.prioritySteps.last { $0 <= priority })
    }
  }

  @Test("unacked values hold the message and where it came from")
  func readsUnacked() throws {
    let rows = try Fixture.rows("unacked.jsonl", as: Fixture.Unacked.self)
    let entries = try rows.map { try UnackedEntry(decoding: Array($0.value.utf8)) }
    #expect(entries.map(\.message.deliveryTag) == rows.map(\.tag))
    #expect(entries.allSatisfy { $0.exchange == "" && $0.routingKey == "celery" })
    #expect(
      entries.map(\.message.task) == [
        "labapp.sleepy", "labapp.sleepy", "labapp.add", "labapp.sleepy", "labapp.sleepy",
        "labapp.sleepy", "labapp.sleepy_late",
      ])
    #expect(
      entries.compactMap(\.message.eta) == [Timestamp(secondsSince1970: 1795335358.950688)])
  }

  @Test("a field of another type counts as absent, and the message is still read")
  func toleratesOddFields() throws {
    let text = """
      {"body": 7, "headers": {"id": 5, "task": "a", "retries": "x", "timelimit": 3, "eta": true,
      "argsrepr": [1], "expires": 1795334941}, "properties": {"priority": null,
      "delivery_info": [], "delivery_tag": "t"}}
      """
    var expected = TaskMessage()
    expected.task = "a"
    expected.deliveryTag = "t"
    expected.expires = Timestamp(secondsSince1970: 1795334941)
    expected.size = ByteCount(text.utf8.count)
    #expect(try TaskMessage(decoding: Array(text.utf8)) == expected)
  }

  @Test("a first-protocol body over 4 KiB is not read, nor one that is no JSON")
  func leavesLargeBodies() throws {
    for body in ["{\"task\":\"a\",\"x\":\"\(String(repeating: "y", count: 4096))\"}", "gibberish"] {
      let escaped = body.replacing("\"", with: "\\\"")
      let text = #"{"body":"\#(escaped)","headers":{},"properties":{"correlation_id":"c"}}"#
      let message = try TaskMessage(decoding: Array(text.utf8))
      #expect(message.task == nil)
      #expect(message.taskID == "c")
    }
    let small = #"{"body":"{\"task\":\"a\"}","headers":{},"properties":{}}"#
    #expect(try TaskMessage(decoding: Array(small.utf8)).task == "a")
  }

  @Test(
    "what is no message is refused",
    arguments: [
      ("garbage", DecodeError.malformed(at: 0)), ("{}", .missing("headers")),
      ("[]", .malformed(at: 0)), ("", .truncated(at: 0)),
      ("{\"headers\":{}} x", .malformed(at: 15)),
    ])
  func refuses(_ text: String, _ expected: DecodeError) {
    #expect(throws: expected) { try TaskMessage(decoding: Array(text.utf8)) }
  }

  @Test("an unacked value without its three parts is refused")
  func refusesHalfUnacked() {
    #expect(throws: DecodeError.missing("message")) { try UnackedEntry(decoding: Array("[]".utf8)) }
    #expect(throws: DecodeError.missing("routing key")) {
      try UnackedEntry(decoding: Array("[{\"headers\":{}},\"\"]".utf8))
    }
  }
}

extension TaskMessage {
  /// As `messageTable` writes it.
  fileprivate var lines: [String] {
    let short = { (text: String?) in text.map { String($0.prefix(8)) } ?? "-" }
    let time = { (moment: Timestamp?) in
      moment.map { PythonRepr.text(of: $0.secondsSince1970) } ?? "-"
    }
    let limit = { (seconds: Seconds?) in seconds.map { String(Int($0.value)) } ?? "-" }
    let flags = (redelivered ? "R" : "") + (isFromBeat ? "B" : "")
    let arguments = argumentsRepr ?? "-"
    let shown = arguments.count > 200 ? "\(arguments.utf8.count) bytes" : arguments
    return [
      "\(task ?? "-") \(short(taskID)) \(short(deliveryTag)) p\(priority ?? -1) "
        + "r\(retries ?? -1) \(time(eta)) \(time(expires))",
      "\(limit(hardLimit))/\(limit(softLimit)) \(origin ?? "-") \(short(replyTo)) "
        + "\(routingKey ?? "-") \(short(rootID)) \(short(parentID)) \(short(groupID)) "
        + (flags.isEmpty ? "-" : flags),
      "\(contentType?.split(separator: "/").last ?? "-") \(compression ?? "-") "
        + (periodicTaskName ?? "-"),
      "\(shown) \(keywordArgumentsRepr ?? "-")",
    ]
  }
}
