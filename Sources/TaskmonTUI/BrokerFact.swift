import TaskmonModel
import TaskmonUnits

/// One thing to know of the broker, or of what taskmon does to it.
package struct BrokerFact: Sendable {
  /// What it is about; in the order they are shown.
  package enum Part: String, Sendable, CaseIterable {
    case server, memory, persistence, clients, keys, events, workers, cost
    case collector

    var group: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  }

  package var part: Part
  package var name: String
  package var cell: TableCell
  package var meaning: String

  package init(_ part: Part, _ name: String, _ cell: TableCell, _ meaning: String) {
    self.part = part
    self.name = name
    self.cell = cell
    self.meaning = meaning
  }

  var id: String { "\(part.rawValue) \(name)" }
  var sentence: String { "\(name) \(cell.text): \(meaning)" }

  package static func all(_ context: ViewContext) -> [BrokerFact] {
    let server = context.snapshot.server.value.map { server in
      self.server(server, context) + memory(server, context) + persistence(server, context)
        + clients(server) + keys(server, context)
    }
    return (server ?? []) + leftovers(context) + events(context) + workers(context)
      + cost(context) + collectors(context)
  }

  private static func server(_ server: ServerFacts, _ context: ViewContext) -> [BrokerFact] {
    let broker = context.snapshot.broker
    let isMaster = server.role == "master"
    let offset = server.clockOffset.map { offset in
      TableCell(offset.text, abs(offset.value) > 5 ? .warning : .text, number: offset.value)
    }
    return [
      BrokerFact(.server, "broker", TableCell(broker.url), "where queues are read"),
      BrokerFact(
        .server, "result backend", TableCell(broker.backendURL), "where results are read"),
      BrokerFact(
        .server, server.product ?? "Redis", TableCell(server.version), "the server's version"),
      BrokerFact(
        .server, "role", TableCell(server.role, isMaster ? .text : .warning),
        "a replica takes no messages"),
      BrokerFact(.server, "server uptime", length(server.uptime), "since the process started"),
      BrokerFact(
        .server, "clock offset", offset ?? .unknown, "taskmon's clock minus the server's"),
      BrokerFact(
        .server, "loading", flag(server.isLoading, bad: true),
        "while it reads its files nothing is served"),
    ]
  }

  private static func memory(_ server: ServerFacts, _ context: ViewContext) -> [BrokerFact] {
    let limit = server.maxMemory ?? server.systemMemory
    let share = limit.flatMap { limit -> TableCell? in
      guard limit.value > 0 else { return nil }
      let percent = Double(server.usedMemory.value) / Double(limit.value) * 100
      return TableCell("\(Int(min(percent, 1e6).rounded()))%", number: percent)
    }
    let recent = context.history.server.recentEvictions
    return [
      BrokerFact(.memory, "memory used", bytes(server.usedMemory), "by all databases"),
      BrokerFact(
        .memory, "memory limit", server.maxMemory.map(bytes) ?? TableCell("none", .dim),
        "maxmemory; without one the host's memory is the limit"),
      BrokerFact(
        .memory, "memory share", share ?? .unknown,
        server.maxMemory == nil ? "of the host's memory" : "of the limit"),
      BrokerFact(
        .memory, "eviction policy", server.evictionPolicy.map { TableCell($0) } ?? .unknown,
        "what Redis does when it is full: only noeviction keeps every message"),
      BrokerFact(.memory, "evicted keys", count(server.evictedKeys), "since the server started"),
      BrokerFact(
        .memory, "evicted of late", count(recent), "within ten minutes, as far as was seen"),
      BrokerFact(
        .memory, "refused writes", count(server.outOfMemoryErrors, badFrom: 1),
        "for want of memory, since the server started: a refused reply kills a worker"),
    ]
  }

  private static func persistence(_ server: ServerFacts, _ context: ViewContext) -> [BrokerFact] {
    let flush = context.history.server.flush
    let loss = flush.map { flush in
      TableCell(context.moments.full(flush.at, now: context.now), .critical, moment: flush.at)
    }
    return [
      BrokerFact(
        .persistence, "append-only file", flag(server.appendOnly),
        "without it a crash loses what came since the last snapshot"),
      BrokerFact(
        .persistence, "snapshots", flag(server.snapshotsConfigured),
        "with neither, a restart loses every message"),
      BrokerFact(
        .persistence, "flushes", count(server.flushes), "FLUSHALL and FLUSHDB since it started"),
      BrokerFact(
        .persistence, "last loss", loss ?? TableCell("none seen", .dim),
        flush.map(cause) ?? "messages or results gone at once"),
    ]
  }

  private static func cause(_ flush: ServerTrack.Flush) -> String {
    let held = flush.before.total.map { ", which held \($0.grouped) messages and results" } ?? ""
    return switch flush.cause {
    case .command: "FLUSHALL or FLUSHDB emptied the database\(held)"
    case .emptyRestart: "another server process answers, and it came up empty\(held)"
    }
  }

  private static func clients(_ server: ServerFacts) -> [BrokerFact] {
    [
      BrokerFact(.clients, "clients", count(server.connectedClients), "connections of all kinds"),
      BrokerFact(
        .clients, "client limit", count(server.maxClients), "beyond it nobody can connect"),
      BrokerFact(
        .clients, "blocked clients", count(server.blockedClients),
        "waiting in a blocking pop: idle workers"
      ),
    ]
  }

  private static func keys(_ server: ServerFacts, _ context: ViewContext) -> [BrokerFact] {
    let others = server.databases.sorted { $0.key < $1.key }
      .map { "db \($0.key): \($0.value.grouped)" }
    return [
      BrokerFact(
        .keys, "keys", count(server.keys), "in db \(context.snapshot.broker.database), the broker's"
      ),
      BrokerFact(
        .keys, "other databases",
        others.isEmpty ? TableCell("none", .dim) : TableCell(others.joined(separator: ", ")),
        "with keys: perhaps another Celery"),
      BrokerFact(.keys, "expired keys", count(server.expiredKeys), "since the server started"),
      BrokerFact(
        .keys, "commands per second", count(server.operationsPerSecond), "of all clients"),
    ]
  }

  /// Reply lists that nobody fetched.
  private static func leftovers(_ context: ViewContext) -> [BrokerFact] {
    guard case .value(let lists) = context.snapshot.replyLists else { return [] }
    let text = "\(lists.count.grouped), \(lists.totalSize.text)"
    return [
      BrokerFact(
        .keys, "reply lists", TableCell(text, sort: .number(Double(lists.count))),
        "of remote control, left behind; \(lists.withoutExpiry.grouped) never expire")
    ]
  }
}

/// The spellings of values.
extension BrokerFact {
  static func count(_ value: Int?, badFrom least: Int? = nil) -> TableCell {
    guard let value else { return .unknown }
    let isBad = least.map { value >= $0 } ?? false
    return TableCell(value.grouped, isBad ? .warning : .text, number: Double(value))
  }

  static func bytes(_ size: ByteCount) -> TableCell {
    TableCell(size.text, number: Double(size.value))
  }

  static func length(_ length: Seconds) -> TableCell {
    TableCell(length.text, number: length.value)
  }

  static func flag(_ flag: Bool?, bad: Bool? = nil) -> TableCell {
    flag.map { TableCell($0 ? "yes" : "no", $0 == bad ? .warning : .text) } ?? .unknown
  }
}
