import CeleryProtocol
import TaskmonDemo
import TaskmonTestSupport
import TaskmonUnits
import Testing

@Suite struct ReplyEncoderTests {
  /// Writes `answer` in the envelope of a real reply and compares the bytes.
  private func compare(_ method: String, _ answer: (JSONValue) throws -> JSONValue) throws {
    let (raw, worker) = try Capture.reply(method)
    let element = JSONWriter.bytes(of: raw)
    let real = try ControlReply(decoding: element)
    let delivery = try #require(raw["properties"]?["delivery_info"])
    let written = ReplyEncoder.reply(
      try answer(real.answer), from: worker, ticket: try #require(real.ticket),
      clock: try #require(raw["headers"]?["clock"]?.int),
      exchange: try #require(delivery["exchange"]?.string),
      routingKey: try #require(delivery["routing_key"]?.string),
      deliveryTag: try #require(raw["properties"]?["delivery_tag"]?.string))
    #expect(text(written) == text(element))
  }

  @Test func pingIsAnsweredByteForByte() throws {
    try compare("ping") { _ in ["ok": "pong"] }
  }

  @Test func activeQueuesAreToldByteForByte() throws {
    try compare("active_queues") { _ in ReplyEncoder.activeQueues(["celery"]) }
  }

  @Test func activeTasksAreToldByteForByte() throws {
    try compare("active") { .array(try (try #require($0.array)).map(request)) }
  }

  @Test func reservedTasksAreToldByteForByte() throws {
    try compare("reserved") { .array(try (try #require($0.array)).map(request)) }
  }

  private func request(_ real: JSONValue) throws -> JSONValue {
    let task = OutgoingTask(
      id: try #require(real["id"]?.string), task: try #require(real["name"]?.string),
      arguments: try #require(real["args"]?.array),
      queue: try #require(real["delivery_info"]?["routing_key"]?.string),
      priority: try #require(real["delivery_info"]?["priority"]?.int), origin: "", replyTo: "",
      deliveryTag: "")
    let start = real["time_start"]?.double.map(Timestamp.init(secondsSince1970:))
    return ReplyEncoder.request(
      ReplyEncoder.Request(
        task: task, hostname: try #require(real["hostname"]?.string), startedAt: start,
        acknowledged: real["acknowledged"] == .bool(true),
        workerPID: real["worker_pid"]?.int), safe: false)
  }

  @Test func statsAreToldInCelerysOrderWithItsTypes() throws {
    let real = try ControlReply(decoding: JSONWriter.bytes(of: try Capture.reply("stats").0))
    let written = ReplyEncoder.stats(
      ReplyEncoder.Stats(
        totals: try #require(real.answer["total"]?.members),
        pid: try #require(real.answer["pid"]?.int), clock: 713, uptime: 170,
        pool: try #require(real.answer["pool"]),
        broker: ReplyEncoder.Broker(
          hostname: "127.0.0.1", virtualHost: "0", port: 7001, uriPrefix: nil),
        prefetchCount: 8, userTime: 1.341908, systemTime: 0.277875))
    #expect(text(JSONWriter.bytes(of: written)) == text(JSONWriter.bytes(of: real.answer)))
  }

  @Test func aPreforkPoolIsDescribedAsCeleryDoes() throws {
    let real = try ControlReply(decoding: JSONWriter.bytes(of: try Capture.reply("stats").0))
    let pool = ReplyEncoder.preforkPool(processes: [14614, 14625], writes: 94)
    let names = try #require(real.answer["pool"]?.members).map(\.key)
    #expect(pool.members?.map(\.key) == names)
    #expect(pool["processes"] == real.answer["pool"]?["processes"])
  }
}

@Suite struct RedBeatEncoderTests {
  private func recorded() throws -> JSONValue {
    try JSONValue(decoding: try Fixture.bytes("celery/redbeat_keys.json"))
  }

  @Test func anEntryIsWrittenByteForByte() throws {
    let real = try #require(try recorded()["redbeat:every-2s"])
    let entry = RedBeatEncoder.Entry(
      name: "every-2s", task: "labapp.tiny", arguments: [1],
      options: [JSONMember("expires", 30)], every: .seconds(2))
    #expect(text(RedBeatEncoder.definition(entry)) == real["definition"]?.string)
    let lastRun = Timestamp(secondsSince1970: 1_795_335_451.143377)
    #expect(text(RedBeatEncoder.meta(lastRun: lastRun, runs: 6)) == real["meta"]?.string)
  }

  @Test func anEntryThatNeverRanHasNoCount() throws {
    let real = try #require(try recorded()["redbeat:cron-min"]?["meta"]?.string)
    let moment = Timestamp(secondsSince1970: 1_795_335_439.111103)
    #expect(text(RedBeatEncoder.meta(lastRun: moment, runs: nil)) == real)
  }

  @Test func theLockTokenIsAUUIDOfVersionOne() throws {
    let token = try #require(try recorded()["redbeat::lock"]?["value"]?.string)
    let read = try #require(RedBeatToken(Array(token.utf8)))
    #expect(read.node == "02fc00000001")
    let written = RedBeatEncoder.token(
      at: read.createdAt, sequence: 0x20ce, node: 0x02fc_0000_0001)
    #expect(written.count == 32)
    #expect(written.suffix(20) == token.suffix(20))
    let again = try #require(RedBeatToken(Array(written.utf8)))
    #expect(abs((again.createdAt - read.createdAt).value) < 0.000_01)
  }

  @Test(
    "moments are printed as Python prints them",
    arguments: [
      (1_795_334_941.496505, "2026-11-22T08:09:01.496505+00:00"),
      (1_795_334_941.0, "2026-11-22T08:09:01+00:00"),
      (0.000001, "1970-01-01T00:00:00.000001+00:00"),
      (951_782_400.5, "2000-02-29T00:00:00.500000+00:00"),
    ])
  func isoformat(seconds: Double, expected: String) {
    #expect(PythonTime.isoformat(Timestamp(secondsSince1970: seconds)) == expected)
  }
}
