import CeleryProtocol
import Foundation
import RedisClient
import Synchronization
import TaskmonModel
import TaskmonTestSupport
import TaskmonUnits
import Testing

@testable import TaskmonCollector

/// Answers are put into a Redis that has little room, by workers that die where it has none.
@Suite struct ReplyBudgetLiveTests {
  private static let names = (0..<200).map { "celery@w\($0)" }
  private static let silent = Set(names.prefix(60).filter { $0.hasSuffix("7") })
  private static let late = Set(
    names.filter { $0.hasSuffix("3") && !silent.contains($0) }
      .prefix(8).flatMap { ["\($0) stats", "\($0) registered"] })

  /// Five hundred tasks with all their options, and how often each was run.
  private static let answers: [String: String] = {
    let tasks = (0..<500).map { "shop.department\($0 % 20).tasks.handle_order_\($0)" }
    let options =
      "[acks_late=True reject_on_worker_lost=True time_limit=300 soft_time_limit=240 "
      + "autoretry_for=(<class 'requests.exceptions.ConnectionError'>,) max_retries=7 "
      + "ignore_result=False rate_limit=100/m]"
    let registered = tasks.map { "\"\($0) \(options)\"" }.joined(separator: ",")
    let totals = tasks.map { "\"\($0)\": 12345" }.joined(separator: ",")
    return [
      "ping": #"{"ok": "pong"}"#, "stats": #"{"pid": 100, "total": {\#(totals)}}"#, "active": "[]",
      "active_queues": #"[{"name": "celery"}]"#, "registered": "[\(registered)]", "conf": "{}",
    ]
  }()

  @Test func `two hundred workers with five hundred tasks never bring more than one percent`()
    async throws
  {
    let limit = 64 << 20
    let server = try await RedisServer(
      arguments: ["--maxmemory", "\(limit)", "--maxmemory-policy", "noeviction"])
    let fleet = try ScriptedFleet(
      Self.names, silent: Self.silent, late: Self.late, answers: Self.answers, on: server)
    let inspector = Inspector(
      link: server.link(allows: [.read, .replyList, .control]), layout: layout,
      time: SystemTime.source, budget: CollectionBudget())
    let known = Inspector.Known(
      pids: Dictionary(uniqueKeysWithValues: Self.names.map { ($0, 100) }))
    try await eventually(within: 240, "everything is known of all that answer") {
      try await inspector.round(known: known)
      try fleet.payLate()
      _ = try await inspector.drainLate()
      return await Self.isComplete(inspector.book)
    }
    let facts = fleet.facts
    #expect(facts.askedTwice == [])
    #expect(facts.overweight == [])
    #expect(facts.heaviest > 300_000, "several answers lay there at a time")
    #expect(facts.longestDestination > 8, "whose answers are small are asked together")
    let statics = ["active_queues", "registered", "conf"]
    for name in Self.names where !Self.silent.contains(name) {
      let asked = facts.asked[name, default: []].filter { statics.contains($0) }
      #expect(asked.sorted() == statics.sorted(), "once each, of \(name)")
    }
    for name in Self.silent { #expect(facts.asked[name] == ["ping", "stats"]) }

    // Nothing at all is sent where answers might not find room.
    while try Self.used(server) < limit / 100 * 97 {
      try server.command(bytes: [
        Array("RPUSH".utf8), Array("ballast".utf8), [UInt8](repeating: 1, count: 256 << 10),
      ])
    }
    for _ in 0..<10 { try await inspector.round(known: known) }
    #expect(fleet.facts.requests == facts.requests)
    #expect(await inspector.facts.suspended?.contains("of maxmemory") == true)
    try server.command("DEL", "ballast")
    try await inspector.round(known: known)
    #expect(fleet.facts.requests > facts.requests)
    await inspector.close()
  }

  private static func isComplete(_ book: InspectionBook) -> Bool {
    names.filter { !silent.contains($0) }.allSatisfy { name in
      guard let told = book.workers[name] else { return false }
      return told.stats.value?.totals.count == 500 && told.registered.value?.count == 500
        && told.queues.value == ["celery"] && told.settings.value != nil
        && told.active.value != nil
    }
  }

  private static func used(_ server: RedisServer) throws -> Int {
    let info = ServerInfo(text: try server.command("INFO", "memory").text ?? "")
    return Int(try #require(info.integer("used_memory")))
  }

  /// A clock that runs, and can be put on.
  private final class LapsedTime: Sendable {
    private let ahead = Mutex(0.0)
    func pass(_ seconds: Double) { ahead.withLock { $0 += seconds } }

    var source: TimeSource {
      let real = SystemTime.source
      return TimeSource(
        now: { real.now() + Seconds(self.ahead.withLock { $0 }) },
        uptime: { real.uptime() + Seconds(self.ahead.withLock { $0 }) }, sleep: real.sleep)
    }
  }

  @Test(
    "real workers survive an hour of rounds on a full Redis, and not one request without a look",
    .timeLimit(.minutes(6)))
  func realWorkers() async throws {
    let server = try await RedisServer(tcp: true)
    let fleets = try await Self.fleets(on: server)
    let workers = try await Self.workers(of: fleets)
    let time = LapsedTime()
    let inspector = Inspector(
      link: server.link(allows: [.read, .replyList, .control]), layout: layout,
      time: time.source, budget: CollectionBudget())
    func rounds(_ count: Int) async throws {
      for _ in 0..<count {
        time.pass(30)
        try await inspector.round(known: .init())
      }
    }
    try await eventually(within: 60, "all answer") {
      try await rounds(1)
      return await inspector.book.workers.values.count { $0.stats.value != nil } == workers.count
    }
    let listens = try server.connect()
    _ = try listens.pipeline(
      ["/0.celery.pidbox", "end"].map { [Array("PSUBSCRIBE".utf8), Array($0.utf8)] })
    // So much that the buffers of clients who come and go change the share by nothing.
    try server.command("SETRANGE", "ballast", "\(64 << 20)", "x")
    // A hundred and twenty rounds, one each half minute; at half of them nothing fits at all.
    for share in [0.98, 1.1] {
      let limit = Int(Double(try Self.used(server)) / share)
      try server.command("CONFIG", "SET", "maxmemory", "\(limit)")
      try await rounds(60)
      #expect(await inspector.facts.suspended?.contains("of maxmemory") == true)
    }
    #expect(workers.allSatisfy { $0.exitStatus == nil })
    try server.command("PUBLISH", "end", "of the hour")
    #expect(try listens.reply().array?.last?.text == "of the hour", "nothing else was sent")

    try server.command("CONFIG", "SET", "maxmemory", "0")
    try await eventually(within: 60, "all answer again") {
      try await rounds(1)
      let fresh = time.source.now() - Seconds(30)
      let answers = await inspector.book.workers.values.map(\.lastReply)
      return answers.count { $0 ?? at(0) > fresh } == workers.count
    }
    #expect(workers.allSatisfy { $0.exitStatus == nil })
    await inspector.close()

    let limit = try Self.used(server) / 2
    try server.command("CONFIG", "SET", "maxmemory", "\(limit)")
    let careless = ControlRequest(
      .ping, owner: "careless", ticket: "t", expires: time.source.now(), layout: layout)
    _ = try await server.link(allows: [.control]).send([careless])
    try await eventually(within: 60, "they die of it") {
      workers.allSatisfy { $0.exitStatus != nil }
    }
    withExtendedLifetime(fleets) {}
  }

  /// One of each Celery; its workers live as long as it.
  private static func fleets(on server: RedisServer) async throws -> [CeleryFleet] {
    let url = try server.tcpURL()
    var fleets: [CeleryFleet] = []
    for celery in PythonEnvironment.allCases {
      fleets.append(
        try await CeleryFleet(
          broker: url, celery: celery, variables: ["BACKEND": url, "PREFIX": ""]))
    }
    return fleets
  }

  /// Two of each, all of the same app.
  private static func workers(of fleets: [CeleryFleet]) async throws -> [FleetMember] {
    try await withThrowingTaskGroup(of: FleetMember.self) { group in
      for (number, fleet) in fleets.enumerated() {
        for pool in ["prefork", "threads"] {
          group.addTask {
            try await fleet.worker(
              "pools", node: "w\(number)@\(pool)", as: pool, queues: pool,
              pool: ["-P", pool, "-c", "1"])
          }
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }
}
