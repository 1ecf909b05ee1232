import CeleryProtocol
import TaskmonUnits
import Testing

/// What a file of events holds, counted by another program.
struct EventTotals: Sendable, CustomTestStringConvertible {
  var file: String
  var payloads: Int
  var types: [String: Int]
  var failures: [String: Int]
  var tasks: [String: Int]
  var retries: Int
  var runtime: Double
  var versions: [String: Int]
  var testDescription: String { file }
}

struct EventDecoderTests {
  @Test("every capture holds the events another decoder counts", arguments: EventTotals.all)
  func countsEveryCapture(_ expected: EventTotals) throws {
    var decoder = EventDecoder()
    var found = EventTotals(
      file: expected.file, payloads: 0, types: [:], failures: [:], tasks: [:], retries: 0,
      runtime: 0, versions: [:])
    for published in try Fixture.events(expected.file) {
      found.payloads += 1
      var handed = 0
      let count = try decoder.decode(published.payload) {
        handed += 1
        found.add($0)
      }
      #expect(count == handed)
    }
    #expect(found.payloads == expected.payloads)
    #expect(found.types == expected.types)
    #expect(found.failures == expected.failures)
    #expect(found.tasks == expected.tasks)
    #expect(found.retries == expected.retries)
    #expect(abs(found.runtime - expected.runtime) < 1e-9)
    #expect(found.versions == expected.versions)
  }

  @Test("a heartbeat says what the worker says of itself")
  func readsHeartbeat() throws {
    let event = try only(
      """
      {"hostname":"w1@vm","utcoffset":0.0,"pid":14461,"clock":3,"freq":2.0,"active":0,\
      "processed":7,"loadavg":[2.82,1.28,0.51],"sw_ident":"py-celery","sw_ver":"5.7.0",\
      "sw_sys":"Linux","timestamp":1795334916.414412,"type":"worker-heartbeat"}
      """)
    #expect(
      event
        == CeleryEvent(
          hostname: "w1@vm", pid: 14461,
          timestamp: Timestamp(secondsSince1970: 1795334916.414412), clock: 3,
          kind: .workerHeartbeat(
            WorkerState(
              frequency: Seconds(2), active: 0, processed: 7, loadAverage: [2.82, 1.28, 0.51],
              softwareVersion: "5.7.0"))))
  }

  @Test("the answer to a control request is a heartbeat without counts")
  func readsSparseHeartbeat() throws {
    let event = try only(#"{"hostname":"w","freq":5,"type":"worker-heartbeat"}"#)
    #expect(
      event
        == CeleryEvent(
          hostname: "w", kind: .workerHeartbeat(WorkerState(frequency: Seconds(5)))))
  }

  @Test("a received task carries its name, arguments and times")
  func readsReceived() throws {
    let event = try only(
      """
      {"hostname":"w","uuid":"u","name":"a.b","args":"(1,)","kwargs":"{'y': '\\u00e9'}",\
      "root_id":"r","parent_id":null,"retries":1,"eta":"2026-11-22T11:26:33.5+03:00",\
      "expires":null,"type":"task-received"}
      """)
    #expect(
      event.kind
        == .taskReceived(
          TaskAnnouncement(
            id: "u", name: "a.b", argumentsRepr: "(1,)", keywordArgumentsRepr: "{'y': 'é'}",
            retries: 1, eta: Timestamp(secondsSince1970: 1795335993.5), rootID: "r")))
  }

  @Test("arguments are cut at 1 KiB and tracebacks keep their end")
  func cutsTexts() throws {
    let long = String(repeating: "é", count: 4000)
    let event = try only(
      #"{"hostname":"w","uuid":"u","args":"\#(long)","type":"task-sent"}"#)
    #expect(
      event.kind
        == .taskSent(TaskAnnouncement(id: "u", argumentsRepr: String(repeating: "é", count: 512))))
    let failed = try only(
      #"{"hostname":"w","uuid":"u","traceback":"\#(long)x\nKeyError: 12\n","type":"task-failed"}"#)
    guard case .taskFailed(let failure) = failed.kind else {
      Issue.record("not a failure")
      return
    }
    #expect(failure.traceback?.utf8.count == 4095)
    #expect(failure.traceback?.hasSuffix("éx\nKeyError: 12\n") == true)
    #expect(failure.className == "KeyError")
  }

  @Test("a revocation says whether the task ran out of time or was terminated")
  func readsRevocation() throws {
    let event = try only(
      #"{"hostname":"w","uuid":"u","terminated":true,"signum":"15","expired":false,"#
        + #""type":"task-revoked"}"#
    )
    #expect(
      event.kind
        == .taskRevoked(TaskRevocation(id: "u", terminated: true, expired: false, signal: "15")))
  }

  @Test("a type of one's own is handed over as it names itself")
  func keepsUnknownTypes() throws {
    #expect(
      try only(#"{"hostname":"w","type":"task-custom","x":[{}]}"#).kind == .other("task-custom"))
  }

  @Test(
    "what is no event is refused",
    arguments: [
      (#"{"type":"task-started","hostname":"w"}"#, DecodeError.missing("uuid")),
      (#"{"hostname":"w"}"#, .missing("type")),
      (#"{"type":"worker-online"}"#, .missing("hostname")),
      (#"{"type":"worker-online","hostname":"w"} x"#, .malformed(at: 40)),
      (#"{"type":"worker-online","hostname":"w""#, .truncated(at: 38)),
      ("7", .malformed(at: 0)),
    ])
  func refuses(_ body: String, _ expected: DecodeError) {
    #expect(throws: expected) { try only(body) }
  }

  @Test("a compressed or pickled payload is named as such")
  func refusesOtherSerializers() {
    var decoder = EventDecoder()
    let pickled =
      #"{"body":"gASV","content-type":"application/x-python-serialize","#
      + #""properties":{"body_encoding":"base64"}}"#
    #expect(throws: DecodeError.unsupported("content type application/x-python-serialize")) {
      try decoder.decode(Array(pickled.utf8)) { _ in }
    }
    let packed = #"{"body":"eJw=","headers":{"compression":"application/x-gzip"}}"#
    #expect(throws: DecodeError.unsupported("compression application/x-gzip")) {
      try decoder.decode(Array(packed.utf8)) { _ in }
    }
  }

  @Test("a body that is plain text is read as it stands")
  func readsPlainBody() throws {
    var decoder = EventDecoder()
    var found: [CeleryEvent] = []
    let payload = #"{"body":"[{\"type\": \"worker-online\", \"hostname\": \"w\"}]"}"#
    #expect(try decoder.decode(Array(payload.utf8)) { found.append($0) } == 1)
    #expect(found == [CeleryEvent(hostname: "w", kind: .workerOnline(WorkerState()))])
  }

  /// The single event of a body.
  private func only(_ body: String) throws -> CeleryEvent {
    var out: [CeleryEvent] = []
    var decoder = EventDecoder()
    let escaped = body.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    _ = try decoder.decode(Array("{\"body\":\"\(escaped)\"}".utf8)) { out.append($0) }
    return try #require(out.count == 1 ? out[0] : nil)
  }
}

extension EventTotals {
  mutating func add(_ event: CeleryEvent) {
    switch event.kind {
    case .workerOnline(let worker): note("worker-online", worker)
    case .workerHeartbeat(let worker): note("worker-heartbeat", worker)
    case .workerOffline(let worker): note("worker-offline", worker)
    case .taskSent: types["task-sent", default: 0] += 1
    case .taskReceived(let task):
      types["task-received", default: 0] += 1
      tasks[task.name ?? "?", default: 0] += 1
      retries += task.retries ?? 0
    case .taskStarted: types["task-started", default: 0] += 1
    case .taskSucceeded(_, let time):
      types["task-succeeded", default: 0] += 1
      runtime += time?.value ?? .nan
    case .taskFailed(let failure): note("task-failed", failure)
    case .taskRetried(let failure): note("task-retried", failure)
    case .taskRejected: types["task-rejected", default: 0] += 1
    case .taskRevoked: types["task-revoked", default: 0] += 1
    case .other(let type): types[type, default: 0] += 1
    }
  }

  private mutating func note(_ type: String, _ worker: WorkerState) {
    types[type, default: 0] += 1
    versions[worker.softwareVersion ?? "?", default: 0] += 1
  }

  private mutating func note(_ type: String, _ failure: TaskFailure) {
    types[type, default: 0] += 1
    failures["\(type) \(failure.className ?? "?")", default: 0] += 1
  }
}
