import CeleryProtocol
import RedisClient
import TaskmonDemo
import TaskmonTestSupport
import TaskmonUnits
import Testing

/// A fleet without Redis: its lists are dictionaries here, its clock is a number.
struct Rehearsal {
  var fleet: DemoFleet
  var now: Timestamp
  var lists: [[UInt8]: [[UInt8]]] = [:]
  var unacked: Set<[UInt8]> = []
  var sent: [DemoCommand] = []
  var longest = 0
  /// Turns in a row a list was not empty, at most.
  var patience: [[UInt8]: Int] = [:]
  var longestWait = 0

  init(_ options: DemoOptions) {
    now = Timestamp(secondsSince1970: 1_767_323_045)
    fleet = DemoFleet(options, address: "/demo/redis.sock", at: now)
    apply(fleet.begin(at: now))
  }

  /// Plays so many turns of 50 ms.
  mutating func play(seconds: Double) {
    for _ in 0..<Int(seconds * 20) {
      now = now + .milliseconds(50)
      let round = fleet.step(to: now)
      apply(round.writes)
      var got: [(take: DemoFleet.Take, element: [UInt8]?)] = []
      for take in round.takes { got.append((take, lists[take.list.bytes]?.popLast())) }
      apply(fleet.receive(got, at: now))
      observe()
    }
  }

  private mutating func observe() {
    for (list, messages) in lists {
      patience[list] = messages.isEmpty ? 0 : patience[list, default: 0] + 1
      longestWait = max(longestWait, patience[list] ?? 0)
    }
    longest = max(longest, lists.values.reduce(0) { $0 + $1.count })
  }

  private mutating func apply(_ commands: [DemoCommand]) {
    sent += commands
    for command in commands {
      let words = command.arguments
      switch command.name {
      case "LPUSH": lists[words[1], default: []].insert(words[2], at: 0)
      case "ZADD" where words[1] == Array("unacked_index".utf8): unacked.insert(words[3])
      case "ZREM": unacked.remove(words[2])
      default: break
      }
    }
  }

  /// The events published so far, decoded as a monitor would.
  func events() throws -> [CeleryEvent] {
    var events: [CeleryEvent] = []
    var scanner = EventScanner()
    for command in sent where command.name == "PUBLISH" {
      guard text(command.arguments[1]).hasPrefix("/0.celeryev/") else { continue }
      let payload = command.arguments[2]
      _ = try scanner.scan(payload.span) { events.append($0.event(in: $1)) }
    }
    return events
  }
}

@Suite struct FleetTests {
  private func options(_ scenario: String, rate: Double = 20, workers: Int = 4) throws
    -> DemoOptions
  {
    DemoOptions(
      scenario: try #require(ScenarioRegistry.named(scenario)), workers: workers,
      tasksPerSecond: rate, seed: 7)
  }

  @Test(
    "a healthy shop drains whatever its size",
    arguments: [(20.0, 4, 60.0), (1.0, 1, 60.0), (20.0, 1, 45.0), (200.0, 4, 20.0)])
  func drains(rate: Double, workers: Int, seconds: Double) throws {
    var shop = Rehearsal(try options("healthy", rate: rate, workers: workers))
    shop.play(seconds: seconds)
    let sent = shop.sent.count { $0.name == "LPUSH" }
    #expect(Double(sent) > rate * seconds * 0.9)
    // A list stays non-empty for less than 20 s, and unacknowledged work does not pile up.
    #expect(shop.longestWait < 20 * 20)
    #expect(shop.unacked.count < Int(rate * 40) + 100)
  }

  @Test func everyTaskIsReceivedStartedAndEndedOnce() throws {
    var shop = Rehearsal(try options("healthy"))
    shop.play(seconds: 60)
    var received: [String: Int] = [:]
    var started: [String: Int] = [:]
    var ended: [String: Int] = [:]
    var retried = 0
    for event in try shop.events() {
      switch event.kind {
      case .taskReceived(let task): received["\(task.id) \(task.retries ?? 0)", default: 0] += 1
      case .taskStarted(let id): started[id, default: 0] += 1
      case .taskSucceeded(let id, _): ended[id, default: 0] += 1
      case .taskFailed(let failure): ended[failure.id, default: 0] += 1
      case .taskRetried(let failure):
        retried += 1
        #expect(failure.className == "ConnectionError")
      case .workerOnline, .workerHeartbeat, .taskSent: break
      case .workerOffline, .taskRejected, .taskRevoked, .other:
        Issue.record("unexpected \(event)")
      }
    }
    #expect(received.values.allSatisfy { $0 == 1 })
    #expect(ended.values.allSatisfy { $0 == 1 })
    #expect(ended.count > 1000)
    #expect(retried > 0)
    #expect(ended.keys.allSatisfy { started[$0] != nil })
  }

  @Test func theSameSeedTellsTheSameStory() throws {
    var first = Rehearsal(try options("show"))
    var second = Rehearsal(try options("show"))
    first.play(seconds: 20)
    second.play(seconds: 20)
    #expect(first.sent == second.sent)
    var other = DemoOptions(scenario: ScenarioRegistry.show, seed: 8)
    other.workers = 4
    var third = Rehearsal(other)
    third.play(seconds: 20)
    #expect(third.sent != first.sent)
  }

  @Test func aPauseIsNotMadeUpFor() throws {
    var shop = Rehearsal(try options("healthy"))
    shop.play(seconds: 5)
    let before = shop.sent.count { $0.name == "LPUSH" }
    shop.now = shop.now + .minutes(10)
    shop.play(seconds: 1)
    let after = shop.sent.count { $0.name == "LPUSH" }
    // A second's tasks, two batches that are due, three entries of beat once; not 12,000 tasks.
    #expect(after - before < 300)
    #expect(try periodic(shop)["emails.flush_outbox"]?.values.reduce(0, +) ?? 0 <= 4)
  }

  @Test func aClearedRedisIsAnOrdinaryDay() throws {
    var shop = Rehearsal(try options("healthy"))
    shop.play(seconds: 9)
    shop.lists = [:]
    shop.unacked = []
    let before = shop.sent.count { $0.name == "LPUSH" }
    shop.play(seconds: 10)
    #expect(shop.sent.count { $0.name == "LPUSH" } > before + 100)
    #expect(shop.lists.values.allSatisfy { $0.count < 200 })
    #expect(shop.unacked.count < 400)
  }

  @Test func whatTheFleetDidNotWriteIsDropped() throws {
    var shop = Rehearsal(try options("healthy"))
    shop.play(seconds: 1)
    let list = Array("celery".utf8)
    shop.lists[list, default: []].append(Array("garbage".utf8))
    shop.play(seconds: 3)
    #expect(shop.lists[list]?.contains(Array("garbage".utf8)) == false)
  }

  @Test func heartbeatsComeEveryTwoSeconds() throws {
    var shop = Rehearsal(try options("healthy"))
    shop.play(seconds: 20)
    var beats: [String: [Double]] = [:]
    for event in try shop.events() {
      guard case .workerHeartbeat(let state) = event.kind else { continue }
      #expect(state.frequency == .seconds(2))
      beats[event.hostname, default: []].append(event.timestamp?.secondsSince1970 ?? 0)
    }
    #expect(beats.keys.sorted() == (1...4).map { "celery@worker-\($0)" })
    for times in beats.values {
      #expect((9...10).contains(times.count))
      #expect(zip(times, times.dropFirst()).allSatisfy { abs($1 - $0 - 2) < 0.06 })
    }
  }

  /// Publishers of each periodic task with the moments its messages were sent.
  private func periodic(_ shop: Rehearsal) throws -> [String: [String: Int]] {
    var publishers: [String: [String: Int]] = [:]
    for command in shop.sent where command.name == "LPUSH" {
      let message = try TaskMessage(decoding: command.arguments[2])
      guard message.isFromBeat else { continue }
      publishers[message.task ?? "", default: [:]][message.origin ?? "", default: 0] += 1
    }
    return publishers
  }

  @Test func oneBeatPublishesEachEntryOncePerPeriod() throws {
    var shop = Rehearsal(try options("healthy"))
    shop.play(seconds: 60.5)
    let published = try periodic(shop)
    #expect(
      published.mapValues { $0.count } == [
        "shop.expire_carts": 1, "emails.flush_outbox": 1, "billing.refresh_rates": 1,
      ])
    #expect(published["emails.flush_outbox"]?.values.first == 30)
    #expect(published["billing.refresh_rates"]?.values.first == 20)
    #expect(published["shop.expire_carts"]?.values.first == 12)
  }

  @Test func aSecondBeatPublishesAllOfItAgain() throws {
    var shop = Rehearsal(try options("multiple-beats"))
    shop.play(seconds: 60.5)
    let published = try periodic(shop)
    #expect(published["emails.flush_outbox"]?.values.sorted() == [30, 30])
    #expect(published["billing.refresh_rates"]?.values.sorted() == [20, 20])
    let origins = try #require(published["emails.flush_outbox"]?.keys)
    #expect(origins.contains { $0.hasSuffix("@beat-1") })
    #expect(origins.contains { $0.hasSuffix("@worker-1") })
  }

  @Test func aHungTaskIsToldByActiveAndNothingElse() throws {
    var shop = Rehearsal(try options("stuck-task"))
    shop.play(seconds: 3)
    let answer = try ask("active", of: &shop, worker: 3)
    let tasks = try ActiveTasksReply(answer).tasks.filter { $0.name == "reports.export" }
    #expect(tasks.count == 1)
    let start = try #require(tasks.first?.startedAt)
    #expect(abs((shop.now - start).value - 603) < 1)
    #expect(tasks.first?.acknowledged == true)
  }

  @Test func anOversizedResultIsStoredWithAnExpiryAndPublished() throws {
    var shop = Rehearsal(try options("oversized-result"))
    let stored = shop.sent.filter { $0.name == "SETEX" }.map { $0.arguments[3].count }
    #expect(stored.max().map { $0 > 3 << 20 } == true, "it is there before anybody looks")
    shop.play(seconds: 12)
    let sizes = shop.sent.filter { $0.name == "SETEX" }.map { $0.arguments[3].count }
    #expect(sizes.count { $0 > 3 << 20 } == 1)
    #expect(sizes.count { $0 > 64 << 10 } == 6)
    #expect(
      shop.sent.contains { $0.name == "PUBLISH" && $0.arguments[2].count > 3 << 20 })
  }

  @Test func aKilledWorkerSaysNothingMoreAndTakesItsTasksWithIt() throws {
    var shop = Rehearsal(try options("orphaned-task"))
    shop.play(seconds: 29.5)
    #expect(!shop.fleet.isKilled(4))
    shop.play(seconds: 1)
    #expect(shop.fleet.isKilled(4))
    let before = try shop.events().count { $0.hostname == "celery@worker-5" }
    #expect(before > 0)
    shop.play(seconds: 20)
    #expect(try shop.events().count { $0.hostname == "celery@worker-5" } == before)
    #expect(try shop.events().contains { $0.hostname == "celery@worker-2" })
    let question = try question("active", at: shop.now)
    #expect(shop.fleet.answer(question, by: 4, at: shop.now) == nil)
    #expect(shop.fleet.answer(question, by: 1, at: shop.now) != nil)
    // It was acknowledged before it ran: no message, no end, no result of it is left.
    let tags = shop.sent.filter { $0.name == "HSET" }.compactMap { command -> String? in
      let entry = try? UnackedEntry(decoding: command.arguments[3])
      return entry?.message.task == "imports.load" ? entry?.message.deliveryTag : nil
    }
    #expect(tags.count == 1)
    #expect(shop.unacked.isDisjoint(with: tags.map { Array($0.utf8) }))
    #expect(shop.lists.values.allSatisfy { $0.count < 200 })
    #expect(
      try !shop.events().contains { if case .workerOffline = $0.kind { true } else { false } })
  }

  @Test func theShowIsHealthyForFifteenSeconds() throws {
    var shop = Rehearsal(try options("show"))
    shop.play(seconds: 14.5)
    #expect(try periodic(shop).values.allSatisfy { $0.count == 1 })
    #expect(!shop.sent.contains { $0.name == "SETEX" && $0.arguments[3].count > 64 << 10 })
    shop.play(seconds: 15)
    #expect(try periodic(shop).values.allSatisfy { $0.count == 2 })
    #expect(shop.sent.contains { $0.name == "SETEX" && $0.arguments[3].count > 3 << 20 })
    let running = try ActiveTasksReply(ask("active", of: &shop, worker: 3)).tasks
    let start = running.first { $0.name == "reports.export" }?.startedAt
    #expect(shop.now - (start ?? shop.now) > .minutes(9))
  }

  @Test func scenariosHaveNamesAndSomethingToLookAt() {
    let names = ScenarioRegistry.all.map(\.name)
    #expect(names.starts(with: ["show", "healthy"]))
    #expect(Set(names).count == names.count)
    #expect(ScenarioRegistry.all.allSatisfy { !$0.summary.isEmpty && $0.summary.count < 90 })
    #expect(ScenarioRegistry.named("nonesuch") == nil)
  }

  /// What a worker answers, unpacked; fails where it stays silent.
  private func question(
    _ method: String, _ arguments: JSONValue = [:], at now: Timestamp
  ) throws -> ControlQuestion {
    let request: JSONValue = [
      "method": .string(method), "arguments": arguments, "destination": nil, "pattern": nil,
      "matcher": nil, "ticket": "t-1", "reply_to": ["exchange": "", "routing_key": "list"],
    ]
    let payload = EnvelopeWriter.envelope(
      body: request, headers: ["clock": 0, "expires": .double(now.secondsSince1970 + 1)],
      properties: EnvelopeWriter.Properties(
        deliveryMode: 2, exchange: "celery.pidbox", routingKey: "", deliveryTag: "d-1"))
    return try #require(ControlQuestion(decoding: payload))
  }

  private func ask(
    _ method: String, _ arguments: JSONValue = [:], of shop: inout Rehearsal, worker: Int
  ) throws -> JSONValue {
    let question = try question(method, arguments, at: shop.now)
    let answered = shop.fleet.answer(question, by: worker, at: shop.now)
    let answer = try #require(answered)
    let reply = try ControlReply(decoding: answer.message)
    #expect(reply.worker == "celery@worker-\(worker + 1)")
    #expect(reply.ticket == "t-1")
    return reply.answer
  }

  @Test func questionsAreAnsweredAsWorkersDo() throws {
    var shop = Rehearsal(try options("healthy"))
    shop.play(seconds: 10)
    let pong = try ask("ping", of: &shop, worker: 0)
    #expect(pong == ["ok": "pong"])
    let queues = try ActiveQueuesReply(ask("active_queues", of: &shop, worker: 0))
    #expect(queues.names == ["billing", "celery", "emails"])
    let last = try ActiveQueuesReply(ask("active_queues", of: &shop, worker: 3))
    #expect(last.names == ["emails", "reports"])
    let stats = try StatsReply(try ask("stats", of: &shop, worker: 0))
    #expect(stats.pool == "prefork")
    #expect(stats.slots == 4)
    #expect(stats.processes.count == 4)
    #expect((stats.totals["shop.update_stock"] ?? 0) > 5)
    #expect(try StatsReply(ask("stats", of: &shop, worker: 3)).pool == "threads")
    let items: JSONValue = ["taskinfoitems": ["acks_late", "time_limit", "soft_time_limit"]]
    let registered = try RegisteredReply(
      try ask("registered", items, of: &shop, worker: 0),
      items: ["acks_late", "time_limit", "soft_time_limit"])
    let charge = try #require(registered.tasks.first { $0.name == "billing.charge" })
    #expect(charge.options["acks_late"] == "True")
    #expect(charge.hardLimit == .seconds(45))
    #expect(charge.softLimit == .seconds(30))
    #expect(registered.tasks.allSatisfy { $0.hardLimit != nil })
  }

  @Test("settings are told with and without the defaults", arguments: [false, true])
  func conf(withDefaults: Bool) throws {
    var shop = Rehearsal(try options("healthy"))
    let answer = try ask(
      "conf", ["with_defaults": .bool(withDefaults)], of: &shop, worker: 1)
    #expect((answer.members?.count ?? 0) > (withDefaults ? 190 : 10))
    let conf = try ConfReply(answer)
    #expect(conf.resultBackend == "redis+socket:///demo/redis.sock?virtual_host=0")
    #expect(conf.resultExpires == .seconds(3600))
    #expect(
      conf.beatSchedule?.map(\.name).sorted() == ["expire-carts", "flush-outbox", "refresh-rates"])
  }

  @Test func theDefaultsAreThoseOfARealWorkerInItsOrder() throws {
    var shop = Rehearsal(try options("healthy"))
    let answer = try ask("conf", ["with_defaults": true], of: &shop, worker: 0)
    let told = try #require(answer.members)
    let real = try #require(try Capture.defaults().members)
    #expect(told.prefix(real.count).map(\.key) == real.map(\.key))
    let changed = zip(told, real).filter { $0.0 != $0.1 }.map { $0.0.key }
    #expect(
      changed.sorted() == [
        "beat_max_loop_interval", "beat_schedule", "beat_scheduler", "broker_url", "include",
        "result_backend", "result_expires", "result_extended", "task_send_sent_event",
      ])
  }

  @Test func aQuestionToAnotherWorkerOrTooLateIsNotAnswered() throws {
    var shop = Rehearsal(try options("healthy"))
    let request = { (destination: JSONValue, expires: Double) -> ControlQuestion? in
      ControlQuestion(
        decoding: EnvelopeWriter.envelope(
          body: [
            "method": "ping", "arguments": [:], "destination": destination, "ticket": "t",
            "reply_to": ["exchange": "", "routing_key": "list"],
          ], headers: ["expires": .double(expires)],
          properties: EnvelopeWriter.Properties(
            deliveryMode: 2, exchange: "", routingKey: "", deliveryTag: "d")))
    }
    let now = shop.now.secondsSince1970
    let other = try #require(request(["celery@worker-2"], now + 1))
    let late = try #require(request(nil, now - 1))
    let answers = [(other, 0), (other, 1), (late, 0)].map { question, worker in
      shop.fleet.answer(question, by: worker, at: shop.now) != nil
    }
    #expect(answers == [false, true, false])
    #expect(ControlQuestion(decoding: Array("garbage".utf8)) == nil)
  }
}
