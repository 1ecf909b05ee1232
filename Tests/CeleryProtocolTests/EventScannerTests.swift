import CeleryProtocol
import TaskmonUnits
import Testing

/// The fast reader of events says what the friendly one says.
struct EventScannerTests {
  @Test("every capture gives the events the decoder gives", arguments: Fixture.eventFiles)
  func agreesOnCaptures(_ file: String) throws {
    var opinions = Opinions()
    for published in try Fixture.events(file) {
      let (scanned, decoded) = opinions.about(published.payload)
      #expect(scanned == decoded)
      #expect(scanned.error == nil)
      #expect(!scanned.events.isEmpty)
    }
  }

  @Test("bodies cut short and bytes changed at random get the same answer", arguments: 1...4)
  func agreesOnMutations(_ seed: Int) throws {
    var random = SplitMix(state: UInt64(seed))
    var opinions = Opinions()
    var events = 0
    let bodies = try Fixture.eventFiles.flatMap { try Fixture.events($0) }.map(\.body)
    for _ in 0..<6000 {
      var body = bodies[Int(random.next() % UInt64(bodies.count))]
      body.disturb(&random)
      let payload = JSONWriter.bytes(of: ["body": .string(String(decoding: body, as: UTF8.self))])
      let (scanned, decoded) = opinions.about(payload)
      #expect(scanned == decoded)
      events += scanned.events.count
    }
    #expect(events > 1000, "a mutation that spoils everything proves nothing")
  }

  @Test("envelopes disturbed at random get the same answer", arguments: 1...4)
  func agreesOnEnvelopes(_ seed: Int) throws {
    var random = SplitMix(state: UInt64(seed))
    var opinions = Opinions()
    let payloads = try Fixture.events("events_rejected_workerlost.jsonl").map(\.payload)
    for _ in 0..<6000 {
      var payload = payloads[Int(random.next() % UInt64(payloads.count))]
      payload.disturb(&random)
      let (scanned, decoded) = opinions.about(payload)
      #expect(scanned == decoded)
    }
  }

  static let odd: [String] = [
    #"{"\u0074ype":"task-started","uuid":"\u0041","hostname":"w\n"}"#,
    #"{"type":"t\u0061sk-started","uuid":"u","hostname":"w"}"#,
    #"{"type":"task-started","type":null,"uuid":"u","hostname":"w"}"#,
    #"{"type":"worker-online","hostname":"w","loadavg":[1,2]}"#,
    #"{"type":"worker-online","hostname":"w","loadavg":[1,2,3,4]}"#,
    #"{"type":"worker-online","hostname":"w","loadavg":[1,null]}"#,
    #"{"type":"worker-online","hostname":"w","loadavg":[],"freq":Infinity,"sw_ver":7}"#,
    #"{"type":"task-revoked","uuid":"u","hostname":"w","signum":9,"signum":"TERM"}"#,
    #"{"type":"task-revoked","uuid":"u","hostname":"w","signum":"TERM","signum":9}"#,
    #"{"type":"task-sent","uuid":"u","hostname":"w","timestamp":"2026-01-01T00:00:00"}"#,
    #"{"type":"task-sent","uuid":"u","hostname":"w","timestamp":NaN,"retries":1.5,"pid":1e3}"#,
    #"{"type":"task-sent","uuid":"u","hostname":"w","retries":123456789012345678901}"#,
    #"{"type":"task-sent","uuid":"","hostname":"","name":{"a":[]},"args":17}"#,
    #"{"":1,"type":"x","hostname":"w","a_name_of_just_16":1,"much_longer_than_sixteen":2}"#,
    #"[]"#, #"[{"type":"x","hostname":"h"}, 7]"#, #"[[{"type":"x","hostname":"h"}]]"#, "{}", "",
  ]

  @Test("odd bodies get the same answer", arguments: odd)
  func agreesOnOddities(_ body: String) {
    var opinions = Opinions()
    let (scanned, decoded) = opinions.about(JSONWriter.bytes(of: ["body": .string(body)]))
    #expect(scanned == decoded)
  }

  @Test("a long list needs no more memory than its body, and a short one after it is right")
  func survivesSizes() {
    var opinions = Opinions()
    let event = #"{"type":"task-started","uuid":"u","hostname":"w"}"#
    for count in [1, 100_000, 2] {
      let list = "[" + Array(repeating: event, count: count).joined(separator: ",") + "]"
      let (scanned, decoded) = opinions.about(JSONWriter.bytes(of: ["body": .string(list)]))
      #expect(scanned.events.count == count)
      #expect(scanned == decoded)
    }
  }
}

/// The same payload, read twice.
struct Opinions {
  struct Opinion: Equatable {
    var events: [CeleryEvent] = []
    var error: DecodeError?
  }

  private var scanner = EventScanner()
  private var decoder = EventDecoder()

  mutating func about(_ payload: [UInt8]) -> (scanned: Opinion, decoded: Opinion) {
    var scanned = Opinion()
    var decoded = Opinion()
    do {
      _ = try scanner.scan(payload.span) { scanned.events.append($0.event(in: $1)) }
    } catch { scanned.error = error }
    do {
      _ = try decoder.decode(payload) { decoded.events.append($0) }
    } catch { decoded.error = error }
    return (scanned, decoded)
  }
}

extension Fixture.Published {
  /// The body's text, unpacked by another reader.
  var body: [UInt8] { (try? Envelope(decoding: payload).body) ?? [] }
}

extension [UInt8] {
  /// One to three small changes.
  mutating func disturb(_ random: inout SplitMix) {
    let signs = Array("{}[]\",:\\u0-9eE.tfnNI=()/ ".utf8)
    for _ in 0...Int(random.next() % 3) where !isEmpty {
      let place = Int(random.next() % UInt64(count))
      let sign = signs[Int(random.next() % UInt64(signs.count))]
      switch random.next() % 5 {
      case 0: self[place] = UInt8(random.next() % 128)
      case 1: self[place] = sign
      case 2: remove(at: place)
      case 3: insert(sign, at: place)
      default: removeLast(Swift.min(count, Int(random.next() % 8)))
      }
    }
  }
}
