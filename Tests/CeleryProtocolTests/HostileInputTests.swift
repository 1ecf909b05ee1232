import CeleryProtocol
import RedisClient
import TaskmonUnits
import Testing

/// Whatever stands in Redis: decoders answer or throw, and never trap.
struct HostileInputTests {
  /// One of every kind.
  private func samples() throws -> [[UInt8]] {
    let events = try Fixture.events("events_rejected_workerlost.jsonl")
    let batches = events.filter { $0.channel.hasSuffix("task.multi") }
    let batch = try #require(batches.min { $0.data.utf8.count < $1.data.utf8.count })
    let elements = try Fixture.rows("queue_elements.jsonl", as: Fixture.Element.self)
    let first = try #require(elements.first { $0.label == "protocol v1" })
    let odd = try #require(elements.first { $0.label == "countdown+expires" })
    let unacked = try Fixture.rows("unacked.jsonl", as: Fixture.Unacked.self)
    let results = try Fixture.rows("result_metas.jsonl", as: Fixture.Result.self)
    let failure = try #require(results.first { $0.value.contains("FAILURE") })
    let reply = EnvelopeWriter.envelope(
      body: ["w1@vm": ["a.b [time_limit=60 soft_time_limit=30]", ["pool": ["timeouts": [1, 2]]]]],
      headers: ["ticket": "t"],
      properties: EnvelopeWriter.Properties(
        deliveryMode: 1, exchange: "", routingKey: "x", deliveryTag: "d"))
    let entry =
      #"{"name": "n", "task": "t", "args": [1, "\u00e9"], "schedule": {"__type__": "crontab", "#
      + #""minute": [1e3, NaN], "last_run_at": {"year": 2026, "month": 1, "day": 1}}}"#
    return [
      Array(batch.data.utf8), first.bytes, odd.bytes, Array(unacked[2].value.utf8), failure.bytes,
      reply, Array(entry.utf8), Array("2283c824e64d11f1a0ce02fc00000001".utf8),
      Array("2026-11-22T11:26:33.387507+03:00".utf8), Array("-1 day, 23:59:59.5".utf8),
    ]
  }

  /// Hands the bytes to every decoder; what they say does not matter here.
  private func decodeEverything(_ bytes: [UInt8], _ decoder: inout EventDecoder) {
    _ = try? decoder.decode(bytes) { _ = $0.kind }
    _ = try? TaskMessage(decoding: bytes)
    _ = try? UnackedEntry(decoding: bytes)
    _ = try? Envelope(decoding: bytes).json()
    _ = ResultEnds(first: bytes, last: bytes, size: bytes.count + 1)
    _ = try? RedBeatEntry(definition: bytes, meta: bytes)
    _ = RedBeatToken(bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    _ = Timestamp(iso8601: text)
    _ = ScheduleValue(configuration: .string(text))
    _ = FailureClass.name(exception: text, traceback: text)
    _ = PythonRepr.argumentsText(text)
    let layout = KeyLayout(database: 0)
    _ = layout.bindingMember(bytes)
    _ = layout.queue(ofListKey: RedisKey(bytes: bytes))
    _ = layout.eventPattern(forDiscovered: [RedisKey(bytes: bytes)])
    _ = try? RegisteredReply([.string(text)], items: ["time_limit", "soft_time_limit"])
    guard let reply = try? ControlReply(decoding: bytes) else { return }
    for answer in [reply.answer] + (reply.answer.array ?? []) {
      _ = try? ActiveQueuesReply(answer)
      _ = try? ActiveTasksReply(answer)
      _ = try? StatsReply(answer)
      _ = try? ConfReply(answer)
      _ = try? RegisteredReply(answer, items: ["time_limit", "soft_time_limit"])
      _ = PythonRepr.text(of: answer)
      _ = ScheduleValue(redBeat: answer)
    }
  }

  @Test("a text cut at any byte is refused or read, and JSON cut short is always refused")
  func survivesTruncation() throws {
    var decoder = EventDecoder()
    for sample in try samples() {
      for length in 0..<sample.count {
        let cut = Array(sample.prefix(length))
        decodeEverything(cut, &decoder)
        guard sample.first == UInt8(ascii: "{") || sample.first == UInt8(ascii: "[") else {
          continue
        }
        #expect(throws: DecodeError.self) { try JSONValue(decoding: cut) }
        #expect(throws: DecodeError.self) { try TaskMessage(decoding: cut) }
      }
    }
  }

  @Test("an event body cut at any byte hands over no half event")
  func refusesCutBodies() throws {
    let body = Array(
      (#"[{"type": "task-failed", "uuid": "u\u00e9", "hostname": "w", "exception": "E(1)", "#
        + #""loadavg": [1.5, -2e3], "x": {"y": [null, true]}}]"#).utf8)
    var decoder = EventDecoder()
    for length in 0..<body.count {
      let cut = String(decoding: body.prefix(length), as: UTF8.self)
      let payload = JSONWriter.bytes(of: ["body": .string(cut)])
      #expect(throws: DecodeError.self) { try decoder.decode(payload) { _ in } }
    }
  }

  @Test("20,000 random mutations never trap", arguments: [UInt64(0x7A5C_0001), 0x7A5C_0002])
  func survivesMutations(_ seed: UInt64) throws {
    // The seed is an argument, so a failure names it.
    var random = SplitMix(state: seed)
    var decoder = EventDecoder()
    let samples = try samples()
    for _ in 0..<10_000 {
      var bytes = samples[Int(random.next() % UInt64(samples.count))]
      for _ in 0...Int(random.next() % 4) { mutate(&bytes, &random) }
      decodeEverything(bytes, &decoder)
      // The same inside the body, which base64 would hide from the mutation.
      let body = JSONWriter.bytes(of: ["body": .string(String(decoding: bytes, as: UTF8.self))])
      _ = try? decoder.decode(body) { _ = $0.kind }
      _ = try? ControlReply(decoding: body)
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
    guard !bytes.isEmpty else { return }
    let place = Int(random.next() % UInt64(bytes.count))
    let structural = Array("{}[]\",:\\u0-9eE.tfnNI=()/".utf8)
    switch random.next() % 6 {
    case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 1: bytes[place] = structural[Int(random.next() % UInt64(structural.count))]
    case 2: bytes.remove(at: place)
    case 3: bytes.insert(structural[Int(random.next() % UInt64(structural.count))], at: place)
    case 4: bytes.removeSubrange(place..<min(bytes.count, place + 16))
    default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 32)], at: place)
    }
  }
}

/// A generator whose run depends on its seed alone.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
