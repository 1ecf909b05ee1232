import CeleryProtocol
import Foundation
import RedisClient
import TaskmonUnits
import Testing

struct ControlReplyTests {
  private static let items = [
    "acks_late", "acks_on_failure_or_timeout", "reject_on_worker_lost", "time_limit",
    "soft_time_limit", "autoretry_for", "max_retries", "default_retry_delay", "retry_backoff",
    "ignore_result", "store_errors_even_if_ignored", "rate_limit", "track_started", "priority",
    "serializer", "queue", "expires", "run", "typing", "abstract", "from_config",
  ]

  /// The captured replies to one method; `arguments` tells whether those with arguments are meant.
  private func replies(_ method: String, arguments: Bool = false) throws -> [ControlReply] {
    try Fixture.lines("pidbox_replies.jsonl").compactMap { line in
      let row = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any])
      let given = try #require(row["arguments"] as? [String: Any])
      guard row["method"] as? String == method, given.isEmpty != arguments else { return nil }
      let raw = try JSONSerialization.data(withJSONObject: try #require(row["raw"]))
      return try ControlReply(decoding: Array(raw))
    }.sorted { $0.worker < $1.worker }
  }

  @Test("every captured reply names its worker and ticket, and only an error is one")
  func readsEveryReply() throws {
    let methods = [
      "ping", "stats", "active", "reserved", "scheduled", "revoked", "active_queues", "clock",
      "conf", "registered", "enable_events", "report", "nosuchmethod",
    ]
    for method in methods {
      let found = try replies(method)
      #expect(found.map(\.worker) == ["w1@vm", "w2@vm"], "\(method)")
      #expect(found.allSatisfy { $0.ticket?.count == 36 }, "\(method)")
      let error = method == "nosuchmethod" ? "KeyError('nosuchmethod')" : nil
      #expect(found.allSatisfy { $0.error == error }, "\(method)")
    }
    #expect(try replies("ping").map(\.answer) == [["ok": "pong"], ["ok": "pong"]])
    #expect(try replies("query_task", arguments: true).map(\.answer) == [[:], [:]])
  }

  @Test("queues consumed are listed by name")
  func readsActiveQueues() throws {
    let found = try replies("active_queues").map { try ActiveQueuesReply($0.answer) }
    #expect(found.map(\.names) == [["celery"], ["celery", "high"]])
    #expect(
      found[1].queues[1]
        == ActiveQueuesReply.Queue(name: "high", exchange: "high", exchangeType: "direct"))
  }

  @Test("running tasks tell whether they would be lost")
  func readsActive() throws {
    let found = try replies("active").map { try ActiveTasksReply($0.answer).tasks }
    #expect(found.map(\.count) == [2, 2])
    var expected = ActiveTasksReply.Task(id: "af393f16-67df-4811-814d-95b2ebff6223")
    expected.name = "labapp.sleepy"
    expected.startedAt = Timestamp(secondsSince1970: 1795335080.5406406)
    expected.acknowledged = true
    expected.hostname = "w1@vm"
    expected.processID = 14614
    expected.redelivered = false
    expected.priority = 0
    expected.exchange = ""
    expected.routingKey = "celery"
    expected.argumentsRepr = "[25]"
    expected.keywordArgumentsRepr = "{}"
    #expect(found[0][1] == expected)
    let reserved = try replies("reserved").map { try ActiveTasksReply($0.answer).tasks }
    #expect(reserved.map(\.count) == [1, 2])
    #expect(reserved[0][0].startedAt == nil && reserved[0][0].processID == nil)
  }

  @Test("stats tell pool, slots and totals")
  func readsStats() throws {
    let found = try replies("stats").map { try StatsReply($0.answer) }
    #expect(found.map(\.pid) == [14461, 14462])
    #expect(found.map(\.uptime) == [Seconds(170), Seconds(170)])
    #expect(found.map(\.pool) == ["prefork", "prefork"])
    #expect(found.map(\.slots) == [2, 2])
    #expect(found.map(\.processes) == [[14614, 14625], [14482, 14655]])
    #expect(found.map(\.prefetchCount) == [8, 10])
    #expect(found.map(\.totals.count) == [20, 18])
    #expect(found.map { $0.totals["labapp.add"] } == [54, 73])
    #expect(found.allSatisfy { $0.softLimit == nil && $0.hardLimit == nil })
  }

  @Test(
    "a pool is told by its module, and in old versions by what only one of them has",
    arguments: [
      (["implementation": "celery.concurrency.solo:TaskPool"], "solo"),
      (["implementation": "celery.concurrency.thread:TaskPool"], "threads"),
      (["implementation": "celery.concurrency.gevent:TaskPool"], "gevent"),
      (["implementation": "celery.concurrency.eventlet:TaskPool"], "eventlet"),
      (["implementation": "my.pools:Pool"], "pools"),
      (["max-concurrency": 2, "writes": [:]], "prefork"),
      (["max-concurrency": 2, "threads": 2], "threads"),
      (["max-concurrency": 1, "processes": [7], "timeouts": []], "solo"),
      (["max-concurrency": 2], nil),
    ] as [(JSONValue, String?)])
  func namesPools(_ pool: JSONValue, _ expected: String?) throws {
    #expect(try StatsReply(["pool": pool]).pool == expected)
  }

  @Test("pool-wide limits are soft first")
  func readsPoolLimits() throws {
    let stats = try StatsReply(["pool": ["timeouts": [30, 60.5]]])
    #expect(stats.softLimit == Seconds(30))
    #expect(stats.hardLimit == Seconds(60.5))
  }

  @Test("registered tasks are cut at the names of the options asked for")
  func readsRegistered() throws {
    for reply in try replies("registered", arguments: true) {
      let tasks = try RegisteredReply(reply.answer, items: Self.items).tasks
      #expect(tasks.count == 28)
      #expect(tasks.filter { $0.hardLimit != nil }.count == 3)
      let decorated = try #require(tasks.first { $0.name == "labapp.decorated" })
      #expect(decorated.hardLimit == Seconds(60))
      #expect(decorated.softLimit == Seconds(30))
      #expect(decorated.options["rate_limit"] == "100/m")
      #expect(decorated.options["serializer"] == "json")
      let retried = try #require(tasks.first { $0.name == "labapp.auto_retry" })
      #expect(retried.options["autoretry_for"] == "(<class 'ConnectionError'>,)")
      #expect(retried.options["max_retries"] == "2")
      #expect(retried.options["retry_backoff"] == "1")
      #expect(retried.options["time_limit"] == nil)
      #expect(
        retried.options["from_config"]?.hasSuffix("'task_store_errors_even_if_ignored'))") == true)
    }
    let plain = try replies("registered").map { try RegisteredReply($0.answer, items: []).tasks }
    #expect(plain.map(\.count) == [28, 28])
  }

  @Test("a task without options is its name alone")
  func readsBareNames() throws {
    let tasks = try RegisteredReply(
      ["a.b", "a.c [soft_time_limit=1.5]", "a.d [time_limit=x soft_time_limit=]"],
      items: ["time_limit", "soft_time_limit"]
    ).tasks
    #expect(
      tasks == [
        RegisteredReply.Task(name: "a.b"),
        RegisteredReply.Task(
          name: "a.c", options: ["soft_time_limit": "1.5"], softLimit: Seconds(1.5)),
        RegisteredReply.Task(name: "a.d", options: ["time_limit": "x", "soft_time_limit": ""]),
      ])
  }

  @Test("a configuration with defaults is read, its bare Infinity and masks included")
  func readsConfiguration() throws {
    for reply in try replies("conf", arguments: true) {
      #expect(reply.answer["result_backend_max_retries"] == .double(.infinity))
      let conf = try ConfReply(reply.answer)
      #expect(conf.beatSchedule == [])
      #expect(conf.brokerURL == "redis://:********@127.0.0.1:7001/0")
      #expect(conf.resultBackend == "redis://127.0.0.1:7001/1")
      #expect(conf.visibilityTimeout == nil)
      #expect(conf.resultExpires == Seconds(86400))
      #expect(conf.taskTimeLimit == nil && conf.taskSoftTimeLimit == nil)
      #expect(conf.acksLate == false && conf.alwaysEager == false)
      #expect(conf.sendsTaskEvents == false && conf.redirectsStdouts == true)
      #expect(conf.prefetchMultiplier == 4 && conf.defaultQueue == "celery")
      #expect(conf.timezone == nil)
    }
    let changed = try replies("conf").map { try ConfReply($0.answer) }
    #expect(changed.allSatisfy { $0.beatSchedule == nil && $0.resultExpires == nil })
  }

  @Test("masked, infinite and odd settings are unknown")
  func leavesMasks() throws {
    let conf = try ConfReply([
      "result_backend": "********", "task_time_limit": .double(.infinity),
      "broker_transport_options": [
        "visibility_timeout": 43200.0, "priority_steps": [0, 5], "sep": ":",
      ], "timezone": 7,
    ])
    #expect(conf.resultBackend == nil && conf.taskTimeLimit == nil && conf.timezone == nil)
    #expect(conf.visibilityTimeout == Seconds(43200))
    #expect(conf.prioritySteps == [0, 5] && conf.separator == ":")
  }

  @Test("entries of a plain beat's schedule are read from a worker's configuration")
  func readsBeatSchedule() throws {
    let conf = try ConfReply([
      "beat_schedule": [
        "every-2s": [
          "task": "labapp.tiny", "schedule": 2.0, "args": [1], "options": ["expires": 30],
        ],
        "cron": [
          "task": "labapp.add", "schedule": "<crontab: 5 * * * * (m/h/dM/MY/d)>",
          "kwargs": ["x": "y"],
        ], "broken": 3,
      ]
    ])
    #expect(
      conf.beatSchedule == [
        ConfReply.ScheduleEntry(
          name: "every-2s", task: "labapp.tiny", argumentsText: "1",
          schedule: .interval(Seconds(2))),
        ConfReply.ScheduleEntry(
          name: "cron", task: "labapp.add", keywordArgumentsText: "'x': 'y'",
          schedule: .crontab("5 * * * *")),
      ])
  }

  @Test("long arguments are cut by what they weigh, not by what they look like")
  func cutsArguments() throws {
    for letter in ["x", "é", "🙂", "e" + String(repeating: "\u{301}", count: 500)] {
      let long = String(repeating: letter, count: 1025)
      let tasks = try ActiveTasksReply([["id": "t", "args": .string(long)]]).tasks
      let text = try #require(tasks.first?.argumentsRepr)
      #expect(text.utf8.count <= 1024 && text.hasSuffix("…"))
    }
    let short = String(repeating: "x", count: 1024)
    #expect(
      try ActiveTasksReply([["id": "t", "args": .string(short)]]).tasks.first?.argumentsRepr
        == short)
  }

  @Test("what waits for its eta is read with it, and what cannot be read is left out")
  func readsScheduled() throws {
    let tasks = try ScheduledTasksReply([
      [
        "eta": "2026-01-02T03:04:05.500000+01:00", "priority": 6,
        "request": ["id": "later", "name": "a.b", "args": [1], "kwargs": [:]],
      ],
      ["eta": nil, "priority": 6, "request": ["id": "limited"]], ["eta": "x"], 7,
    ]).tasks
    #expect(tasks.map(\.request.id) == ["later", "limited"])
    #expect(tasks.map(\.eta) == [Timestamp(iso8601: "2026-01-02T02:04:05.5Z"), nil])
    #expect(tasks.first?.request.argumentsRepr == "[1]")
    #expect(try RevokedReply(["a", 1, "b"]).ids == ["a", "b"])
  }

  @Test("captured answers of the questions that are asked on demand are read")
  func readsCapturedHoldings() throws {
    for reply in try replies("reserved") { _ = try ActiveTasksReply(reply.answer) }
    for reply in try replies("scheduled") {
      let tasks = try ScheduledTasksReply(reply.answer).tasks
      #expect(tasks.count == reply.answer.array?.count)
      #expect(tasks.allSatisfy { $0.eta != nil })
    }
    for reply in try replies("revoked") {
      #expect(try RevokedReply(reply.answer).ids.count == reply.answer.array?.count)
    }
  }

  @Test("how often a prefork pool replaces its processes is a number or nothing")
  func readsTasksPerChild() throws {
    #expect(try StatsReply(["pool": ["max-tasks-per-child": 100]]).tasksPerChild == 100)
    #expect(try StatsReply(["pool": ["max-tasks-per-child": "N/A"]]).tasksPerChild == nil)
  }

  @Test("a limit of zero is none: the pool's holds")
  func readsZeroLimit() throws {
    let tasks = try RegisteredReply(["a [time_limit=0]"], items: ["time_limit"]).tasks
    #expect(tasks.map(\.hardLimit) == [nil])
  }

  @Test("an answer of another shape is refused by name")
  func refusesShapes() {
    #expect(throws: DecodeError.wrongType("active_queues")) { try ActiveQueuesReply([:]) }
    #expect(throws: DecodeError.wrongType("active")) { try ActiveTasksReply("x") }
    #expect(throws: DecodeError.wrongType("scheduled")) { try ScheduledTasksReply("x") }
    #expect(throws: DecodeError.wrongType("revoked")) { try RevokedReply([:]) }
    #expect(throws: DecodeError.wrongType("stats")) { try StatsReply([]) }
    #expect(throws: DecodeError.wrongType("conf")) { try ConfReply(nil) }
    #expect(throws: DecodeError.wrongType("registered")) { try RegisteredReply(1, items: []) }
    #expect(throws: DecodeError.missing("worker")) {
      try ControlReply(decoding: Array(#"{"body":"{}"}"#.utf8))
    }
  }
}

struct ControlRequestTests {
  private func request(_ method: ControlRequest.Method, to nodes: [String]? = nil) -> [String] {
    let command = ControlRequest(
      method, to: nodes, owner: "own", ticket: "tick",
      expires: Timestamp(secondsSince1970: 1795334915.5),
      layout: KeyLayout(database: 2, globalPrefix: "px:"))
    return command.arguments.map { String(decoding: $0, as: UTF8.self) }
  }

  @Test("a request is published on the control channel and answered straight into our list")
  func writesRequest() throws {
    let arguments = request(.active, to: ["w1@vm", "w ü"])
    #expect(arguments.prefix(2) == ["PUBLISH", "px:/2.celery.pidbox"])
    let envelope = try Envelope(decoding: Array(arguments[2].utf8))
    #expect(envelope.headers == ["clock": 0, "expires": 1795334915.5])
    #expect(
      String(decoding: envelope.body, as: UTF8.self)
        == #"{"method": "active", "arguments": {"safe": true}, "destination": ["w1@vm", "#
        + #""w \u00fc"], "pattern": null, "matcher": null, "ticket": "tick", "reply_to": "#
        + #"{"exchange": "", "routing_key": "taskmon-own.reply.celery.pidbox"}}"#)
    #expect(
      arguments[2].hasSuffix(
        #""headers": {"clock": 0, "expires": 1795334915.5}, "properties": {"delivery_mode": 2, "#
          + #""delivery_info": {"exchange": "celery.pidbox", "routing_key": ""}, "priority": 0, "#
          + #""body_encoding": "base64", "delivery_tag": "tick"}}"#))
  }

  @Test(
    "each method asks what Celery understands",
    arguments: [
      (.ping, "ping", [:]), (.activeQueues, "active_queues", [:]), (.stats, "stats", [:]),
      (.conf(withDefaults: true), "conf", ["with_defaults": true]),
      (
        .registered(items: ["time_limit", "soft_time_limit"]), "registered",
        ["taskinfoitems": ["time_limit", "soft_time_limit"]]
      ),
      (.queryTask(ids: ["a", "b"]), "query_task", ["ids": ["a", "b"]]),
      (.reserved, "reserved", [:]), (.scheduled, "scheduled", [:]), (.revoked, "revoked", [:]),
    ] as [(ControlRequest.Method, String, JSONValue)])
  func namesMethods(
    _ method: ControlRequest.Method, _ name: String, _ given: JSONValue
  ) throws {
    let body = try Envelope(decoding: Array(request(method)[2].utf8)).json()
    #expect(body["method"]?.string == name)
    #expect(body["arguments"] == given)
    #expect(body["destination"] == JSONValue.null)
  }
}

struct WorkerChangeTests {
  @Test("a change goes to named workers only, on the channel of questions")
  func writes() throws {
    let change = WorkerChange(
      .enableEvents, to: ["w1@vm"], owner: "own", ticket: "tick",
      expires: Timestamp(secondsSince1970: 1795334915.5),
      layout: KeyLayout(database: 2, globalPrefix: "px:"))
    let arguments = change.arguments.map { String(decoding: $0, as: UTF8.self) }
    #expect(arguments.prefix(2) == ["PUBLISH", "px:/2.celery.pidbox"])
    let envelope = try Envelope(decoding: Array(arguments[2].utf8))
    #expect(envelope.headers == ["clock": 0, "expires": 1795334915.5])
    #expect(
      String(decoding: envelope.body, as: UTF8.self)
        == #"{"method": "enable_events", "arguments": {}, "destination": ["w1@vm"], "#
        + #""pattern": null, "matcher": null, "ticket": "tick", "reply_to": "#
        + #"{"exchange": "", "routing_key": "taskmon-own.reply.celery.pidbox"}}"#)
    #expect(WorkerChange.right == .change)
  }
}

struct EnvelopeWriterTests {
  @Test("what is written again from its parts is the captured request, byte for byte")
  func writesRequestsAsCelery() throws {
    for file in Fixture.eventFiles {
      for row in try Fixture.rows(file, as: Fixture.Published.self)
      where row.channel.hasSuffix(".pidbox") || row.channel.contains("celeryev") {
        #expect(try rewritten(row.payload) == row.data)
      }
    }
  }

  @Test("what is written again from its parts is the captured message, byte for byte")
  func writesMessagesAsCelery() throws {
    var compared = 0
    for row in try Fixture.rows("queue_elements.jsonl", as: Fixture.Element.self) {
      let message = try TaskMessage(decoding: row.bytes)
      guard message.contentType == "application/json", message.compression == nil else { continue }
      #expect(try rewritten(row.bytes) == row.raw, "\(row.label)")
      compared += 1
    }
    #expect(compared == 33)
    for row in try Fixture.rows("unacked.jsonl", as: Fixture.Unacked.self) {
      let value = try JSONValue(decoding: Array(row.value.utf8))
      let message = JSONWriter.bytes(of: try #require(value.array?.first))
      let entry = EnvelopeWriter.unackedEntry(
        message: message, exchange: "", routingKey: "celery")
      #expect(String(decoding: entry, as: UTF8.self) == row.value)
    }
  }

  private func rewritten(_ bytes: [UInt8]) throws -> String {
    let envelope = try Envelope(decoding: bytes)
    let old = envelope.properties
    let delivery = old["delivery_info"] ?? nil
    let properties = EnvelopeWriter.Properties(
      correlationID: old["correlation_id"]?.string, replyTo: old["reply_to"]?.string,
      origin: old["origin"]?.string, expiration: old["expiration"]?.string,
      deliveryMode: try #require(old["delivery_mode"]?.int),
      exchange: try #require(delivery["exchange"]?.string),
      routingKey: try #require(delivery["routing_key"]?.string),
      redelivered: delivery["redelivered"]?.bool == true,
      priority: try #require(old["priority"]?.int),
      deliveryTag: try #require(old["delivery_tag"]?.string))
    return String(
      decoding: EnvelopeWriter.envelope(
        body: try envelope.json(), headers: envelope.headers, properties: properties),
      as: UTF8.self)
  }
}
