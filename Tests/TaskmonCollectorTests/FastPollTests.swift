import CeleryProtocol
import Foundation
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

@Suite struct FastPollTests {
  private struct Bench {
    let server: RedisServer
    let cost = RedisCostCounter()
    let link: RedisLink
    var budget = CollectionBudget()

    init() async throws {
      server = try await RedisServer()
      link = server.link(cost: cost)
      _ = try await link.read([.ping])
    }

    /// One poll, with the round trips and bytes it took.
    func poll(
      _ queues: [QueueName], suspects: [QueueName: String] = [:], turn: Int = 0
    ) async throws -> (facts: FastFacts, trips: Int, bytes: Int) {
      let before = cost.value
      let facts = try await FastPoll(layout: layout, budget: budget, time: SystemTime.source)
        .run(link, queues: queues, suspects: suspects, turn: turn)
      let after = cost.value
      return (facts, after.roundTrips - before.roundTrips, after.bytesIn - before.bytesIn)
    }

    func push(_ tag: String, to queue: String, end: String = "LPUSH", body: String = "e30=") throws
    {
      let element =
        #"{"body":"\#(body)","headers":{"task":"a.b","id":"\#(tag)"},"#
        + #""properties":{"delivery_tag":"\#(tag)"}}"#
      try server.command(end, queue, element)
    }
  }

  @Test func `empty queues cost one round trip`() async throws {
    let bench = try await Bench()
    let poll = try await bench.poll(["celery", "mail"])
    #expect(poll.trips == 1)
    #expect(try poll.facts.lengths.get().queues.map(\.mostUrgent) == [nil, nil])
    #expect(try poll.facts.unacked.get() == UnackedFacts(count: 0))
    #expect(try poll.facts.markers.get() == [])
  }

  @Test func `messages cost two more, and their ends are read`() async throws {
    let bench = try await Bench()
    try bench.push("first", to: "celery")
    try bench.push("second", to: "celery")
    let poll = try await bench.poll(["celery", "mail"])
    #expect(poll.trips == 3)
    let ends = try #require(try poll.facts.heads.get().first)
    #expect(ends.head?.value?.deliveryTag == "first")
    #expect(ends.newest?.value?.deliveryTag == "second")
    #expect(ends.tailTags == ["first"])
  }

  @Test func `a message of five megabytes is not read`() async throws {
    let bench = try await Bench()
    try bench.push("big", to: "celery", body: String(repeating: "A", count: 5_000_000))
    let poll = try await bench.poll(["celery"])
    #expect(poll.bytes < 64 << 10)
    #expect(poll.trips == 2)
    let ends = try #require(try poll.facts.heads.get().first)
    #expect(ends.head?.reason?.hasSuffix("MiB are not read (limit 64.0 KiB)") == true)
    #expect(try poll.facts.lengths.get().queues.first?.mostUrgent == 0)
  }

  @Test func `only where a suspect has gone more of the list is read`() async throws {
    let bench = try await Bench()
    for tag in ["a", "b", "c"] { try bench.push(tag, to: "celery") }
    let still = try await bench.poll(["celery"], suspects: ["celery": "a"])
    #expect(still.trips == 3)
    // A restored message goes to the front of the line.
    try bench.push("restored", to: "celery", end: "RPUSH")
    let moved = try await bench.poll(["celery"], suspects: ["celery": "a"])
    #expect(moved.trips == 4)
    #expect(try moved.facts.heads.get().map(\.tailTags) == [["restored", "a", "b", "c"]])
  }

  @Test func `a key of another type costs only its own queue`() async throws {
    let bench = try await Bench()
    try bench.server.command("SET", "odd", "x")
    try bench.server.command("SET", "unacked", "x")
    try bench.push("a", to: "celery")
    let poll = try await bench.poll(["odd", "celery"])
    #expect(try poll.facts.lengths.get().queues.map(\.queue) == ["celery"])
    #expect(try poll.facts.lengths.get().problems.count == 1)
    #expect(poll.facts.unacked.failure != nil)
    #expect(try poll.facts.heads.get().count == 1)
  }

  @Test func `queues take turns where they are too many, and all of them come`() async throws {
    var bench = try await Bench()
    bench.budget.headsPerPoll = 3
    let names = (0..<10).map { "q\($0)" }
    for name in names { try bench.push(name, to: name) }
    var seen: Set<String> = []
    for turn in 0..<10 {
      let heads = try await bench.poll(names.map { QueueName($0) }, turn: turn).facts.heads.get()
      #expect(heads.count == 3)
      seen.formUnion(heads.map(\.queue.text))
    }
    #expect(seen == Set(names))
  }

  @Test func `no poll reads more than its bytes, and all lists come in turn`() async throws {
    var bench = try await Bench()
    bench.budget.pollBytes = .kibibytes(100)
    let names = (0..<10).map { "q\($0)" }
    for name in names {
      try bench.push(name, to: name, body: String(repeating: "A", count: 20_000))
    }
    var seen: Set<String> = []
    for turn in 0..<20 {
      let poll = try await bench.poll(names.map { QueueName($0) }, turn: turn)
      #expect(poll.bytes < 150 << 10)
      seen.formUnion(try poll.facts.heads.get().map(\.queue.text))
    }
    #expect(seen == Set(names))
  }

  @Test func `two thousand queues are bounded round trips`() async throws {
    let bench = try await Bench()
    let poll = try await bench.poll((0..<2000).map { QueueName("q\($0)") })
    #expect(try poll.facts.lengths.get().queues.count == 2000)
    #expect(poll.trips <= 17)
    #expect(poll.bytes < 128 << 10)
  }
}

@Suite struct BindingCollectorTests {
  private static func pass(
    _ server: RedisServer, database: Int = 0, prefix: String = "",
    change: (inout CollectionBudget) -> Void = { _ in }
  ) async throws -> (BindingCollector.Found?, [Int]) {
    var budget = CollectionBudget()
    change(&budget)
    let steps = Collected<Int>()
    let found = try await BindingCollector(
      layout: KeyLayout(database: database, globalPrefix: prefix), budget: budget,
      pace: ScanPace(time: SystemTime.source, share: 0.9)
    ).pass(server.link(database: database)) { steps.add($0.queues.count) }
    return (found, steps.all)
  }

  private static func member(_ queue: String) -> String { "\(queue)\u{6}\u{16}\u{6}\u{16}\(queue)" }

  @Test func `odd names behind a prefix in another database are found as they are`() async throws {
    let server = try await RedisServer()
    let names = ["celery", "my queue", #"quo"te's"#, "Zählung", "a*b[c]"]
    for name in names {
      try server.command(
        "SADD", "px*:_kombu.binding.\(name)", Self.member(name), database: 2)
    }
    try server.command("SADD", "_kombu.binding.other", Self.member("other"), database: 2)
    let (found, _) = try await Self.pass(server, database: 2, prefix: "px*:")
    #expect(found?.queues == Set(names.map { QueueName($0) }))
    #expect(found?.sawBinding == true)
    #expect(found?.problems == [])
  }

  @Test func `mailboxes, events and replies are no task queues`() async throws {
    let server = try await RedisServer()
    for exchange in ["celery.pidbox", "celeryev", "reply.celery.pidbox"] {
      try server.command("SADD", "_kombu.binding.\(exchange)", Self.member("x"))
    }
    let (found, _) = try await Self.pass(server)
    #expect(found?.queues == [])
    #expect(found?.sawBinding == true)
  }

  @Test func `an empty database has no binding, which is known`() async throws {
    let (found, _) = try await Self.pass(try await RedisServer())
    #expect(found == BindingCollector.Found())
  }

  @Test func `what is found is told at once and not at the end of the pass`() async throws {
    let server = try await RedisServer()
    try server.command("SADD", "_kombu.binding.celery", Self.member("celery"))
    for number in 0..<200 { try server.command("SET", "k\(number)", "v") }
    let (_, steps) = try await Self.pass(server) { $0.scanStep = 10 }
    #expect(steps.first == 1)
  }

  @Test func `which exchange leads to which queue is kept, up to a limit`() async throws {
    let server = try await RedisServer()
    try server.command(
      "SADD", "_kombu.binding.topics", "order.*\u{6}\u{16}\u{6}\u{16}orders",
      "mail.#\u{6}\u{16}\u{6}\u{16}mail")
    try server.command("SADD", "_kombu.binding.celery", Self.member("celery"))
    let found = try #require(try await Self.pass(server).0)
    #expect(found.exchanges == ["topics": ["orders", "mail"], "celery": ["celery"]])
    let table = BindingTable(found, readAt: at(1))
    #expect(table.leads(from: "topics", to: "orders") == true)
    #expect(table.leads(from: "topics", to: "celery") == false)
    #expect(table.leads(from: "gone", to: "orders") == false)
    let cut = try #require(try await Self.pass(server) { $0.bindings = 1 }.0)
    #expect(cut.isPartial)
    #expect(BindingTable(cut, readAt: at(1)).leads(from: "gone", to: "orders") == nil)
  }

  @Test func `a key of another type is a problem and no end`() async throws {
    let server = try await RedisServer()
    try server.command("SET", "_kombu.binding.celery", "x")
    try server.command("SADD", "_kombu.binding.mail", Self.member("mail"))
    let (found, _) = try await Self.pass(server)
    #expect(found?.queues == ["mail"])
    #expect(found?.problems.isEmpty == false)
  }

  @Test func `queues beyond the limit are said to be there`() async throws {
    let server = try await RedisServer()
    for number in 0..<5 {
      try server.command("SADD", "_kombu.binding.celery", Self.member("q\(number)"))
    }
    let (found, _) = try await Self.pass(server) { $0.queues = 3 }
    #expect(found?.queues.count == 3)
    #expect(found?.isCut == true)
  }
}

@Suite struct ResultScannerTests {
  private static func pass(
    _ server: RedisServer, cost: RedisCostCounter = RedisCostCounter(),
    step: Int = 500, name: @escaping @Sendable (String) -> String? = { _ in nil }
  ) async throws -> (ResultFacts, [Int]) {
    var budget = CollectionBudget()
    budget.scanStep = step
    let progress = Collected<Int>()
    let result = try await ResultScanner(
      layout: layout, budget: budget, pace: ScanPace(time: SystemTime.source, share: 0.9),
      taskName: name
    ).pass(server.link(cost: cost)) { tally in
      progress.add(tally.facts(completedPasses: 0, at: at(0)).count)
      return true
    }
    let tally = try #require(try result?.get())
    return (tally.facts(completedPasses: 1, at: at(0)), progress.all)
  }

  @Test func `a result of five megabytes is measured by its ends`() async throws {
    let server = try await RedisServer()
    let result = String(repeating: "x", count: 5_000_000)
    try server.command(
      "SETEX", "celery-task-meta-big", "3600",
      #"{"status": "SUCCESS", "result": "\#(result)", "traceback": null, "children": [], "#
        + #""name": "reports.build", "args": [], "kwargs": {}, "worker": "w@h", "task_id": "big"}"#)
    let cost = RedisCostCounter()
    let (facts, _) = try await Self.pass(server, cost: cost)
    #expect(cost.value.bytesIn < 10 << 10)
    let largest = try #require(facts.largest.first)
    #expect(largest.task == "reports.build")
    #expect(largest.state == "SUCCESS")
    #expect(largest.size > .kibibytes(4800))
    #expect(try #require(largest.timeToLive) <= Seconds(3600))
  }

  @Test func `the name comes from events where the result has none`() async throws {
    let server = try await RedisServer()
    try server.command("SET", "celery-task-meta-1", #"{"status": "FAILURE", "result": {}}"#)
    let (facts, _) = try await Self.pass(server) { $0 == "1" ? "a.b" : nil }
    #expect(facts.tasks.map(\.task) == ["a.b"])
    #expect(facts.withoutExpiry == 1)
    #expect(facts.states == ["FAILURE": 1])
  }

  @Test func `keys of another type and other keys are no results`() async throws {
    let server = try await RedisServer()
    try server.command("RPUSH", "celery-task-meta-list", "x")
    try server.command("SET", "celery-taskset-meta-1", "{}")
    try server.command("SET", "celery-task-meta-garbage", "\u{1}\u{2}")
    let (facts, _) = try await Self.pass(server)
    #expect(facts.count == 1)
    #expect(facts.states == ["?": 1])
  }

  @Test func `a pass over many keys counts each and tells how far it is`() async throws {
    let server = try await RedisServer()
    try server.pipeline(
      (0..<1200).map { number in
        ["SET", "celery-task-meta-\(number)", "{}"].map { Array($0.utf8) }
      })
    let (facts, progress) = try await Self.pass(server, step: 100)
    #expect(facts.count == 1200)
    #expect(progress.count > 5)
    #expect(progress == progress.sorted())
  }

  @Test func `tasks that nobody knew and runs outside of workers are told by name`() async throws {
    let server = try await RedisServer()
    func meta(_ id: String, _ status: String, _ result: String, _ more: String) throws {
      try server.command(
        "SET", "celery-task-meta-\(id)",
        #"{"status": "\#(status)", "result": \#(result), "traceback": null, "children": [], "#
          + #""date_done": "2026-11-22T08:20:5\#(id)+00:00", \#(more)"task_id": "\#(id)"}"#)
    }
    let unknown = #"{"exc_type": "NotRegistered", "exc_message": ["no.such"]}"#
    try meta("1", "FAILURE", unknown, "")
    try meta("2", "FAILURE", unknown, "")
    try meta("3", "SUCCESS", "1", #""name": "a.b", "worker": "web-1", "queue": null, "#)
    try meta("4", "SUCCESS", "1", #""name": "a.b", "worker": "w@h", "queue": "celery", "#)
    let (facts, _) = try await Self.pass(server)
    let moment = Timestamp(secondsSince1970: 1_795_335_650)
    #expect(
      facts.unregistered
        == [StoredMark(name: "no.such", count: 2, latest: moment + Seconds(2), latestID: "2")])
    #expect(
      facts.eagerRuns == [
        StoredMark(
          name: "web-1", count: 1, latest: moment + Seconds(3), latestID: "3", task: "a.b")
      ])
  }

  @Test func `only so many small results are looked at closely`() async throws {
    let server = try await RedisServer()
    try server.pipeline(
      (0..<400).map { number in
        ["SET", "celery-task-meta-\(number)", #"{"status": "SUCCESS", "worker": "web"}"#]
          .map { Array($0.utf8) }
      })
    let (facts, _) = try await Self.pass(server)
    #expect(facts.eagerRuns.map(\.count) == [CollectionBudget().originResults])
  }

  @Test func `an empty backend has no results, which is known`() async throws {
    let (facts, _) = try await Self.pass(try await RedisServer())
    #expect(facts.count == 0)
    #expect(facts.completedPasses == 1)
  }
}
