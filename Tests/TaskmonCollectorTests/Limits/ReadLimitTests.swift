import CeleryProtocol
import RedisClient
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// What is read of Redis: at each limit all of it, one over not.
@Suite struct ReadLimitTests {
  /// A Redis, and what looking at it has cost.
  private struct Bench {
    let server: RedisServer
    let cost = RedisCostCounter()
    let link: RedisLink

    init() async throws {
      server = try await RedisServer()
      link = server.link(cost: cost)
      _ = try await link.read([.ping])
    }

    func bind(_ queues: Int, prefix: (Int) -> String = { _ in "" }) throws {
      for number in 0..<queues {
        let name = "q\(number)"
        try server.command(
          "SADD", "\(prefix(number))_kombu.binding.\(name)",
          "\(name)\u{6}\u{16}\u{6}\u{16}\(name)")
      }
    }

    func hold(_ count: Int, padding: Int = 0) throws {
      for number in 0..<count {
        try server.command("HSET", "unacked", "t\(number)", ReadLimitTests.held(number, padding))
        try server.command("ZADD", "unacked_index", "\(1_795_000_000 + number)", "t\(number)")
      }
    }

    func bindings(_ budget: CollectionBudget) async throws -> BindingCollector.Found {
      let found = try await BindingCollector(
        layout: layout, budget: budget, pace: ScanPace(time: SystemTime.source, share: 0.9)
      ).pass(link) { _ in }
      return try #require(found)
    }

    func sample(_ budget: CollectionBudget) async throws -> UnackedSample {
      try await UnackedSampleCollector(layout: layout, budget: budget, isQueue: { _ in true })
        .sample(link, after: UnackedSample()).get()
    }

    func ends(
      _ queues: Int, _ budget: CollectionBudget
    ) async throws -> [QueueHeadCollector.Ends] {
      let names = (0..<queues).map { QueueName("q\($0)") }
      return try await FastPoll(layout: layout, budget: budget, time: SystemTime.source)
        .run(link, queues: names, suspects: [:], turn: 0).heads.get()
    }

    func results(_ budget: CollectionBudget) async throws -> ResultFacts {
      let pass = try await ResultScanner(
        layout: layout, budget: budget, pace: ScanPace(time: SystemTime.source, share: 0.9),
        taskName: { _ in nil }
      ).pass(link) { _ in true }
      return try #require(pass).get().facts(completedPasses: 1, at: at(0))
    }
  }

  private static func held(_ number: Int, _ padding: Int) -> String {
    #"[{"body":"\#(String(repeating: "x", count: padding))","headers":{"id":"t\#(number)","#
      + #""task":"a.b"},"properties":{"delivery_tag":"t\#(number)"}},"","celery"]"#
  }

  /// The members behind a result that is too long to be read.
  private static let resultTail = #""name": "a.b", "task_id": "1"}"#
  private static let longResult =
    #"{"status": "SUCCESS", "result": ""# + String(repeating: "x", count: 5000)
    + #"", "traceback": null, "# + resultTail

  static let limits: [Limit] = queues + messages + results + schedule

  private static let queues = [
    Limit("queues") { limit, given in
      let bench = try await Bench()
      try bench.bind(given)
      let found = try await bench.bindings(.with { $0.queues = limit })
      #expect(found.queues.count == min(limit, given))
      return !found.isCut
    },
    Limit("otherPrefixes") { limit, given in
      let bench = try await Bench()
      try bench.bind(given) { "p\($0):" }
      return try await bench.bindings(.with { $0.otherPrefixes = limit }).others.count == given
    },
    Limit("setsPerTrip") { limit, given in
      let bench = try await Bench()
      try bench.bind(given)
      let before = bench.cost.value.roundTrips
      _ = try await bench.bindings(.with { $0.setsPerTrip = limit })
      // The default exchange, one SCAN, and all sets together.
      return bench.cost.value.roundTrips - before == 3
    },
    Limit("queuesPerPoll") { limit, given in
      let names = (0..<given).map { QueueName("q\($0)") }
      let counted = Dictionary(
        names.map { ($0, QueueLengthCollector.Counted(queue: $0, priorities: [])) },
        uniquingKeysWith: { $1 })
      var rota = QueueRota()
      return rota.next(of: names, counted: counted, atMost: limit).count == given
    },
    Limit("headsPerPoll") { limit, given in
      let bench = try await Bench()
      for number in 0..<given { try bench.server.command("LPUSH", "q\(number)", "x") }
      return try await bench.ends(given, .with { $0.headsPerPoll = limit }).count == given
    },
    Limit("pollBytes", 2) { limit, given in
      let bench = try await Bench()
      for number in 0..<given { try bench.server.command("LPUSH", "q\(number)", "x") }
      let size = try #require(
        try await bench.link.read([.memoryUsage(RedisKey("q0"))]).first?.integer)
      // Both ends of each list are counted.
      let budget = CollectionBudget.with { $0.pollBytes = ByteCount(Int64(limit * size * 2)) }
      return try await bench.ends(given, budget).count == given
    },
  ]

  private static let messages = [
    Limit("messageBytes", 500) { limit, given in
      let bench = try await Bench()
      try bench.hold(1, padding: given - held(0, 0).utf8.count)
      let sample = try await bench.sample(.with { $0.messageBytes = ByteCount(Int64(limit)) })
      #expect(sample.entries.first?.message.size == ByteCount(Int64(given)))
      return sample.entries.first?.message.message.value != nil
    },
    Limit("unackedMessages") { limit, given in
      let bench = try await Bench()
      try bench.hold(given)
      let sample = try await bench.sample(.with { $0.unackedMessages = limit })
      #expect(sample.byQueue.isEstimate == !sample.isWhole)
      return sample.isWhole
    },
    Limit("unackedBytes") { limit, given in
      let bench = try await Bench()
      try bench.hold(given)
      let size = Int64(limit * held(0, 0).utf8.count)
      let sample = try await bench.sample(.with { $0.unackedBytes = ByteCount(size) })
      return sample.entries.count == given && !sample.entries.contains { $0.isPending }
    },
    Limit("unackedSamplePause") { limit, given in
      let budget = CollectionBudget.with { $0.unackedSamplePause = Seconds(Double(limit)) }
      // The other way round: it is due at the limit, and a second before not.
      let ago = Seconds(Double(limit - (given - limit)))
      return UnackedSampleCollector.isDue(
        1000, after: UnackedSample(isWhole: false), ago: ago, budget: budget)
    },
  ]

  private static let results = [
    Limit("notableResult", 4000) { limit, given in
      let bench = try await Bench()
      try bench.server.command("SET", "celery-task-meta-1", longResult)
      // A larger bound leaves a smaller result out.
      let size = Int64(longResult.utf8.count + given - limit)
      let facts = try await bench.results(.with { $0.notableResult = ByteCount(size) })
      return facts.tasks.map(\.task) == ["a.b"]
    },
    Limit("resultEnd", resultTail.utf8.count + 1) { limit, given in
      let bench = try await Bench()
      try bench.server.command("SET", "celery-task-meta-1", longResult)
      // One byte less than the name and the one before it, and the name is not seen.
      let end = Int64(limit - (given - limit))
      let facts = try await bench.results(.with { $0.resultEnd = ByteCount(end) })
      return facts.tasks.map(\.task) == ["a.b"]
    },
  ]

  private static let schedule = [
    Limit("beatEntries") { limit, given in
      let bench = try await Bench()
      for number in 0..<given {
        try bench.server.command("ZADD", "redbeat::schedule", "\(number)", "redbeat:e\(number)")
      }
      let reading = RedBeatCollector.reading(layout: layout, limit: limit)
      var cursor = ReplyCursor(try await bench.link.read(reading.commands))
      let state = try cursor.take(reading).get()
      #expect(state.facts?.entryCount == given)
      return state.due.count == given
    },
    Limit("beatEntryBytes", 50) { limit, given in
      let bench = try await Bench()
      let key = layout.redBeatEntry("e")
      try bench.server.command(
        "HSET", key.text, "definition", String(repeating: "x", count: given - 10), "meta",
        "0123456789")
      let sizes = RedBeatEntryCollector.sizes([key], limit: ByteCount(Int64(limit)))
      var cursor = ReplyCursor(try await bench.link.read(sizes.commands))
      return try cursor.take(sizes).get() == [key]
    },
  ]

  @Test(arguments: limits)
  func `at a limit all is read, and one over is left out`(_ limit: Limit) async throws {
    try await limit.check()
  }
}
